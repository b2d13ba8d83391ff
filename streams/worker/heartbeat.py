"""A dead man's switch: while the worker lives, a file is written anew and an address called. Silence tells of death.

Both are done by a thread of their own, and only while loop and files' thread leave their signs of life: a worker that
hangs falls silent, as one that was killed does. A worker that ends in good order takes its file away.
"""

import contextlib
import json
import os
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import structlog

from streams import clock
from streams.worker.vitals import Vitals

EVERY_S: Final = 10.0
SOON_S: Final = 1.0  # while it is not ready: that it got ready is news
CALL_EVERY_S: Final = 60.0  # what services that watch for calls expect at least
CALL_PATIENCE_S: Final = 5.0
FOLDER: Final = "heartbeats"
Call = Callable[[], None]

log = structlog.get_logger()


def called(url: str) -> Call:
    """A call of an address: GET, whatever it answers below 400 is well."""

    def call() -> None:
        with urllib.request.urlopen(url, timeout=CALL_PATIENCE_S) as answer:  # noqa: S310 -- http(s): see the settings
            answer.read(1024)

    return call


class Heartbeat:
    """Beats while it is open; a context manager."""

    def __init__(self, path: Path, vitals: Vitals, call: Call | None = None, every: float = EVERY_S) -> None:
        self._path, self._vitals, self._call, self._every = path, vitals, call, every
        self._called: float | None = None  # when the address was called last; monotonic
        self._unheard = False  # whether the last call failed
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the file away, unless the worker ends because something went wrong."""
        self._ended.set()
        self._thread.join(timeout=1.0)
        if error is None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _beat(self) -> None:
        while True:
            faults = self._vitals.not_ready()
            if not self._vitals.not_alive():
                self._write(faults)
                self._ring(faults)
            if self._ended.wait(min(self._every, SOON_S) if faults else self._every):
                return

    def _write(self, faults: list[str]) -> None:
        said: dict[str, Any] = {
            "at": clock.now().isoformat(timespec="milliseconds"),
            "member": self._path.stem,
            "pid": os.getpid(),
            "ready": not faults,
            "faults": faults,
            "checkpoints": {str(partition): it.checkpoint for partition, it in self._vitals.held.copy().items()},
        }
        draft = self._path.with_suffix(".part")
        try:
            draft.write_text(json.dumps(said) + "\n", encoding="utf-8")
            draft.replace(self._path)
        except OSError as error:
            log.warning("heartbeat can not be written", path=str(self._path), error=error.strerror)

    def _ring(self, faults: list[str]) -> None:
        """Call the address, once a minute while the worker does its work. It may hold a secret: it is not logged."""
        now = self._vitals.clock()
        if self._call is None or faults or (self._called is not None and now - self._called < CALL_EVERY_S):
            return
        self._called = now
        try:
            self._call()
        except (OSError, ValueError) as error:
            if not self._unheard:
                log.warning("heartbeat was not heard", error=type(error).__name__)
            self._unheard = True
        else:
            self._unheard = False
