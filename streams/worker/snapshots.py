"""Published snapshots: when a file is copied for its readers. The store makes the copy, in a child process."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from streams.worker.partitions import Copy, File

SHARE = (
    2  # of the time goes at most one part in two to copying, which is done beside the line and mostly waits for disks
)
FAR = 20_000  # offsets behind the log: then readers are stale anyway, and the line has better to do
FAR_PAUSE = 5  # times the usual pause, then

log = structlog.get_logger()


def due(now: float, began: float | None, took: float, pause: float) -> bool:
    """Whether the next copy may begin; all in seconds of one monotonic clock.

    Args:
        now: the time of asking.
        began: when the last copy began; None: there was none.
        took: how long a copy takes.
        pause: the least from one copy's begin to the next.
    """
    return began is None or now - began >= max(pause, SHARE * took)


class Snapshot:
    """The published copy of one open file; every method runs on the files' thread.

    A copy that fails is logged and tried again: readers get stale, the line goes on.
    """

    def __init__(
        self, file: File, destination: Path, pause: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.file, self.destination, self.pause = file, destination, pause
        self.not_before = 0  # the checkpoint of what is published already: it is not replaced by an older one
        self._clock = clock
        self._copy: Copy | None = None
        self._began: float | None = None
        self._took = [
            0.0,
            0.0,
        ]  # the last two copies: one that is long by way of exception is no measure (docs/adr/0023)
        self._offset: int | None = None  # the checkpoint that the newest copy holds
        self.published: float | None = None  # when the newest copy that readers have was begun

    def tick(self, behind: int = 0) -> None:
        """See to a copy that has ended, and begin the next one when it is due and there is something new.

        Args:
            behind: how many offsets the file is behind the log.
        """
        pause = self.pause * (FAR_PAUSE if behind > FAR else 1)
        if self._copy is not None and self._copy.poll() is not None:
            self._ended(self._copy.wait())
        if self._copy is None and self._is_stale() and due(self._clock(), self._began, min(self._took), pause):
            self._begin()

    def finish(self, patience: float) -> None:
        """Make one last copy of what is new; give up a copy that does not end within `patience` seconds."""
        until = self._clock() + patience
        self._wait(until)
        if self._is_stale() and self._clock() < until:
            self._begin()
            self._wait(until)

    def give_up(self) -> None:
        """End the copy on its way: the next owner of the file may change it while it is copied."""
        self._wait(self._clock())

    def _is_stale(self) -> bool:
        return self._offset != self.file.next_offset >= self.not_before

    def _begin(self) -> None:
        self._began, self._offset = self._clock(), self.file.next_offset
        self._copy = self.file.begin_publish(self.destination)

    def _ended(self, code: int) -> None:
        self._took, self._copy = [self._took[1], self._clock() - (self._began or 0.0)], None
        if code == 0:
            self.published = self._began
        else:
            self._offset = None
            log.error("snapshot failed", destination=str(self.destination), code=code)

    def _wait(self, until: float) -> None:
        if self._copy is None:
            return
        try:
            self._ended(self._copy.wait(max(0.0, until - self._clock())))
        except subprocess.TimeoutExpired:
            self._copy.kill()
            self._copy.wait()
            self._copy = self._offset = None
