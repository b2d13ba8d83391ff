"""Of which versions and which partition a file says to be, without taking it into use."""

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
