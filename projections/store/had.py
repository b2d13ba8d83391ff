"""Which values a table has had in some columns, in memory: what was never there need not be searched for.

For columns with few combinations of values: sites and classes, rules and groups. About 200 bytes each.
"""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import duckdb

Values = tuple[Any, ...]


class Had:
    """The distinct values of some columns, as of the last transaction; read from the table when first asked for."""

    def __init__(self, con: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> None:
        self._con, self._table, self._columns = con, table, columns
        query = "SELECT column_name FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index"
        names = [name for (name,) in con.execute(query, [table]).fetchall()]
        self._of_row = itemgetter(*map(names.index, columns))
        self._values: set[Values] | None = None

    def __contains__(self, values: Values) -> bool:
        if self._values is None:
            query = f"SELECT DISTINCT {', '.join(self._columns)} FROM {self._table}"  # noqa: S608
            self._values = set(self._con.execute(query).fetchall())
        return values in self._values

    def take(self, rows: Iterable[Values]) -> None:
        """Note rows that were written, as they were handed over."""
        if self._values is not None:
            self._values.update(map(self._of_row, rows))
