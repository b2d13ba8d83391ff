"""Reading while the worker writes: the newest published snapshot of every partition, behind one set of views.

A snapshot is replaced by a rename, so what is open stays whole; `refresh` goes on to the newer ones. Each table and
view of the snapshots is here one view over all partitions with a column `partition` in front: (partition, event_offset)
is a position in the log. Verbs, HTTP and console read through this and nothing else.
"""

import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import duckdb

from events.errors import ConfigInvalid
from projections.store.attaching import attach
from projections.store.knowing import look_from, make_macros
from projections.store.versions import SCHEMA_VERSION

PATTERN: Final = "p*.duckdb"
CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    "threads": 2,
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "python_enable_replacements": "false",
}
Rows = list[dict[str, Any]]


class NothingPublished(ConfigInvalid):
    """There is no snapshot to read yet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"nothing to read in {folder} yet: start the line with `tocsin up`, or try `tocsin demo`")


class Unreadable(ConfigInvalid):
    """A snapshot is there, but it is none that this version can read."""

    def __init__(self, path: Path, why: Exception | str) -> None:
        super().__init__(
            f"{path} can not be read: {str(why).splitlines()[0]}; a worker of this version makes a new one"
        )


class Snapshot(NamedTuple):
    """A published copy of one partition's file."""

    partition: int
    path: Path
    inode: int  # another one is another copy
    size_bytes: int
    made: float  # when the copy was made; seconds since the epoch


class AsOf(NamedTuple):
    """What a snapshot speaks of."""

    partition: int
    partitions: int  # how many the log has
    next_offset: int  # everything below is in it
    clocks: dict[str, str]  # timeline -> instant, as text


def published(folder: Path) -> list[Snapshot]:
    """The newest snapshots in a folder, by partition; empty when there is none."""
    found = []
    for path in folder.glob(PATTERN):
        number = path.stem[1:]
        if number.isdecimal():
            it = path.stat()
            found.append(Snapshot(int(number), path, it.st_ino, it.st_size, it.st_mtime))
    return sorted(found)


class Reader:
    """The newest snapshots of a folder, open for reading; for one thread."""

    def __init__(self, folder: Path, known_at: int | None = None, *, macros: bool = False) -> None:
        """Open them, as they are or as known when the clocks stood at `known_at` (µs).

        With `macros`, named queries may ask for what was known at any time.

        Raises:
            NothingPublished: there is none.
            Unreadable: one is no file of ours.
        """
        self.folder, self.known_at, self._macros = folder, known_at, macros
        self._open()

    def _open(self) -> None:
        self.snapshots = published(self.folder)
        if not self.snapshots:
            raise NothingPublished(self.folder)
        self._con = opened(self.snapshots, self.known_at, macros=self._macros)
        self.as_of = [AsOf(*row) for row in self._con.execute(text("as_of")).fetchall()]

    def refresh(self) -> bool:
        """Go on to newer snapshots; whether there were any."""
        if published(self.folder) == self.snapshots:
            return False
        old = self._con
        self._open()
        old.close()
        return True

    def rows(self, query: str, **parameters: object) -> Rows:
        """The rows of a named query (`queries/<name>.sql`): objects fit for JSON, instants as text."""
        statement = f'SELECT to_json("a row")::VARCHAR FROM ({text(query)}) "a row"'  # noqa: S608 -- of our own files
        found = self._con.execute(statement, parameters or None)
        with _nothing_collected():
            return [json.loads(row) for (row,) in found.fetchall()]

    @property
    def missing(self) -> list[int]:
        """Partitions of the log that no snapshot here speaks of: a worker with another home holds them."""
        there = {it.partition for it in self.as_of}
        return [partition for partition in range(self.as_of[0].partitions) if partition not in there]

    def close(self) -> None:
        self._con.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Let no garbage be looked for: what is read holds no circles, and looking takes as long as reading it."""
    usual = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if usual:
            gc.enable()


def text(query: str) -> str:
    """The SQL of a named query."""
    return files(__package__).joinpath("queries", f"{query}.sql").read_text()


def opened(
    snapshots: Sequence[Snapshot], known_at: int | None = None, *, macros: bool = False
) -> duckdb.DuckDBPyConnection:
    """A connection of its own with the views over these snapshots, as known at an instant (µs) if one is given.

    With `macros`, what was known at any other time can be asked for too; making them takes a while.

    Raises:
        Unreadable: one is no file of ours.
    """
    con = duckdb.connect(":memory:", config=CONFIG)
    con.execute("SET TimeZone = 'UTC'")
    try:
        for it in snapshots:
            _attach(con, it)
        partitions = [it.partition for it in snapshots]
        _unite(con, partitions)
        con.execute(text("macros"))
        con.execute(text("mendings"))
        names = make_macros(con, partitions, days=macros) if macros or known_at is not None else []
        if known_at is not None:
            look_from(con, names, known_at, text("mendings"))
    except BaseException:
        con.close()
        raise
    return con


def _attach(con: duckdb.DuckDBPyConnection, it: Snapshot) -> None:
    try:
        attach(con, it.path, f"p{it.partition}")
        [(version,)] = con.execute(f"SELECT schema_version FROM p{it.partition}.main.meta").fetchall()  # noqa: S608
    except duckdb.Error as error:
        raise Unreadable(it.path, error) from error
    if version != SCHEMA_VERSION:
        raise Unreadable(it.path, f"expected schema version {SCHEMA_VERSION}, found {version}")


def _unite(con: duckdb.DuckDBPyConnection, partitions: Sequence[int]) -> None:
    """One view over all partitions for each table and view of theirs.

    They are no TEMP views: those would hide the tables that the views inside a snapshot stand on.
    """
    for name, has_partition in con.execute(text("relations"), [f"p{partitions[-1]}"]).fetchall():
        rest = "* EXCLUDE (partition)" if has_partition else "*"
        parts = (f"SELECT {number} AS partition, {rest} FROM p{number}.main.{name}" for number in partitions)  # noqa: S608
        con.execute(f"CREATE VIEW {name} AS {' UNION ALL BY NAME '.join(parts)}")
