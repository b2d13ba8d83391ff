"""Records are read in a process of their own: it is much of the work, and Python does one thing at a time.

The process knows nothing but what it is sent, so whatever becomes of it, records can be read here. It lives as long as
we do: it ends at the end of its input, which comes when we are gone, however that happens.
"""

import os
import pickle
import select
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from subprocess import PIPE
from threading import Lock
from typing import IO, Final, Self, cast

import structlog

from events.log import Record, Written
from projections.reading import Bad, Read, Understood, joined, read, understood
from streams.collector import calm_collector

FEW: Final = 256  # records: to send fewer takes longer than to read them here
COMMAND: Final = (sys.executable, "-c", "from streams.decoder import serve; serve()")

log = structlog.get_logger()


class Decoder:
    """A process that reads records: begun when many come for the first time, used as soon as it is ready."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, records: Sequence[Record]) -> Sequence[Read | Bad]:
        """What each record says; read here if there are few, or if the process is not ready or has ended."""
        with self._lock:
            those = self._elsewhere(records) if len(records) >= FEW else None
        return read(records) if those is None else joined(records, those)

    def _elsewhere(self, records: Sequence[Record]) -> Sequence[Understood] | None:
        if self._process is None:
            self._process = subprocess.Popen(COMMAND, stdin=PIPE, stdout=PIPE, start_new_session=True)
        to, back = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        try:
            return _asked(records, to, back) if self._is_ready(back) else None
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            log.warning("the process that reads records has ended; the next one begins", error=repr(error))
            self._end()
            return None

    def _is_ready(self, back: IO[bytes]) -> bool:
        """Whether it has said so; it says so once, when it begins."""
        if not self._ready and select.select([back], [], [], 0)[0]:
            self._ready = bool(pickle.load(back))  # noqa: S301 -- from our own process
        return self._ready

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process, self._ready = None, False


def _asked(records: Sequence[Record], to: IO[bytes], back: IO[bytes]) -> list[Understood]:
    plain = [(it.offset, it.timestamp, it.key, it.value, it.headers) for it in records]
    pickle.dump(plain, to, pickle.HIGHEST_PROTOCOL)
    to.flush()
    return pickle.load(back)  # type: ignore[no-any-return]  # noqa: S301 -- from our own process


def serve() -> None:
    """Read what comes on standard input, until it ends. What is printed by mistake goes to standard error."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with calm_collector(), suppress(EOFError):
        answer: object = True
        while True:
            pickle.dump(answer, out, pickle.HIGHEST_PROTOCOL)
            out.flush()
            asked = pickle.load(sys.stdin.buffer)  # noqa: S301 -- from the process that began us
            answer = understood([Written(*it) for it in asked])
