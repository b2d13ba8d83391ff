"""A file of an older version makes way for a new one, which is built from the log; it is moved aside, not deleted."""

from pathlib import Path

import duckdb

from projections.store.door import door
from projections.store.versions import PROJECTION_VERSION, SCHEMA_VERSION

NOW = (SCHEMA_VERSION, PROJECTION_VERSION)


def move_aside(con: duckdb.DuckDBPyConnection, path: Path, partition: int, partitions: int) -> Path | None:
    """Where the open file of an older version went, closed and whole; None when this one is not such a file.

    One of a newer version, or of another partition, stays where it is.
    """
    asked = "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'meta' AND column_name LIKE '%_version'"
    if con.execute(asked).fetchall() != [(2,)]:
        return None
    rows = con.execute("SELECT schema_version, projection_version, partition, partitions FROM meta").fetchall()
    if [row[2:] for row in rows] != [(partition, partitions)] or not is_older(rows[0][:2]):
        return None
    aside = path.with_name(f"{path.name}.old-v{rows[0][0]}.{rows[0][1]}")
    con.execute("CHECKPOINT")  # what was written ahead has no name of its own to go by
    with door(path):
        con.close()
        path.replace(aside)
    return aside


def is_older(versions: tuple[int, ...]) -> bool:
    """Whether nothing of (schema, projection) is newer than this code, and something is older."""
    return versions != NOW and all(found <= ours for found, ours in zip(versions, NOW, strict=True))
