"""The tables of a new file, and the check that those of an old one are ours."""

from importlib.resources import files
from pathlib import Path
from typing import Final

import duckdb

from events.errors import ProjectionHalted
from projections.chain import Chain
from projections.store.connection import REBUILD
from projections.store.versions import PROJECTION_VERSION, SCHEMA_VERSION

OURS: Final = {"meta", "checkpoint", "relay_position"}  # tables that no version of ours was without


def prepare(con: duckdb.DuckDBPyConnection, path: Path, partition: int, partitions: int) -> None:
    """Make the tables of a new file; check that an old one is ours.

    Raises:
        ProjectionHalted: it is not; the connection is closed.
    """
    tables = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if tables and OURS - tables:
        con.close()
        msg = f"{path}: a DuckDB file that was not made by tocsin; move it away, or set another TOCSIN_HOME"
        raise ProjectionHalted(msg)
    if not tables:
        con.begin()
        con.execute(files(__package__).joinpath("schema.sql").read_text())
        con.execute(files(__package__).joinpath("views.sql").read_text())
        con.execute("INSERT INTO meta VALUES (?, ?, ?, ?)", [SCHEMA_VERSION, PROJECTION_VERSION, partition, partitions])
        con.execute("INSERT INTO checkpoint VALUES (0, NULL, NULL, 0, ?, 0)", [Chain().hash])
        con.commit()
    found = con.execute("SELECT schema_version, projection_version, partition, partitions FROM meta").fetchall()[0]
    wanted = (SCHEMA_VERSION, PROJECTION_VERSION, partition, partitions)
    if found != wanted:
        con.close()
        names = "schema version, projection version, partition, partitions"
        msg = f"{path}: expected {names} {wanted}, found {found}; {REBUILD}"
        raise ProjectionHalted(msg)
