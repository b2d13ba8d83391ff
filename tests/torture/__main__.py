"""`python -m tests.torture`, or `make torture`: kill everything, again and again; exit 1 when anything is not exact."""

import asyncio
import logging
import shutil
import sys
import tempfile
from pathlib import Path

import click

from streams.broker.embedded import EmbeddedKafka
from streams.settings import load_settings
from tests.streams.real_store import REAL
from tests.torture.check import tally
from tests.torture.run import Outcome, Plan, torture


@click.command()
@click.option("--kills", default=100, show_default=True, help="How many.")
@click.option("--seed", default=7, show_default=True, help="Of the load and of the kills.")
@click.option("--homes", type=click.IntRange(1, 2), default=1, show_default=True, help="2: as on two machines.")
@click.option("--keep", is_flag=True, help="Keep the folder, also when all is exact.")
def main(kills: int, seed: int, homes: int, *, keep: bool) -> None:
    """Kill two workers and their Kafka under load, then compare files and wire with an offline fold of the log."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that the broker is away is what we wanted
    folder = Path(tempfile.mkdtemp(prefix="tocsin-torture-"))
    with EmbeddedKafka(folder / "kafka", cache=load_settings().cache) as broker:
        found = asyncio.run(torture(Plan(kills, seed, homes, REAL), broker, folder, _say))
    click.echo(f"tocsin torture, seed {seed}, {'one home' if homes == 1 else 'two homes'}\n{told(found)}")
    if found.faults or keep:
        _say(f"everything is in {folder}")
    else:
        shutil.rmtree(folder)
    sys.exit(1 if found.faults else 0)


def _say(line: str) -> None:
    click.echo(line, err=True)


def told(found: Outcome) -> str:
    """The tally, for people."""
    events, alerts, letters = tally(found.faults), tally(found.faults, letters=False), tally(found.faults, letters=True)
    kills = ", ".join(f"{count} {what}" for what, count in sorted(found.kills.items()))
    files = ", ".join(f"{count} {what}" for what, count in sorted(found.rebuilt.items()))
    lines = [
        f"  kills         {found.kills.total()} in {found.seconds:.0f} s: {kills}",
        f"  rebuilt       {files}",
        f"  appended      {found.acknowledged:,} records acknowledged, {found.log:,} in the log",
        f"  events        {events['lost']} lost, {events['doubled']} doubled, {events['behind']} not applied",
        f"  tables        {events['table']} differ from an offline fold, in {found.files} files",
        f"  alerts        {found.messages:,} messages: {_wire(alerts)}",
        f"  dead letters  {found.letters:,} messages: {_wire(letters)}",
    ]
    lines += [f"  ended         {it}" for it in found.ended]
    lines += [f"  FAULT         {it.kind}, {it.where}: {it.count}, as {it.example}" for it in found.faults]
    return "\n".join([*lines, f"  {'NOT EXACT' if found.faults else 'exact'}"])


def _wire(these: dict[str, int]) -> str:
    said = {"missing": "missing", "twice": "doubled", "foreign": "foreign", "disordered": "out of order"}
    return ", ".join(f"{these[kind]} {word}" for kind, word in said.items())


if __name__ == "__main__":
    main()
