"""What keeps a file fit for its readers: counters and tallies, checkpoints, copies. Between two batches."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from projections.store.books import EVERY, Books
from projections.store.checkpoints import Checkpoints
from projections.store.connection import Threads
from projections.store.publish import Publishing, clear


class Upkeep:
    """The upkeep of one open file. While a checkpoint is made nothing may be written (`may_write`)."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, path: Path, upto: int, counted: int, reached: Callable[[str], None]
    ) -> None:
        clear(path)
        self._path, self._reached = path, reached
        self._books, self._checkpoints, self.threads = Books(con, counted), Checkpoints(con, upto), Threads(con)
        self._publishing: Publishing | None = None  # the last snapshot

    def may_write(self, *, wait: bool) -> bool:
        """Whether no checkpoint is being made; wait for the end of one, or do not."""
        if self._publishing is not None and wait:
            self._publishing.checkpointed()
        return self._publishing is None or self._publishing.may_write

    def count(self, upto: int, least: int = 1) -> None:
        """Bring counters and tallies up to `upto`, if at least so many offsets are uncounted."""
        if (uncounted := upto - self._books.counted) >= least:
            self.threads.share_out(uncounted)
            self._books.count(upto)

    def after(self, upto: int) -> None:
        """Do what is overdue after a batch."""
        self.count(upto, EVERY)
        if self._checkpoints.overdue(upto) and (self._publishing is None or self._publishing.poll() is not None):
            self._checkpoints.make(upto)

    def checkpoint(self, upto: int) -> None:
        """Have the file alone hold everything."""
        self.count(upto)
        self._checkpoints.make(upto)

    def publish(self, destination: Path, upto: int | None) -> Publishing:
        """Begin a copy for readers, counted up to `upto`, as far as it is when None."""
        ready = partial(self._ready, self._books.counted if upto is None else upto)
        self._publishing = Publishing(self._path, destination, self._reached, ready)
        return self._publishing

    def _ready(self, upto: int) -> None:  # on the snapshot's thread
        self._books.count(upto)
        self._checkpoints.make(upto)
