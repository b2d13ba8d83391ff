"""Opening a file as its only writer."""

import time
from pathlib import Path
from typing import Final

import duckdb

from events.errors import ProjectionHalted

WRITER: Final[dict[str, str | bool | int | float | list[str]]] = {
    "threads": 2,
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
            con = duckdb.connect(str(path), config=WRITER)
            break
        except duckdb.IOException as error:
            if "lock" not in str(error).lower() or time.monotonic() > end:
                raise ProjectionHalted(f"{path}: {str(error).splitlines()[0]}") from error
            time.sleep(0.05)
        except duckdb.Error as error:  # e.g. a damaged write-ahead log: only a rebuild from the log helps
            msg = f"{path} can not be opened: {str(error).splitlines()[0]}; delete it, it is rebuilt from the log"
            raise ProjectionHalted(msg) from error
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET checkpoint_threshold = '2GB'")  # we checkpoint ourselves, between batches: see publish.py
    con.execute("SET dynamic_or_filter_threshold = 512")
    return con
