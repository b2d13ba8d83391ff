"""SQL of strangers, as a process of its own: opens the snapshots, locks itself in, answers until its input ends.

DuckDB draws no line between its users, so the process is the line. Nothing but SELECT and EXPLAIN is taken; files,
settings and extensions are closed after the snapshots are open (what is open can be scanned, but not opened again, not
even by the statements that hide in a CTE); memory, files and descriptors are bounded by the system. Whoever starts it
kills it when it takes too long: one slow scalar function ignores DuckDB's own time limit.

One JSON object a line: {"sql": ...} in, {"columns": [...], "rows": [{...}], "more": ...} or {"refused": ...} out; the
first one is {"ready": true}.
"""

import json
import re
import resource
import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

import duckdb

from projections.store.reader import opened, published

MIB: Final = 2**20
LOADED: Final = 1200  # MiB of address space that Python and DuckDB take before any query
TAKEN: Final = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
LOCKS: Final = (
    "SET enable_progress_bar = false",  # it goes to stdout, where only answers may
    "SET memory_limit = '{memory_mb}MB'",
    "SET max_execution_time = {limit_ms}",
    "SET max_expression_depth = 250",
    "SET threads = 1",
    "SET temp_directory = ''",
    "SET allow_community_extensions = false",
    "SET allow_persistent_secrets = false",
    "SET enable_external_access = false",
    "SET disabled_filesystems = 'LocalFileSystem'",  # of the files it has open it may otherwise overwrite its own
    "SET lock_configuration = true",
)


NUMBER: Final = re.compile(r"LINE (\d+):")


class Refused(Exception):
    """A statement is not taken."""


def main(folder: str, memory_mb: int, limit_ms: int, most_rows: int, known_at: int | None = None) -> None:
    """Answer the statements on stdin."""
    snapshots = published(Path(folder))
    con = opened(snapshots, known_at, macros=True)
    for lock in LOCKS:
        con.execute(lock.format(memory_mb=memory_mb, limit_ms=limit_ms))
    _bound(memory_mb, len(snapshots))
    _say({"ready": True})
    for line in sys.stdin:
        try:
            _say(answer(con, json.loads(line)["sql"], most_rows))
        except (duckdb.ParserException, Refused, MemoryError) as error:
            _say({"refused": str(error) or type(error).__name__})
        except duckdb.Error as error:  # found in the query as we wrap it
            _say({"refused": NUMBER.sub(_one_less, str(error))})


def answer(con: duckdb.DuckDBPyConnection, sql: str, most_rows: int) -> dict[str, Any]:
    """What one statement finds, at most so many rows.

    Raises:
        Refused: it is not one SELECT or EXPLAIN.
        duckdb.Error: it is wrong, or takes more than it may.
    """
    statements = con.extract_statements(sql)
    con.execute("BEGIN TRANSACTION READ ONLY")  # EXPLAIN ANALYZE runs whatever it explains
    try:
        return _answer(con, statements, most_rows)
    finally:
        con.execute("ROLLBACK")


def _answer(con: duckdb.DuckDBPyConnection, statements: Sequence[duckdb.Statement], most_rows: int) -> dict[str, Any]:
    found = [str(it.type).rpartition(".")[2] for it in statements]
    if len(statements) != 1 or statements[0].type not in TAKEN:
        raise Refused(f"expected one SELECT or EXPLAIN, found {', '.join(found) or 'nothing'}")
    if statements[0].type == duckdb.StatementType.EXPLAIN:
        plan = con.execute(statements[0]).fetchall()
        return {"columns": ["plan"], "rows": [{"plan": row[-1]} for row in plan], "more": False}
    query = _bare(statements[0].query)
    columns = [column[0] for column in con.execute(f"SELECT * FROM (\n{query}\n) LIMIT 0").description or ()]  # noqa: S608
    row = _unused({name.lower() for name in columns})
    rows = con.execute(f"SELECT to_json({row})::VARCHAR FROM (\n{query}\n) {row} LIMIT {most_rows + 1}").fetchall()  # noqa: S608
    return {
        "columns": columns,
        "rows": [json.loads(row, parse_constant=_nothing) for (row,) in rows[:most_rows]],
        "more": len(rows) > most_rows,
    }


def _unused(names: AbstractSet[str]) -> str:
    """A name for a whole row that none of its columns has: a column would come before it."""
    name = "it__"
    while name in names:
        name += "_"
    return name


def _bare(query: str) -> str:
    """A statement without the semicolon that ends it and what stands behind."""
    tokens = [start for start, kind in duckdb.tokenize(query) if kind != duckdb.token_type.comment]
    return query[: tokens[-1]] if tokens and query[tokens[-1]] == ";" else query


def _one_less(found: re.Match[str]) -> str:
    """The number of a line as its author counts: we put one before the first."""
    return f"LINE {max(int(found[1]) - 1, 1)}:"


def _nothing(_: str) -> None:
    """What JSON can not say: NaN and the infinities."""


def _bound(memory_mb: int, snapshots: int) -> None:
    """Let the system bound what DuckDB does not."""
    bounds = {
        resource.RLIMIT_AS: (2 * memory_mb + LOADED) * MIB,  # DuckDB's own limit does not see one huge string
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64 + snapshots,
    }
    for what, most in bounds.items():
        hardest = resource.getrlimit(what)[1]
        bound = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
        resource.setrlimit(what, (bound, bound))


def _say(it: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(it, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def start(arguments: Sequence[str]) -> None:
    """Begin with the command line: folder, MiB, ms, rows."""
    folder, *numbers = arguments
    main(folder, *map(int, numbers))
