"""A theatre's events in the order in which they became known, with ticks of the clock between them, at a speed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

from events import ids
from events.errors import ConfigInvalid
from events.log import Event
from events.model import (
    ActorRegistered,
    ClockTicked,
    DocumentRegistered,
    RulesAdopted,
    SiteRegistered,
    TimelineOpened,
)
from events.values import EPOCH, Source, iso
from projections.rules.spec import content_hash
from seeds import loader
from streams.rule_files import read_rules
from streams.writing.producer import Stretch

REPLAYER: Final = Source(feed="replayer")
RULES: Final = "rules.yaml"
STAGE: Final = (TimelineOpened, DocumentRegistered, SiteRegistered, ActorRegistered, RulesAdopted)
MOST_TICKS: Final = 1_000_000

Send = Callable[[Iterable[Event]], Awaitable[list[Stretch]]]


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a theatre's time is replayed."""

    start: datetime | None = None  # inclusive
    stop: datetime | None = None  # exclusive
    tick: timedelta | None = None  # between two ticks of the clock; None: no ticks
    until: datetime | None = None  # the clock goes on to here; None: it stays with the last event


def theatre(folder: Path) -> list[Event]:
    """The events of a theatre folder, its rules adopted as soon as the stage is set.

    Raises:
        ConfigInvalid: every fault of every file.
    """
    events = loader.load(folder)
    opening = events[0]
    stage = sum(isinstance(it.fact, STAGE) and it.recorded_at == opening.recorded_at for it in events)
    return [*events[:stage], *_adopted(folder / RULES, opening), *events[stage:]]


def _adopted(file: Path, opening: Event) -> Iterator[Event]:
    if not file.exists():
        return
    content = read_rules(file)
    digest = content_hash(content)
    fact = RulesAdopted(
        source=REPLAYER, who="replayer", why=f"{RULES} of the theatre", rules=tuple(content), content_hash=digest
    )
    identity = ids.event_id(opening.timeline, fact.kind, digest, iso(opening.recorded_at))
    yield Event(identity, opening.timeline, opening.recorded_at, fact)


def schedule(events: Sequence[Event], cut: Cut) -> Iterator[Event]:
    """The events of a cut and the ticks between them, in recorded order.

    The stage (opening, registers, rules) is never cut off at the start: without it nothing else would be accepted.
    Cuts that touch make up the whole, with the stage told twice, which counts once.

    Raises:
        ConfigInvalid: there would be more ticks than anybody wants.
    """
    return merge((it for it in events if _is_in(it, cut)), _ticks(events, cut), key=attrgetter("recorded_at"))


def _is_in(event: Event, cut: Cut) -> bool:
    begun = cut.start is None or event.recorded_at >= cut.start or isinstance(event.fact, STAGE)
    return begun and (cut.stop is None or event.recorded_at < cut.stop)


def _ticks(events: Sequence[Event], cut: Cut) -> Iterator[Event]:
    """A tick at every multiple of the step in the cut, up to the last event or `until`; none where an event is.

    A live timeline is ticked by its worker.
    """
    timeline, opened_at, ended_at = events[0].timeline, events[0].recorded_at, events[-1].recorded_at
    if isinstance(events[0].fact, TimelineOpened) and events[0].fact.clock == "live":
        return
    last = max(ended_at, cut.until or ended_at)
    instants = set(_multiples(max(opened_at, cut.start or opened_at), min(last, cut.stop or last), cut.tick))
    if cut.until is not None and last > ended_at:
        instants.add(last)
    for at in sorted(instants - {it.recorded_at for it in events}):
        yield Event(ids.tick_id(timeline, at), timeline, at, ClockTicked(source=REPLAYER))


def _multiples(first: datetime, stop: datetime, step: timedelta | None) -> Iterator[datetime]:
    """The whole multiples of a step, counted from the epoch, in [first, stop)."""
    if step is None or first >= stop:
        return
    if (stop - first) // step > MOST_TICKS:
        raise ConfigInvalid(f"expected at most {MOST_TICKS} ticks, found {(stop - first) // step}")
    number = -((EPOCH - first) // step)  # rounded up
    while (at := EPOCH + number * step) < stop:
        yield at
        number += 1


async def play(events: Iterator[Event], send: Send, speed: float | None, start: datetime) -> list[Stretch]:
    """Send events in their order; where they are in the log.

    With a speed, the time between two recorded instants divided by it passes between them, beginning at `start`;
    without one everything goes as fast as it can.
    """
    if speed is None:
        return await send(events)
    sent: list[Stretch] = []
    now = asyncio.get_running_loop().time
    begun = now()
    for at, together in groupby(events, attrgetter("recorded_at")):
        due = begun + (at - start).total_seconds() / speed
        await asyncio.sleep(max(0.0, due - now()))
        sent += await send(together)
    return sent
