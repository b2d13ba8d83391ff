"""One partition's snapshot, open for checking; what is derived from it lies in memory beside it."""

import json
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

import duckdb

from projections.store.attaching import attach
from projections.store.reader import CONFIG, Unreadable
from projections.store.verify.found import SHOWN, Wrong
from projections.store.versions import SCHEMA_VERSION

MEMORY: Final = "512MB"  # what is more goes to disk; a million events would take 1.4 GB, and go a tenth faster


class Checked:
    """Tables of a snapshot, and temporary ones made of them when a check first asks; for one thread."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con, self._made = con, set[str]()
        self._spilt = TemporaryDirectory(prefix="tocsin-verify-")
        con.execute(f"SET temp_directory = '{self._spilt.name}'")
        con.execute(f"SET memory_limit = '{MEMORY}'")

    def make(self, name: str, **names: str) -> None:
        """Run one of our SQL files that makes temporary tables, once; `names` fill its gaps."""
        made = text(name, **names)
        if made not in self._made:
            self.con.execute(made)
            self._made.add(made)

    def size(self, table: str) -> int:
        """How many rows a table has."""
        [(found,)] = self.con.execute(f"SELECT count(*) FROM {table}").fetchall()
        return int(found)

    def compare(self, what: str, keys: list[str], expected: str, found: str) -> tuple[int, list[Wrong]]:
        """How many rows of two queries differ, and the first of them; `keys` say which rows belong together."""
        same = " AND ".join(f"e.{key} IS NOT DISTINCT FROM f.{key}" for key in keys)
        query = f"""
            SELECT to_json(e)::VARCHAR, to_json(f)::VARCHAR, count(*) OVER ()
            FROM (SELECT true AS "is there", * FROM ({expected})) e
            FULL JOIN (SELECT true AS "is there", * FROM ({found})) f ON {same}
            WHERE e IS DISTINCT FROM f ORDER BY ALL LIMIT {SHOWN}
        """
        rows = self.con.execute(query).fetchall()
        return (rows[0][2] if rows else 0), [_wrong(what, keys, json.loads(e), json.loads(f)) for e, f, _ in rows]

    def close(self) -> None:
        self.con.close()
        self._spilt.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Snapshot(Checked):
    """All tables of a snapshot."""

    def __init__(self, path: Path) -> None:
        """Open it; it stays whole when a newer one takes its place.

        Raises:
            Unreadable: it is no file of ours, or of another version.
        """
        super().__init__(duckdb.connect(":memory:", config=CONFIG))
        self.path = path
        try:
            self._attach()
        except duckdb.Error as error:
            self.close()
            raise Unreadable(path, error) from error
        except Unreadable:
            self.close()
            raise

    def _attach(self) -> None:
        self.con.execute("SET TimeZone = 'UTC'")
        attach(self.con, self.path, "it")
        self.con.execute("USE it")
        [(version, self.partition, self.partitions)] = self.con.execute(
            "SELECT schema_version, partition, partitions FROM meta"
        ).fetchall()
        if version != SCHEMA_VERSION:
            raise Unreadable(self.path, f"expected schema version {SCHEMA_VERSION}, found {version}")
        [(self.next_offset,)] = self.con.execute("SELECT next_offset FROM checkpoint").fetchall()


def text(name: str, **names: str) -> str:
    """The SQL of one of our files, its gaps filled."""
    found = files(__package__).joinpath(f"{name}.sql").read_text()
    for gap, value in names.items():
        found = found.replace(f"${gap}", value)
    return found


def _wrong(what: str, keys: list[str], expected: dict[str, Any], found: dict[str, Any]) -> Wrong:
    there = expected if expected["is there"] else found
    where = f"{what} {', '.join(str(there[key]) for key in keys)}"
    if not expected["is there"]:
        return Wrong(where, "no such row", _said(found, [name for name in found if name not in (*keys, "is there")]))
    names = [name for name in expected if name not in keys and expected[name] != found.get(name)]
    if not found["is there"]:
        return Wrong(where, _said(expected, [name for name in names if name != "is there"]), "no such row")
    return Wrong(where, _said(expected, names), _said(found, names))


def _said(row: dict[str, Any], names: list[str]) -> str:
    return ", ".join(f"{name} {row[name]}" for name in names if row[name] is not None) or "nothing"
