"""Writing rows: one statement per table and batch, rows as text and integers, casts in SQL.

Names and types come from the catalogue, so `schema.sql` is the only place that says them. Casting in the statement
costs a tenth of making Python objects that DuckDB then takes apart. MERGE, not ON CONFLICT: a key that stands twice in
one batch is an error there, and silently lost here.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import duckdb

from projections.batch import Batch

Row = tuple[object, ...]

# How a type of the schema is handed over, and how SQL makes it of that. Instants are µs, days are days since the epoch.
HANDED: Final = {
    "TIMESTAMP WITH TIME ZONE": ("BIGINT", "make_timestamptz({})"),
    "DATE": ("INTEGER", "DATE '1970-01-01' + {}"),
    "UUID": ("VARCHAR", "{}::UUID"),
    "JSON": ("VARCHAR", "{}::JSON"),
}
# The tables that are written by absolute values, one row per key; all others only ever grow.
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "timelines": ("timeline",),
    "documents": ("timeline", "document"),
    "sites": ("timeline", "site"),
    "actors": ("timeline", "actor"),
    "alerts": ("alert_id",),
    "due": ("timeline", "rule", "group_key"),
    "rules": ("timeline", "rule", "adopted_offset"),
}
# The order in which a batch writes them; counters and tallies are made of the versions, by `count`.
ORDER: Final = (
    *(
        "incident_versions",
        "events",
        "sites",
        "actors",
        "documents",
        "assertions",
        "statements",
        "postures",
        "decisions",
    ),
    *("rules", "episode_versions", "alerts", "alert_messages", "due", "rejected", "duplicates", "timelines", "chain"),
)
SUPERSEDED: Final = """
    UPDATE incident_versions AS v SET known_until = make_timestamptz(s.known_until)
    FROM appender_data AS s WHERE v.number = s.number AND v.version = s.version
"""

CLOSED: Final = """
    UPDATE episode_versions AS v SET known_until = make_timestamptz(s.known_until)
    FROM appender_data AS s WHERE v.number = s.number
"""


class Tables:
    """The appenders of a connection, each made when first needed and kept: making one costs half a millisecond."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._appenders: dict[str, duckdb.Appender] = {}
        found = con.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY column_index"
        ).fetchall()
        self._columns: dict[str, dict[str, str]] = {}
        for table, column, data_type in found:
            self._columns.setdefault(table, {})[column] = data_type

    def batch(self, it: Batch) -> None:
        """Write all rows of a batch; inside the caller's transaction."""
        if it.superseded:
            self.supersede(it.superseded)
        if it.closed:
            self.close(it.closed)
        for table in ORDER:
            if rows := it.rows.get(table):
                self.write(table, rows)
        if it.clocks:
            self.change("timelines", ("timeline", "clock", "projection_version"), it.clocks)

    def write(self, table: str, rows: Iterable[Row]) -> None:
        """Append rows to a table, or merge them into it; inside the caller's transaction."""
        self._flush(table, rows, lambda: (self._statement(table, KEYS.get(table, ())), self._handed(table)))

    def change(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Set columns of rows that are there, which the caller knows: half the price. `columns` begin with the keys."""
        self._flush(f"{table} (old)", rows, lambda: (self._update(table, columns), self._handed(table, columns)))

    def supersede(self, rows: Iterable[Row]) -> None:
        """Close versions of incidents: (number, version, known_until µs)."""
        handed = {"number": "BIGINT", "version": "INTEGER", "known_until": "BIGINT"}
        self._flush("(superseded)", rows, lambda: (SUPERSEDED, handed))

    def close(self, rows: Iterable[Row]) -> None:
        """Close versions of episodes: (number, known_until µs)."""
        self._flush("(closed)", rows, lambda: (CLOSED, {"number": "BIGINT", "known_until": "BIGINT"}))

    def _flush(self, name: str, rows: Iterable[Row], made: Callable[[], tuple[str, dict[str, str]]]) -> None:
        appender = self._appenders.get(name)
        if appender is None:
            appender = self._appenders[name] = self._con.query_appender(*made())
        try:
            appender.append_rows(rows)
            appender.flush()
        except BaseException:
            appender.clear()  # else the rows before the bad one would go with the next batch
            raise

    def _handed(self, table: str, columns: Sequence[str] = ()) -> dict[str, str]:
        kinds = self._columns[table]
        return {name: HANDED.get(kinds[name], (kinds[name], ""))[0] for name in columns or kinds}

    def _update(self, table: str, columns: Sequence[str]) -> str:
        kinds, keys = self._columns[table], KEYS[table]
        sets = [
            f"{name} = {HANDED.get(kinds[name], ('', '{}'))[1].format(f's.{name}')}"
            for name in columns
            if name not in keys
        ]
        same = [f"t.{key} = s.{key}" for key in keys]
        return f"UPDATE {table} AS t SET {', '.join(sets)} FROM appender_data AS s WHERE {' AND '.join(same)}"  # noqa: S608

    def _statement(self, table: str, keys: tuple[str, ...]) -> str:
        columns = self._columns[table]
        made = [f"{HANDED.get(kind, ('', '{}'))[1].format(name)} AS {name}" for name, kind in columns.items()]
        source = f"SELECT {', '.join(made)} FROM appender_data"  # noqa: S608
        if not keys:
            return f"INSERT INTO {table} {source}"
        same = " AND ".join(f"t.{key} = s.{key}" for key in keys)
        sets = ", ".join(f"{name} = s.{name}" for name in columns if name not in keys)
        values = ", ".join(f"s.{name}" for name in columns)
        return (
            f"MERGE INTO {table} AS t USING ({source}) AS s ON {same} "
            f"WHEN MATCHED THEN UPDATE SET {sets} WHEN NOT MATCHED THEN INSERT VALUES ({values})"
        )
