"""Records are read in a process of their own: it is much of the work, and Python does one thing at a time.

The process knows nothing but what it is sent, so whatever becomes of it, records can be read here. It lives as long as
we do: it ends at the end of its input, which comes when we are gone, however that happens.

Both directions are sizes and bytes. Records go by marshal, which knows plain values only and takes a fifth of pickle's
time; what they say comes back by pickle, since it has classes.
"""

import marshal
import os
import pickle
import select
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from subprocess import PIPE
from typing import IO, Final, Self, cast

import structlog

from events.log import Record, Written
from projections.reading import Bad, Read, joined, read, understood
from streams.collector import calm_collector

FEW: Final = 256  # records: to send fewer takes longer than to read them here
COMMAND: Final = (sys.executable, "-c", "from streams.decoder import serve; serve()")
SIZE: Final = 8  # bytes that say how long it is what follows
PIPE_SIZE: Final = 2**20  # bytes; as much as a fetch brings, and as Linux lets anybody have

Reading = Callable[[], Sequence[Read | Bad]]  # what records say, once it is asked for
Process = subprocess.Popen[bytes]

log = structlog.get_logger()


class Decoder:
    """A process that reads records: begun when many come for the first time, used as soon as it is ready.

    One thread asks it and another takes its answers, so it need not wait for the next question, whoever brings records
    need not wait for it, and whoever takes them waits no longer than he must. Answers stay bytes until they are asked
    for: two batches on their way are not three times as large.
    """

    def __init__(self) -> None:
        self._asking, self._taking = ThreadPoolExecutor(1, "asking"), ThreadPoolExecutor(1, "answers")
        self._process: Process | None = None
        self._ready = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
        self._asking.shutdown()
        self._taking.shutdown()
        if self._process is not None:
            self._end(self._process)

    def read(self, records: Sequence[Record]) -> Reading:
        """Begin to read. A few are read here, and all are if the process is not ready, or has ended."""
        if len(records) < FEW:
            those = read(records)
            return lambda: those
        asked = self._asking.submit(self._ask, records)
        answer = self._taking.submit(self._take, asked)
        return lambda: _taken(records, answer.result())

    def _ask(self, records: Sequence[Record]) -> Process | None:  # on one thread
        """Whom records were sent to, nobody who is not ready. Whether he ended meanwhile shows in his answer."""
        process = self._process  # once: who takes answers may find that it has ended
        if process is None:
            self._ready = False
            process = subprocess.Popen(COMMAND, stdin=PIPE, stdout=PIPE, start_new_session=True, pipesize=PIPE_SIZE)
            self._process = process
        if not self._is_ready(process):
            return None
        with suppress(OSError, ValueError):  # it ended; its pipe may be closed already
            _send(cast("IO[bytes]", process.stdin), _plain(records))
        return process

    def _take(self, asked: "Future[Process | None]") -> bytes | None:  # on another thread
        process = asked.result()
        if process is None:
            return None
        try:
            return _answer(cast("IO[bytes]", process.stdout))
        except (OSError, EOFError, ValueError) as error:
            if process is self._process:
                log.warning("the process that reads records has ended; the next one begins", error=repr(error))
            self._end(process)
            return None

    def _is_ready(self, process: Process) -> bool:
        """Whether it has said so; it says so once, when it begins, by an answer of nothing."""
        back = cast("IO[bytes]", process.stdout)
        if not self._ready and select.select([back], [], [], 0)[0]:
            with suppress(OSError, EOFError):
                self._ready = _answer(back) == b""
            if not self._ready:
                self._end(process)
        return self._ready

    def _end(self, process: Process) -> None:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what was not sent can not be sent any more
                cast("IO[bytes]", pipe).close()
        if process is self._process:
            self._process = None


def _taken(records: Sequence[Record], answer: bytes | None) -> Sequence[Read | Bad]:
    return read(records) if answer is None else joined(records, pickle.loads(answer))  # noqa: S301 -- our own process's


def _plain(records: Sequence[Record]) -> bytes:
    return marshal.dumps([(it.offset, it.timestamp, it.key, it.value, it.headers) for it in records])


def _send(to: IO[bytes], what: bytes) -> None:
    to.write(len(what).to_bytes(SIZE))
    to.write(what)
    to.flush()


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
    with calm_collector(), suppress(EOFError, BrokenPipeError):  # who asked may be killed at any time
        _send(out, b"")
        while True:
            asked = marshal.loads(_answer(sys.stdin.buffer))  # noqa: S302 -- from the process that began us
            _send(out, pickle.dumps(understood([Written(*it) for it in asked]), pickle.HIGHEST_PROTOCOL))
    with suppress(BrokenPipeError):
        out.close()
