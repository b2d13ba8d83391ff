"""Checkpoints of a file: what was written since the last one becomes part of the file itself.

DuckDB 2.0.0 also merges row groups in each of them, if they are not full, and so writes all that lies in these anew: a
tenth of a second with few records in a day, three seconds in the middle of catching up. Without merging, each
checkpoint leaves a row group of its own in every table that grew; so it is done now and then, when there are many small
ones (docs/adr/0023).
"""

from typing import Final

import duckdb

from projections.store.connection import beside

SMALL: Final = 20_000  # records; row groups of more than these can stay as they are
PIECES: Final = 32  # small row groups that are merged together
OVERDUE: Final = 100_000  # records without a checkpoint; then each costs ever more (DuckDB keeps them in memory)


class Checkpoints:
    """How far the file itself reaches; all else is in the log of writes beside it."""

    def __init__(self, con: duckdb.DuckDBPyConnection, upto: int) -> None:
        self._con = beside(con)  # so that any thread may make one while nobody else writes
        self._upto, self._small = upto, 0

    def make(self, upto: int) -> None:
        """Make one, of everything below `upto`."""
        merging = self._small >= PIECES
        self._con.execute(f"SET max_vacuum_tasks = {1 if merging else 0}")
        self._con.execute("CHECKPOINT")
        self._small = 0 if merging else self._small + (upto - self._upto < SMALL)
        self._upto = upto

    def overdue(self, upto: int) -> bool:
        """Whether one should be made though nobody asks for it."""
        return upto - self._upto >= OVERDUE
