"""`tocsin replay`: a theatre's events to the log, in the order in which they became known."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from events.errors import ConfigInvalid
from events.values import iso
from streams import clock
from streams.cli.append import many, say_outcome
from streams.cli.exits import OK
from streams.cli.reads import Moment, patient
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from events.log import Event
    from streams.writing.producer import Stretch
    from streams.writing.replay import Cut


class Speed(click.ParamType):
    """How much faster than the world; None is as fast as it goes."""

    name = "Nx|max"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        if value == "max":
            return None
        found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)x", value)
        if found is None or float(found[1]) == 0:
            self.fail(f"expected a factor like 3600x, or max, found {value!r}", param, ctx)
        return float(found[1])


class Step(click.ParamType):
    """A duration; None for none."""

    name = "duration|none"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> timedelta | None:
        from projections.rules.durations import duration

        if value == "none":
            return None
        try:
            step = timedelta(microseconds=duration(value))
        except ValueError as error:
            self.fail(f"{error}, or none; found {value!r}", param, ctx)
        if not step:
            self.fail("expected more than nothing", param, ctx)
        return step


class Instant(Moment):
    """As a moment, but handed over as an instant."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        return datetime.fromisoformat(super().convert(value, param, ctx))


WAIT = "Wait until it is applied; say what became of it. Exit 1 if any was rejected."


@click.command()
@click.argument("theatre")
@click.option(
    "--speed", type=Speed(), default="max", show_default=True, help="3600x: an hour of recorded time a second."
)
@click.option("--from", "start", type=Instant(), help="Only what became known then or later, and the stage.")
@click.option("--to", "stop", type=Instant(), help="Only what became known before that.")
@click.option("--tick", type=Step(), default="1d", show_default=True, help="The steps of the clock between events.")
@click.option("--until", type=Instant(), help="The clock goes on to here after the last event.")
@click.option("--wait", is_flag=True, help=WAIT)
@patient
def replay(*, theatre: str, speed: float | None, wait: bool, patience: float, **chosen: Any) -> int:
    """Replay a THEATRE: a folder with its files, or iraq-syria.

    Replaying again is harmless: every event has the id that it had, and counts once. The stage (opening, registers,
    rules) is sent whatever --from says. What was told of incidents before --from is left out, and what refers to these
    is rejected then, unless an earlier replay told it.

    \b
    tocsin replay iraq-syria --to 2023-11-10
    tocsin replay iraq-syria --speed 86400x --tick 6h
    """  # noqa: D301 -- click reads the character, not the letters
    from seeds.loader import folder_of
    from streams.reading.published import broker_here
    from streams.writing import replay as theatres

    settings, cut = load_settings(), theatres.Cut(**chosen)
    events = theatres.theatre(folder_of(theatre))
    _check(events, cut)
    stretches = asyncio.run(_replay(settings, broker_here(settings), events, cut, speed))
    click.echo(f"{many(sum(it.end - it.start for it in stretches), 'event')} appended", err=True)
    return say_outcome(settings, stretches, patience) if wait else OK


def _check(events: "Sequence[Event]", cut: "Cut") -> None:
    """Check that nothing is of the future: the broker would refuse it.

    Raises:
        ConfigInvalid: something is.
    """
    from streams.writing.lines import AHEAD

    last = max(events[-1].recorded_at, cut.until or events[-1].recorded_at)
    if (last if cut.stop is None else min(last, cut.stop)) > (now := clock.now()) + AHEAD:
        raise ConfigInvalid(f"expected nothing recorded later than now ({iso(now)}) and 5 minutes, found {iso(last)}")


async def _replay(
    settings: Settings, servers: str, events: "Sequence[Event]", cut: "Cut", speed: float | None
) -> "list[Stretch]":
    from streams.topics import Topics
    from streams.writing.producer import producer
    from streams.writing.replay import play, schedule

    async with producer(servers, Topics(settings.prefix), settings.partitions) as log:
        return await play(schedule(events, cut), log.send, speed, cut.start or events[0].recorded_at)
