"""Counters and tallies, brought up to date from the versions of incidents that came since they last were.

They are sums of contributions, so what changes them is `contribution(after) - contribution(before)`: corrections,
merges, splits and retractions need no case of their own. SQL over many changes at once costs a tenth of rows made here.
"""

import contextlib
from functools import cache
from importlib.resources import files
from typing import Final

import duckdb

from projections.store.connection import beside

EVERY: Final = 100_000  # offsets that may be uncounted between two batches; as many are counted in half a second
LOOK: Final = "SELECT count(*), count(quantities), count(*) FILTER (sign = -1) FROM changed"
COUNTED: Final = "UPDATE checkpoint SET counted_offset = next_offset"


class Books:
    """How far the tables of one file are counted."""

    def __init__(self, con: duckdb.DuckDBPyConnection, counted: int) -> None:
        self._con = beside(con)  # so that any thread may count while nobody else writes
        self.counted = counted  # the next offset to count

    def count(self, upto: int) -> None:
        """Take in everything below `upto`, which is where the tables are, in one transaction; on any error nothing."""
        if upto == self.counted:
            return
        self._con.begin()
        try:
            self._count()
            self._con.commit()
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                self._con.rollback()
            raise
        self.counted = upto

    def _count(self) -> None:
        self._con.execute(_text("changed").replace("$since", str(self.counted)))
        [(changed, with_toll, taken_back)] = self._con.execute(LOOK).fetchall()
        if changed:
            self._con.execute(_text("counted"))
        if with_toll:
            self._con.execute(_text("tolls"))
        if taken_back:
            self._con.execute(_text("extents"))
        self._con.execute("DROP TABLE changed")
        self._con.execute(COUNTED)


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath("counting", f"{name}.sql").read_text()
