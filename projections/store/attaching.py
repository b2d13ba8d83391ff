"""Attaching a snapshot while newer ones are renamed into its place.

DuckDB 2.0.0 opens a file twice: the headers, which say where everything is, are read through the first handle, all else
through the second. If another snapshot takes the file's place between the two, the one is read by the map of the other:
blocks that do not exist, or hold something else. Seen about once in twenty attachments when files are swapped as fast
as the system can, and once in a few hundred when a worker publishes after every batch.
"""

from pathlib import Path

import duckdb


def attach(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Attach a snapshot for reading, again if another took its place meanwhile.

    Raises:
        duckdb.Error: it can not be read.
    """
    quoted = str(path.absolute()).replace("'", "''")
    while True:
        before = _which(path)
        try:
            con.execute(f"ATTACH '{quoted}' AS {name} (READ_ONLY)")
        except duckdb.Error:
            if _which(path) == before:
                raise
            continue
        if _which(path) == before:
            return
        con.execute(f"DETACH {name}")


def _which(path: Path) -> tuple[int, int]:
    """Tells a file from the next one of its name, even where that one is given the same number again."""
    try:
        found = path.stat()
    except FileNotFoundError:  # DuckDB says so better
        return 0, 0
    return found.st_ino, found.st_ctime_ns
