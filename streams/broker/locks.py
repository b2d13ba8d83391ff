"""Locks between processes. The system drops them when their last holder dies, so none is ever left behind."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.broker.errors import FolderBusy

PATIENCE_S = 2.0  # a broker whose owner was killed is gone within milliseconds; more than that is another owner


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait until no other process is inside, then hold `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def held(path: Path) -> bool:
    """Whether some process, this one included, owns the folder of this lock file."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


class FolderLock:
    """One owner per folder. A child that inherits `fd` holds the lock on, also when we are killed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd: int | None = None

    def acquire(self) -> int:
        """Own the folder and leave our pid in the file; the descriptor.

        Raises:
            FolderBusy: another process owns it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        end = time.monotonic() + PATIENCE_S
        while not _locked(fd):
            if time.monotonic() > end:
                os.close(fd)
                owner = self.path.read_text().strip() or "unknown"
                raise FolderBusy(f"{self.path.parent} is in use by process {owner}; end it, or set another TOCSIN_HOME")
            time.sleep(0.05)
        os.truncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self.fd = fd
        return fd

    def release(self) -> None:
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
