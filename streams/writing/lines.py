"""Events in files, one CloudEvents JSON object a line; files that can be read twice, once to check and once to send."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO, Any, Final, NamedTuple

from events.codec import LARGEST_EVENT, from_json
from events.errors import EventRejected, Inapplicable, MalformedEvent, Reason
from events.log import Event
from events.model import ProjectionAdopted
from events.values import iso
from projections import semantics
from streams.topics import AHEAD_MS

LONGEST_LINE: Final = 8 * LARGEST_EVENT  # JSON may write one byte as six
AHEAD: Final = timedelta(milliseconds=AHEAD_MS)
IN_MEMORY: Final = 2**20  # bytes of a stream that are kept in memory before it goes to a file


class Line(NamedTuple):
    """A line of a file: an event, or why it is none."""

    number: int  # 1 is the first
    event: Event | None
    fault: EventRejected | None


def lines(file: IO[bytes], now: datetime, progress: Callable[[int], None] = lambda _: None) -> Iterator[Line]:
    """Every line of a file that is not empty; `progress` hears of the bytes that were read.

    What would harm the line is a fault too: see `harmless`.
    """
    for number, raw in enumerate(iter(lambda: _line(file), b""), 1):
        progress(len(raw))
        if raw.strip():
            yield _read(number, raw, now)


def _line(file: IO[bytes]) -> bytes:
    """The next line; of one that is too long no more than tells so."""
    raw = file.readline(LONGEST_LINE + 1)
    rest = raw
    while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
        rest = file.readline(LONGEST_LINE + 1)
    return raw


def _read(number: int, raw: bytes, now: datetime) -> Line:
    try:
        if len(raw) > LONGEST_LINE:
            raise MalformedEvent(f"a line of at most {LONGEST_LINE} bytes", "more", reason=Reason.OVERSIZED)
        event = harmless(from_json(raw), now)
    except EventRejected as fault:
        return Line(number, None, fault)
    return Line(number, event, None)


def harmless(event: Event, now: datetime) -> Event:
    """The event, if the broker takes it and the worker goes on after it.

    Raises:
        MalformedEvent: it was recorded after now: the broker would refuse it, and a whole batch with it.
        Inapplicable: it adopts a projection version that does not exist here: every worker of this release would halt
            at it, and no record can be taken back.
    """
    if event.recorded_at > now + AHEAD:
        expected = f"at most 5 minutes after now ({iso(now.replace(microsecond=0))}); the broker refuses it"
        raise MalformedEvent(expected, iso(event.recorded_at), "recordedtime")
    if isinstance(event.fact, ProjectionAdopted) and event.fact.projection_version > semantics.newest():
        expected = f"a version that this tocsin knows, at most {semantics.newest()}; its workers would halt for good"
        raise Inapplicable(expected, str(event.fact.projection_version), "projection_version")
    return event


@contextmanager
def rereadable(name: str) -> Iterator[IO[bytes]]:
    """A file that can be read twice; "-" is stdin, put into a temporary file first.

    Raises:
        OSError: there is no such file.
    """
    if name != "-":
        with open(name, "rb") as file:  # noqa: PTH123 -- a name as the user gave it
            if file.seekable():
                yield file
                return
            with _kept(file) as kept:
                yield kept
        return
    with _kept(sys.stdin.buffer) as kept:
        yield kept


@contextmanager
def _kept(stream: Any) -> Iterator[IO[bytes]]:
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        shutil.copyfileobj(stream, file)
        file.seek(0)
        yield file
