"""What was known at a time: a macro `<thing>_as_known_at(ts)` for all that readers see, and views as of one instant.

`known.sql` says what each table was, `views.sql` goes on saying what each view is: its own text is read over the tables
as they were. So a listing as known at T is the listing itself, over other tables.
"""

import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Final

import duckdb

SUFFIX: Final = "_as_known_at"
SCHEMA: Final = "known"  # of the views as of one instant
VIEW: Final = re.compile(r"CREATE OR REPLACE VIEW (\w+) AS\n(.*?);\nCOMMENT", re.DOTALL)
MACRO: Final = re.compile(r"^CREATE MACRO (\w+)\(ts\) AS TABLE\s(.*?);$", re.DOTALL | re.MULTILINE)
READ: Final = re.compile(rf"\b(FROM|JOIN) (\w+?)({SUFFIX})?\b(?=\(ts\)|[\s)]|$)")
# A day is all of it: what was known when it was over. An instant is itself.
MOMENT: Final = """
CREATE MACRO moment_of(ts) AS make_timestamptz(epoch_us(CASE WHEN length(ts::VARCHAR) = 10
    THEN ts::TIMESTAMPTZ + to_microseconds(86399999999) ELSE ts::TIMESTAMPTZ END))
"""
SAID: Final = (
    "COMMENT ON MACRO TABLE {} IS 'What {} held when the clock stood at ts: an instant, or a day, which is its end'"
)


def make_macros(con: duckdb.DuckDBPyConnection, partitions: Sequence[int]) -> list[str]:
    """Make the macros over the snapshots that are attached; what they are about, by name."""
    con.execute(MOMENT)
    for partition in partitions:
        found = _of_partition(con, partition)
    for name in found:
        parts = (
            f"SELECT {partition} AS partition, * FROM memory.then{partition}.{name}{SUFFIX}(moment_of(ts))"  # noqa: S608
            for partition in partitions
        )
        con.execute(f"CREATE MACRO {name}{SUFFIX}(ts) AS TABLE {' UNION ALL BY NAME '.join(parts)}")
        con.execute(SAID.format(f"{name}{SUFFIX}", name))
    return found


def look_from(con: duckdb.DuckDBPyConnection, names: Iterable[str], moment: int, views: str) -> None:
    """Let every name mean what it held at an instant (µs) from now on; `views` are made over these once more."""
    con.execute(f"CREATE SCHEMA {SCHEMA}")
    for name in names:
        con.execute(
            f"CREATE VIEW {SCHEMA}.{name} AS SELECT * FROM main.{name}{SUFFIX}(make_timestamptz({moment}))"  # noqa: S608
        )
    con.execute(f"SET search_path = '{SCHEMA},main'")
    con.execute(views)


def _of_partition(con: duckdb.DuckDBPyConnection, partition: int) -> list[str]:
    con.execute(f"CREATE SCHEMA then{partition}")
    views = [(f"{name}{SUFFIX}", _then(body)) for name, body in VIEW.findall(_text("views"))]
    macros = [*MACRO.findall(_text("known")), *views, *MACRO.findall(_text("known_sums"))]
    tables = {name for (name,) in con.execute(TABLES, [f"p{partition}"]).fetchall()}
    for name, body in macros:
        con.execute(f"CREATE MACRO memory.then{partition}.{name}(ts) AS TABLE {_placed(body, partition, tables)}")
    names = [name.removesuffix(SUFFIX) for name, _ in macros]
    return [name for name in names if name != "stretch"]


TABLES: Final = "SELECT table_name FROM duckdb_tables() WHERE database_name = ?"


def _then(body: str) -> str:
    """The text of a view over what was known."""
    ours = {name.removesuffix(SUFFIX) for name, _ in MACRO.findall(_text("known"))}
    ours |= {name for name, _ in VIEW.findall(_text("views"))}
    return READ.sub(lambda it: f"{it[1]} {it[2]}{SUFFIX}(ts)" if it[2] in ours else it[0], body)


def _placed(body: str, partition: int, tables: set[str]) -> str:
    """A text with every table and macro called by its full name."""

    def full(it: re.Match[str]) -> str:
        if it[3]:
            return f"{it[1]} memory.then{partition}.{it[2]}{SUFFIX}"
        return f"{it[1]} p{partition}.main.{it[2]}" if it[2] in tables else it[0]

    return READ.sub(full, body)


def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.sql").read_text()
