"""Ticks of live timelines: time passes there too when nobody says anything.

A tick is an event like any other, appended by the worker that holds the timeline, and applied when it comes back from
the log: nothing is changed behind the log. Its instant is one that any worker would choose (the hour, or the instant at
which time alone changes something) and its id is derived from that, so two workers that both think they hold a timeline
do no harm. See docs/adr/0013.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog

from events import ids
from events.codec import to_record
from events.errors import TimelineError
from events.log import Event
from events.model import ClockTicked
from events.values import EPOCH, Source, micros
from streams.worker.line import Line
from streams.worker.partitions import File, Live, Partitions

WORKER: Final = Source(feed="worker")
MILLISECOND: Final = 1_000  # µs
FIRST_PAUSE: Final = (
    5.0  # seconds after which a tick that did not come back from the log is sent again; doubled each time
)
LONGEST_PAUSE: Final = 3600.0
PATIENCE: Final = 10.0  # seconds for the broker to take ticks

log = structlog.get_logger()


def instant(it: Live, now: int, every: int) -> int | None:
    """The instant of the tick that a live timeline lacks; None: it lacks none. All in µs since the epoch.

    It lies after the timeline's clock, and never after now. What fell due within the last `every` is ticked instant by
    instant, as it would have been; what is longer overdue is passed by one tick of the last full `every`.
    """
    due, hour = _due(it), now // every * every
    if due is not None and now - every <= due <= now:
        return due
    return hour if hour > it.clock else None


def next_instant(it: Live, every: int) -> int:
    """The first instant after a timeline's clock at which it lacks a tick."""
    due, hour = _due(it), (it.clock // every + 1) * every
    return hour if due is None else min(due, hour)


def _due(it: Live) -> int | None:
    """When time alone can next change something, in whole milliseconds; a reminder that has passed counts no more."""
    due = it.due and -(-it.due // MILLISECOND) * MILLISECOND
    return due if due is not None and due > it.clock else None


def tick(timeline: str, at: int) -> Event:
    """The tick of a timeline at an instant (µs)."""
    moment = EPOCH + timedelta(microseconds=at)
    return Event(ids.tick_id(timeline, moment), timeline, moment, ClockTicked(source=WORKER))


class Asked(NamedTuple):
    """A tick that is on its way."""

    at: int  # µs
    again: float  # when to send one again, if it has not come back; monotonic seconds
    pause: float


class Book:
    """What one partition's live timelines lack; looked up anew only when records were applied."""

    def __init__(self) -> None:
        self._as_of = -1
        self._live: Sequence[Live] = ()
        self._first = 0  # before this instant (µs) none lacks a tick

    def is_stale(self, file: File) -> bool:
        return file.next_offset != self._as_of

    def take(self, as_of: int, live: Sequence[Live], every: int) -> None:
        """Note how live timelines stand as of an offset."""
        self._as_of, self._live = as_of, live
        self._first = min((next_instant(it, every) for it in live), default=2**63)

    def lacking(self, now: int, every: int) -> Iterator[tuple[Live, int]]:
        """The timelines that lack a tick, and its instant."""
        if now < self._first:
            return
        for it in self._live:
            if (at := instant(it, now, every)) is not None:
                yield it, at

    @property
    def clocks(self) -> dict[str, int]:
        return {it.timeline: it.clock for it in self._live}


class Ticker:
    """Ticks the live timelines of the partitions that one worker holds; at most one tick of each is on its way."""

    def __init__(
        self, line: Line, partitions: Partitions, wall: Callable[[], datetime], ticked: dict[str, float]
    ) -> None:
        self.line = line
        self._ticked = ticked  # timeline -> its newest tick that came back from the log; seconds since the epoch
        self._partitions, self._wall = partitions, wall
        self._every = int(line.tick_every * 1_000) * MILLISECOND
        self._books: dict[int, Book] = {}
        self._asked: dict[str, Asked] = {}

    async def look(self, held: Iterable[int]) -> list[tuple[int, Event]]:
        """The ticks that are lacking now in partitions that are caught up, each with its partition."""
        held = set(held)
        self._books = {partition: self._books.get(partition) or Book() for partition in held}
        for partition, book in self._books.items():
            file = self._partitions.files[partition]
            if book.is_stale(file):
                as_of, live = await self._partitions.run(self._live, file)
                book.take(as_of, live, self._every)
                self._see(book.clocks)
        now = micros(self._wall())
        return [
            (partition, tick(it.timeline, at))
            for partition, book in self._books.items()
            for it, at in book.lacking(now, self._every)
            if self._may_ask(it.timeline, at)
        ]

    async def send(self, ticks: Sequence[tuple[int, Event]]) -> None:
        """Append ticks; what can not be appended now is tried again later."""
        from streams.writing.producer import producer  # noqa: PLC0415 -- made when there is something to send

        try:
            async with producer(self.line.servers, self.line.topics, self.line.partitions, PATIENCE) as out:
                await out.send_records((partition, to_record(it)) for partition, it in ticks)
        except TimelineError as error:
            self._put_off([it.timeline for _, it in ticks])
            log.warning("ticks not sent", ticks=len(ticks), error=str(error))
        else:
            log.debug("ticks sent", ticks=len(ticks))

    def _put_off(self, timelines: Iterable[str]) -> None:
        """Try again soon, as often as it takes: that the broker is away is no fault of the tick."""
        again = time.monotonic() + FIRST_PAUSE
        self._asked |= {it: self._asked[it]._replace(again=again, pause=FIRST_PAUSE / 2) for it in timelines}

    def _live(self, file: File) -> tuple[int, Sequence[Live]]:  # on the files' thread
        return file.next_offset, self._partitions.projection.live(file)

    def _may_ask(self, timeline: str, at: int) -> bool:
        """Note that a tick is sent, unless one is on its way."""
        now, before = time.monotonic(), self._asked.get(timeline)
        if before is not None and now < before.again:
            return False
        pause = min(2 * before.pause, LONGEST_PAUSE) if before else FIRST_PAUSE
        self._asked[timeline] = Asked(at, now + pause, pause)
        return True

    def _see(self, clocks: dict[str, int]) -> None:
        """Note the ticks that came back from the log."""
        for timeline, clock in clocks.items():
            asked = self._asked.get(timeline)
            if asked is not None and clock >= asked.at:
                self._ticked[timeline] = asked.at / 1_000_000
                del self._asked[timeline]
