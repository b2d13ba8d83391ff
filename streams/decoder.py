"""Records are read in a process of their own: it is much of the work, and Python does one thing at a time.

The process knows nothing but what it is sent, so whatever becomes of it, records can be read here. It lives as long as
we do: it ends at the end of its input, which comes when we are gone, however that happens.
"""

import os
import pickle
import select
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from subprocess import PIPE
from typing import IO, Final, Self, cast

import structlog

from events.log import Record, Written
from projections.reading import Bad, Read, joined, read, understood
from streams.collector import calm_collector

FEW: Final = 256  # records: to send fewer takes longer than to read them here
COMMAND: Final = (sys.executable, "-c", "from streams.decoder import serve; serve()")
SIZE: Final = 8  # bytes that say how long an answer is

Reading = Callable[[], Sequence[Read | Bad]]  # what records say, once it is asked for

log = structlog.get_logger()


class Decoder:
    """A process that reads records: begun when many come for the first time, used as soon as it is ready.

    One thread talks with it, so that whoever brings records need not wait, and whoever takes them waits no longer than
    he must. Answers stay bytes until they are asked for: two batches on their way are not three times as large.
    """

    def __init__(self) -> None:
        self._talking = ThreadPoolExecutor(1, "reading")
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
        self._talking.shutdown()
        self._end()

    def read(self, records: Sequence[Record]) -> Reading:
        """Begin to read. A few are read here, and all are if the process is not ready, or has ended."""
        if len(records) < FEW:
            those = read(records)
            return lambda: those
        answer = self._talking.submit(self._elsewhere, records)
        return lambda: _taken(records, answer.result())

    def _elsewhere(self, records: Sequence[Record]) -> bytes | None:
        if self._process is None:
            self._process = subprocess.Popen(COMMAND, stdin=PIPE, stdout=PIPE, start_new_session=True)
        to, back = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        try:
            return _asked(records, to, back) if self._is_ready(back) else None
        except (OSError, EOFError) as error:
            log.warning("the process that reads records has ended; the next one begins", error=repr(error))
            self._end()
            return None

    def _is_ready(self, back: IO[bytes]) -> bool:
        """Whether it has said so; it says so once, when it begins, by an answer of nothing."""
        if not self._ready and select.select([back], [], [], 0)[0]:
            self._ready = _answer(back) == b""
        return self._ready

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process, self._ready = None, False


def _taken(records: Sequence[Record], answer: bytes | None) -> Sequence[Read | Bad]:
    return read(records) if answer is None else joined(records, pickle.loads(answer))  # noqa: S301 -- our own process's


def _asked(records: Sequence[Record], to: IO[bytes], back: IO[bytes]) -> bytes:
    plain = [(it.offset, it.timestamp, it.key, it.value, it.headers) for it in records]
    pickle.dump(plain, to, pickle.HIGHEST_PROTOCOL)
    to.flush()
    return _answer(back)


def _answer(back: IO[bytes]) -> bytes:
    size = int.from_bytes(back.read(SIZE) or b"\xff" * SIZE)
    found = back.read(size) if size < sys.maxsize else b""
    if len(found) != size:
        raise EOFError("in an answer")
    return found


def serve() -> None:
    """Read what comes on standard input, until it ends. What is printed by mistake goes to standard error."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answer = b""
    with calm_collector(), suppress(EOFError):
        while True:
            out.write(len(answer).to_bytes(SIZE))
            out.write(answer)
            out.flush()
            asked = pickle.load(sys.stdin.buffer)  # noqa: S301 -- from the process that began us
            answer = pickle.dumps(understood([Written(*it) for it in asked]), pickle.HIGHEST_PROTOCOL)
