"""Opening a file as its only writer."""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar

import duckdb

from events.errors import ProjectionHalted
from projections.store.door import door

P = ParamSpec("P")
T = TypeVar("T")
REBUILD: Final = "delete it, it is rebuilt from the log"
FEW: Final = 500  # records of a batch
LOCKED: Final = "set lock"  # not "lock": damage is often in a "block"
NOT_THE_FILE: Final = (LOCKED, "no space left", "permission denied", "out of memory")  # a new one would fare no better


class OnFile(Protocol):
    """What works on a file."""

    path: Path


OnFileT = TypeVar("OnFileT", bound=OnFile)

WRITER: Final[dict[str, str | bool | int | float | list[str]]] = {
    "threads": 2,
    "memory_limit": "128MB",  # else all that was ever looked at stays; 100 000 records at once fit in 64
    "storage_compatibility_version": "v1.5.0",  # the default of 2.0 writes a format that 1.x can not read
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "python_enable_replacements": "false",
}


def writer(path: Path, patience: float) -> duckdb.DuckDBPyConnection:
    """A connection for writing; waits for the worker that had the file before, which may still be closing it.

    Raises:
        ProjectionHalted: the file is still locked after `patience` seconds, or can not be read.
    """
    end = time.monotonic() + patience
    while True:
        try:
            with door(path):
                return opened(path)
        except OSError as error:
            raise ProjectionHalted(f"{path}: {error}") from error
        except duckdb.Error as error:  # e.g. a damaged write-ahead log
            if LOCKED not in str(error).lower() or time.monotonic() > end:
                raise halted(path, error) from error
            time.sleep(0.05)


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection for writing, for who stands in the door.

    Raises:
        duckdb.Error: it is locked, or can not be read.
    """
    con = duckdb.connect(str(path), config=WRITER)
    con.execute("SET checkpoint_threshold = '2GB'")  # we checkpoint ourselves, between batches: see publish.py
    return _set(con)


class Threads:
    """How many threads of DuckDB work on a statement: several on many records, one on few."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con, self._now = beside(con), WRITER["threads"]  # whoever writes calls, on whatever thread

    def share_out(self, records: int) -> None:
        """Set it for so many records: with few, waking the others would take longer."""
        threads = WRITER["threads"] if records > FEW else 1
        if threads != self._now:
            self._con.execute(f"SET threads = {threads}")
            self._now = threads


def beside(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection to the same file, for another thread; set as the first one, which a cursor is not."""
    return _set(con.cursor())


def _set(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET dynamic_or_filter_threshold = 512")
    return con


def halted(path: Path, error: duckdb.Error) -> ProjectionHalted:
    """What DuckDB says of a file, with what its operator can do."""
    text = str(error)
    said = next(iter(text.splitlines()), type(error).__name__)
    if any(it in text.lower() for it in NOT_THE_FILE):
        return ProjectionHalted(f"{path}: {said}")
    return ProjectionHalted(f"{path} can not be used: {said}; {REBUILD}")


def halting(function: Callable[Concatenate[OnFileT, P], T]) -> Callable[Concatenate[OnFileT, P], T]:
    """The same, but whatever DuckDB raises in it is a `ProjectionHalted` that names the file."""

    @functools.wraps(function)
    def named(on: OnFileT, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(on, *args, **kwargs)
        except duckdb.Error as error:
            raise halted(on.path, error) from error

    return named
