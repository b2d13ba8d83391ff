"""Of which versions and which partition a file says to be, and how far it is, without taking it into use."""

from pathlib import Path
from typing import NamedTuple

import duckdb

from projections.store.versions import PROJECTION_VERSION, SCHEMA_VERSION


class Stamp(NamedTuple):
    """What stands in the `meta` of a file."""

    schema_version: int
    projection_version: int
    partition: int
    partitions: int

    def is_ours(self) -> bool:
        """Whether this code reads and writes such files."""
        return self[:2] == (SCHEMA_VERSION, PROJECTION_VERSION)


def stamp(path: Path) -> Stamp | str:
    """The stamp of a file that no other process has open for writing, or why there is none to be had."""
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            query = "SELECT schema_version, projection_version, partition, partitions FROM meta"
            [row] = con.execute(query).fetchall()
    except (duckdb.Error, ValueError) as error:
        return str(error).partition("\n")[0]
    return Stamp(*row)


class Mark(NamedTuple):
    """How far a file is in its log."""

    next_offset: int  # everything below is in it
    last_applied: tuple[int, str] | None  # offset, hash of the record


def mark(path: Path) -> Mark | None:
    """How far a file is that no other process has open for writing; None when there is none that can be read."""
    found = stamp(path) if path.exists() else ""
    if isinstance(found, str) or found.schema_version != SCHEMA_VERSION:
        return None
    with duckdb.connect(str(path), read_only=True) as con:
        [(upto, *last)] = con.execute("SELECT next_offset, last_offset, last_hash FROM checkpoint").fetchall()
    return Mark(upto, None if last[0] is None else (last[0], last[1]))
