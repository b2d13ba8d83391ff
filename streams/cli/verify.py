"""`tocsin verify`: whether what is published is what the log says, and what was told is what is published."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

import click

from events.errors import one_line
from streams.cli.exits import FOUND, OK
from streams.cli.output import Column, Object, field, show
from streams.cli.progress import progress

if TYPE_CHECKING:
    from projections.store.verify.found import Verdict
    from projections.store.verify.snapshot import Snapshot
    from streams.settings import Settings

REBUILD: Final = "`tocsin rebuild` makes the file anew from the log"
A_SLIP: Final = f"{REBUILD}; when it is found again then, tocsin itself is wrong: keep the log and report it"
WIRE: Final = "what is on the wire can not be taken back: tell its consumers, and keep the worker's log of that time"
TO_DO: Final = {
    "chain": "the log was changed after it was applied: compare it with a copy or an export. "
    "A file that is deleted while its worker is down is made anew from the log as that is now",
    "replay": A_SLIP,
    "incidents": A_SLIP,
    "tallies": A_SLIP,
    "counters": A_SLIP,
    "sums": A_SLIP,
    "knowledge": A_SLIP,
    "episodes": A_SLIP,
    "evidence": A_SLIP,
    "messages": WIRE,
    "dead-letters": WIRE,
}


def _wanted(_ctx: click.Context, _parameter: click.Parameter, said: str | None) -> list[str]:
    """The checks named by `--only`, all when there are none."""
    names = list(dict.fromkeys(said.split(","))) if said else list(TO_DO)
    if unknown := [name for name in names if name not in TO_DO]:
        raise click.BadParameter(f"expected some of {', '.join(TO_DO)}; found {', '.join(unknown)}")
    return names


@click.command()
@click.option("--only", "wanted", callback=_wanted, metavar="A,B", help="Only these checks; all when not given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of objects.")
@click.pass_context
def verify(ctx: click.Context, wanted: list[str], *, as_json: bool) -> None:
    """Check that the published snapshots are what the log says, and the wire what they say; exit 1 if not.

    The worker may go on: what is checked is the newest snapshot of each partition, up to its own position. What a
    check can not judge is named, and counts as not so.

    \b
    chain         is the log the one that was applied, record by record
    replay        does a fresh fold of the log give the same tables
    incidents     is each incident what its events say, by SQL
    tallies       is each tally what the events alone make it, by SQL
    counters      is each counter what the events alone make it, by SQL
    sums          is each tally the sum of its incidents and of its counters
    knowledge     is what was known at three instants of the log what the events up to then say, by SQL
    episodes      are the episodes those that SQL finds
    evidence      does each alert name the incidents that stood behind it
    messages      is each alert message on the wire once, in order
    dead-letters  is each rejected record among the dead letters once, in order

    \b
    tocsin verify
    tocsin verify --only tallies,sums     no Kafka needed
    tocsin verify --json
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.settings import load_settings

    verdicts = asyncio.run(_verify(load_settings(), wanted))
    show([_row(it) for it in verdicts], COLUMNS, as_json=as_json)
    if not as_json:
        _tell([it for it in verdicts if it.count])
        _tell_unchecked([it for it in verdicts if it.unchecked])
    ctx.exit(FOUND if any(it.count or it.unchecked for it in verdicts) else OK)


async def _verify(settings: "Settings", wanted: list[str]) -> "list[Verdict]":
    from projections.store.reader import NothingPublished
    from streams.reading.published import broker_here, snapshots_of
    from streams.topics import Topics
    from streams.verifying.run import NEED_A_BROKER, OF_LOG, Verification, opened

    servers = broker_here(settings) if NEED_A_BROKER & set(wanted) else ""
    with opened(snapshots_of(settings)) as snapshots:
        if not snapshots:
            raise NothingPublished(snapshots_of(settings))
        _say_position(snapshots, settings.prefix)
        records = sum(it.next_offset for it in snapshots) if set(OF_LOG) & set(wanted) else 0
        run = Verification(settings.home, servers, Topics(settings.prefix), wanted)
        with progress("replaying the log", records, least=5_000) as advance:
            return [it async for it in run.verdicts(snapshots, advance)]


def _say_position(snapshots: "list[Snapshot]", prefix: str) -> None:
    places = ", ".join(f"{prefix}.events/{it.partition}:{it.next_offset}" for it in snapshots)
    there = {it.partition for it in snapshots}
    missing = [str(number) for number in range(snapshots[0].partitions) if number not in there]
    without = f"; without partition {', '.join(missing)}, which no worker of this home has published" if missing else ""
    click.echo(f"as of {places}{without}", err=True)


def _row(it: "Verdict") -> Object:
    wrong = [{"where": one.where, "expected": one.expected, "found": one.found} for one in it.shown]
    said = {"check": it.check, "partition": it.partition, "looked_at": it.looked_at, "wrong": it.count}
    return {**said, "shown": wrong, "unchecked": list(it.unchecked), "to_do": TO_DO[it.check] if it.count else None}


def _tell(wrong: "list[Verdict]") -> None:
    for it in wrong:
        click.echo(f"\n{it.check}, partition {it.partition}:")
        for one in it.shown:
            click.echo(f"  {one_line(f'{one.where}: expected {one.expected}, found {one.found}')}")
        if it.count > len(it.shown):
            click.echo(f"  and {it.count - len(it.shown)} more")
        click.echo(f"  What to do: {TO_DO[it.check]}.")


def _tell_unchecked(those: "list[Verdict]") -> None:
    for it in those:
        click.echo(f"\n{it.check}, partition {it.partition}, not checked:")
        for one in it.unchecked:
            click.echo(f"  {one}")


def _result(row: dict[str, Any]) -> str:
    said = [f"{row['wrong']} wrong"] if row["wrong"] else []
    said += [f"{len(row['unchecked'])} not checked"] if row["unchecked"] else []
    return ", ".join(said) or "ok"


COLUMNS: Final = (
    field("check", style="bold"),
    field("partition", right=True),
    field("looked_at", "looked at"),
    Column("result", _result),
)
