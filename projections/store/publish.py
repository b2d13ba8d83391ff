"""Snapshots for readers: while one process writes a file no other can open it, so they get a copy.

First the file is made ready: counters and tallies are brought up to date, and a checkpoint is made, so that it alone
holds everything. That takes up to a fifth of a second, so it has a thread of its own, and until it is done nothing else
may be written. Then a copy made by a child process and renamed into place. The writer must never open its own file:
closing it would drop DuckDB's lock (fcntl locks belong to the process, not to the handle). No checkpoint may run while
the copy is made, so the writer makes none then.
"""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb

Reached = Callable[[str], None]
FAILED: Final = 1
SCRIPT: Final = """
{ cp --reflink=auto -- "$1" "$2" 2>/dev/null || cp -- "$1" "$2"; } && chmod 0444 "$2" && mv -f -- "$2" "$3"
"""


def half_made(path: Path, process: int) -> Path:
    """Where the copy of a file grows: beside it, under a name of its owner's own."""
    return path.with_name(f"{path.name}.copying-{process}")


def clear(path: Path) -> None:
    """Take away what a killed owner's copy left; one that still grows can then not be renamed into place any more."""
    for half in path.parent.glob(f"{path.name}.copying-*"):
        half.unlink(missing_ok=True)


class Publishing:
    """A snapshot on its way."""

    def __init__(
        self,
        path: Path,
        destination: Path,
        reached: Reached,
        ready: Callable[[], None],  # makes the file ready
    ) -> None:
        """Begin with the file as it stands now; the caller sees to it that no other is on its way."""
        self._path, self._destination, self._reached, self._ready = path, destination, reached, ready
        self._copy: subprocess.Popen[bytes] | None = None
        self._given_up = False
        self._thread = threading.Thread(target=self._run, name="publish", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._reached("in-checkpoint")
        with contextlib.suppress(duckdb.Error, OSError):  # if it must, the next commit halts
            self._destination.parent.mkdir(parents=True, exist_ok=True)
            self._ready()
            if not self._given_up:
                self._copy = self._begin_copy()
        self._reached("in-publish")

    def _begin_copy(self) -> "subprocess.Popen[bytes]":
        half = half_made(self._path, os.getpid())
        half.unlink(missing_ok=True)
        return subprocess.Popen(
            ["/bin/sh", "-c", SCRIPT, "sh", str(self._path), str(half), str(self._destination)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def may_write(self) -> bool:
        """Whether the checkpoint is done."""
        return not self._thread.is_alive()

    def checkpointed(self, timeout: float | None = None) -> None:
        """Wait until the checkpoint is done, at most `timeout` seconds."""
        self._thread.join(timeout)

    def poll(self) -> int | None:
        """0 when the snapshot is in its place, another number when it failed; None while it is on its way."""
        if self._thread.is_alive():
            return None
        return FAILED if self._copy is None else self._copy.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and say what `poll` would.

        Raises:
            TimeoutExpired: that took longer than `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        self.checkpointed(timeout)
        if self._thread.is_alive():
            raise subprocess.TimeoutExpired("CHECKPOINT", timeout or 0.0)
        left = None if end is None else max(0.0, end - time.monotonic())
        return FAILED if self._copy is None else self._copy.wait(left)

    def kill(self) -> None:
        """End it; a checkpoint that has begun is made to its end."""
        self._given_up = True
        self._thread.join()
        if self._copy is not None:
            self._copy.kill()
