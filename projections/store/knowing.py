"""What was known at a time: a macro `<thing>_as_known_at(ts)` for all that readers see, and views as of one instant.

`known.sql` says what each table was, `views.sql` goes on saying what each view is: its own text is read over the tables
as they were. So a listing as known at T is the listing itself, over other tables.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from importlib.resources import files
from typing import Final

import duckdb

SUFFIX: Final = "_as_known_at"
SCHEMA: Final = "known"  # of the views as of one instant
VIEW: Final = re.compile(r"CREATE OR REPLACE VIEW (\w+) AS\n(.*?);\nCOMMENT", re.DOTALL)
MACRO: Final = re.compile(r"^CREATE MACRO (\w+)\(ts\) AS TABLE\s(.*?);$", re.DOTALL | re.MULTILINE)
REGISTER: Final = re.compile(r"^CREATE TABLE (\w+) AS\s(.*?);$", re.DOTALL | re.MULTILINE)
READ: Final = re.compile(rf"\b(FROM|JOIN) (\w+?)({SUFFIX})?\b(?=\(ts\)|[\s)]|$)")
# What was known at an instant, and of a day: when it was over. One definition for each type, for every mention of `ts`
# is planned for itself, and to find out of an instant whether it is a day takes as long as the rest of the planning.
MOMENTS: Final = {
    "TIMESTAMPTZ": "ts",
    "DATE": "make_timestamptz(epoch_us(ts) + 86399999999)",
    "VARCHAR": "make_timestamptz(epoch_us(ts::TIMESTAMPTZ) + CASE WHEN length(ts) = 10 THEN 86399999999 ELSE 0 END)",
}
SAID: Final = (
    "COMMENT ON MACRO TABLE {} IS 'What {} held when the clock stood at ts: an instant, or a day, which is its end'"
)


def make_macros(con: duckdb.DuckDBPyConnection, partitions: Sequence[int], *, days: bool = True) -> list[str]:
    """Make the macros over the snapshots that are attached; what they are about, by name.

    Without `days` they take instants only, not days and texts, and are made in half the time.
    """
    for partition in partitions:
        found = _of_partition(con, partition)
    moments = MOMENTS if days else {"TIMESTAMPTZ": "ts"}
    for name in found:
        forms = (f"(ts {kind}) AS TABLE ({_united(name, moment, partitions)})" for kind, moment in moments.items())
        con.execute(f"CREATE MACRO {name}{SUFFIX} {', '.join(forms)}")
        con.execute(SAID.format(f"{name}{SUFFIX}", name))
    return found


def _united(name: str, moment: str, partitions: Iterable[int]) -> str:
    parts = (
        f"SELECT {partition} AS partition, * FROM memory.then{partition}.{name}{SUFFIX}({moment})"  # noqa: S608
        for partition in partitions
    )
    return " UNION ALL BY NAME ".join(parts)


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
    registers = REGISTER.findall(_text("known"))
    for name, body in registers:
        con.execute(f"CREATE TABLE memory.then{partition}.{name} AS {_placed(body, partition, tables)}")
    made = {name for name, _ in registers}
    for name, body in macros:
        text = _placed(body, partition, tables, made)
        con.execute(f"CREATE MACRO memory.then{partition}.{name}(ts) AS TABLE {text}")
    names = [name.removesuffix(SUFFIX) for name, _ in macros]
    return [name for name in names if name != "stretch"]


TABLES: Final = "SELECT table_name FROM duckdb_tables() WHERE database_name = ?"


def _then(body: str) -> str:
    """The text of a view over what was known."""
    ours = {name.removesuffix(SUFFIX) for name, _ in MACRO.findall(_text("known"))}
    ours |= {name for name, _ in VIEW.findall(_text("views"))}
    return READ.sub(lambda it: f"{it[1]} {it[2]}{SUFFIX}(ts)" if it[2] in ours else it[0], body)


def _placed(body: str, partition: int, tables: set[str], registers: Collection[str] = ()) -> str:
    """A text with every table, register and macro called by its full name."""

    def full(it: re.Match[str]) -> str:
        if it[3] or it[2] in registers:
            return f"{it[1]} memory.then{partition}.{it[2]}{it[3] or ''}"
        return f"{it[1]} p{partition}.main.{it[2]}" if it[2] in tables else it[0]

    return READ.sub(full, body)


def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.sql").read_text()
