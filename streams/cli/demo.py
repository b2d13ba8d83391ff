"""`tocsin demo`: the whole line once, from the seed documents to the alerts, and what it looks like."""

import asyncio
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from events.errors import ProjectionHalted
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from projections.store.reader import Reader
    from streams.broker.process import Leashed
    from streams.writing.producer import Stretch

THEATRE = "iraq-syria"
WORKER = "from streams.cli.main import main; main(['worker'])"
PATIENCE_S = 60.0  # for the worker, on a busy machine
NEXT = """\
tocsin up                                          run the line until ctrl-C; then, in another terminal:
tocsin timeline --site ain-al-asad                 what is known of one site, and from which document
tocsin alerts --messages                           every message that was sent, in order
tocsin watch --from-beginning                      the same from Kafka, as any consumer sees it
tocsin sql "SELECT site, count(*) FROM incidents WHERE stands GROUP BY ALL"
tocsin append events.ndjson --wait                 events of your own
tocsin --help                                      everything else
"""


@click.command()
def demo() -> None:
    """Replay the seed documents through Kafka, the worker and the rules; show what comes out.

    Everything is real, ends by itself, and lies in .tocsin/ afterwards. Doing it again shows the same.
    """
    from projections.store.reader import Reader
    from streams.broker.which import broker_of
    from streams.reading.published import snapshots_of

    settings, began = load_settings(), time.monotonic()
    with broker_of(settings) as servers, _worker(settings) as worker:
        stretches = asyncio.run(_replay(settings, servers))
        _say(f"{sum(it.end - it.start for it in stretches)} events of {THEATRE} are in the log")
        _wait(settings, stretches, worker)
    _say(f"projected, judged and told; {time.monotonic() - began:.1f} seconds in all")
    with Reader(snapshots_of(settings)) as reader:
        show_all(reader)


def show_all(reader: "Reader") -> None:
    """Print what an analyst and an operator want to see of the demonstration's theatre."""
    from streams.cli.alerts import ALERTS
    from streams.cli.output import table
    from streams.cli.tallies import counter_columns, tally_columns
    from streams.cli.timeline import print_timeline

    everything = {"timelines": [THEATRE]}
    _title("The timeline, by document, as it became known", "tocsin timeline")
    print_timeline(reader.rows("timeline", **ASKED["timeline"], **everything))
    _title("Standing incidents per base", "tocsin tallies --kind base")
    tallies = reader.rows("tallies", **ASKED["tallies"], **everything)
    table(tallies, tally_columns(tallies))
    _title("Escalation counters by month", "tocsin counters --by month")
    counters = reader.rows("counters", **ASKED["counters"], **everything)
    table(counters, counter_columns(counters))
    _title("Alerts and their evidence", "tocsin alerts")
    table(reader.rows("alerts", **ASKED["alerts"], **everything), ALERTS)
    _title("Next", "")
    click.echo(NEXT, nl=False)


ASKED: dict[str, dict[str, object]] = {
    "timeline": {**dict.fromkeys(("sites", "classes", "kinds", "since", "before")), "everything": False},
    "tallies": {**dict.fromkeys(("sites", "classes", "countries")), "kinds": ["base"]},
    "counters": {**dict.fromkeys(("classes", "keys")), "by": "month", "dimension": "all"},
    "alerts": dict.fromkeys(("states", "severities")),
}


def _title(said: str, command: str) -> None:
    from streams.cli.output import heading

    heading(f"\n== {said}{'' if not command else f'  ({command})'}\n")


def _say(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def _worker(settings: Settings) -> Iterator["Leashed | None"]:
    """A worker for now; None where one of this home runs already."""
    from streams.broker.locks import held
    from streams.broker.process import leashed

    if held(settings.home / "workers" / settings.member):
        yield None
        return
    worker = leashed([sys.executable, "-c", WORKER], _log(settings))
    try:
        yield worker
    finally:
        worker.end(signal.SIGTERM, patience_s=10.0)


def _log(settings: Settings) -> Path:
    settings.home.mkdir(parents=True, exist_ok=True)
    return settings.home / "demo-worker.log"


async def _replay(settings: Settings, servers: str) -> "Sequence[Stretch]":
    from datetime import timedelta

    from seeds.loader import folder_of
    from streams.topics import Topics
    from streams.writing.producer import producer
    from streams.writing.replay import Cut, schedule, theatre

    events = theatre(folder_of(THEATRE))
    async with producer(servers, Topics(settings.prefix), settings.partitions) as log:
        _say(f"Kafka runs at {servers}")
        return await log.send(schedule(events, Cut(tick=timedelta(days=1))))


def _wait(settings: Settings, stretches: "Sequence[Stretch]", worker: "Leashed | None") -> None:
    """Wait until everything is projected.

    Raises:
        ProjectionHalted: the worker died.
        StillBehind: it takes too long.
    """
    from streams.reading.waiting import StillBehind, wait_for

    ends, until = {it.partition: it.end for it in stretches}, time.monotonic() + PATIENCE_S
    while True:
        try:
            wait_for(settings, ends, seconds=1.0)
            break
        except StillBehind:
            if worker and not worker.is_alive():
                raise ProjectionHalted(f"the worker died; {_log(settings)} says why") from None
            if time.monotonic() > until:
                raise
