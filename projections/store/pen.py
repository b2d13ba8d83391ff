"""What writes a file: a batch's rows, its messages, the chain and the checkpoint, in one transaction.

It has a connection of its own, so that it may write on a thread of its own; one at a time.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import duckdb

from projections.chain import Chain
from projections.growing import Growing
from projections.store.connection import Threads, beside
from projections.store.tables import Tables

CHECKPOINT: Final = "UPDATE checkpoint SET next_offset = ?, last_offset = ?, last_hash = ?, records = ?, chain = ?"


class Pen:
    """The writer of one file, and how far it is."""

    def __init__(self, con: duckdb.DuckDBPyConnection, reached: Callable[[str], None]) -> None:
        self.con, self._reached = beside(con), reached
        self._tables, self._threads = Tables(self.con), Threads(self.con)
        [(upto, *last, records, chain, counted)] = con.execute("FROM checkpoint").fetchall()
        self.upto: int = upto  # the next offset to be written
        self.counted: int = counted  # the next offset to be counted, as it was at the opening
        self.last: tuple[int, str] | None = None if last[0] is None else (last[0], last[1])  # record: offset, hash
        self._chain = Chain(records, chain)
        self._took: deque[float] = deque(maxlen=1_000)

    def took(self) -> list[float]:
        """The seconds of each transaction that ended since this was last asked. On any thread."""
        return [self._took.popleft() for _ in range(len(self._took))]

    def write(self, it: Growing, also: Callable[[], None]) -> None:
        """Write a batch, and what `also` writes, in one transaction with the checkpoint; on any error nothing is."""
        began = time.perf_counter()
        self._threads.share_out(len(it.marks))
        self.con.begin()
        try:
            self._rows(it)
            also()
            self._reached("before-commit")
            self.con.commit()
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                self.con.rollback()
            raise
        self._reached("after-commit")
        self.upto = it.end
        self._took.append(time.perf_counter() - began)

    def _rows(self, it: Growing) -> None:
        if it.marks:
            self.last = it.marks[-1]
        it.batch.rows["chain"] += self._chain.follow(it.marks)
        self._tables.batch(it.batch)
        self.con.execute(CHECKPOINT, [it.end, *(self.last or (None, None)), self._chain.records, self._chain.hash])
