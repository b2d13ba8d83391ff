"""Snapshots for readers: while one process writes a file no other can open it, so they get a copy.

Between two batches: CHECKPOINT, so that the file alone holds everything, then a copy made by a child process and
renamed into place. The writer must never open its own file: closing it would drop DuckDB's lock (fcntl locks belong to
the process, not to the handle). No checkpoint may run while the copy is made, so the writer makes none but these.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb

SCRIPT: Final = 'cp --reflink=auto -- "$1" "$2" 2>/dev/null || cp -- "$1" "$2"; chmod 0444 "$2" && mv -f -- "$2" "$3"'


def half_made(path: Path, process: int) -> Path:
    """Where the copy of a file grows: beside it, under a name of its owner's own."""
    return path.with_name(f"{path.name}.copying-{process}")


def clear(path: Path) -> None:
    """Take away what a killed owner's copy left; one that still grows can then not be renamed into place any more."""
    for half in path.parent.glob(f"{path.name}.copying-*"):
        half.unlink(missing_ok=True)


def begin(
    con: duckdb.DuckDBPyConnection, path: Path, destination: Path, reached: Callable[[str], None]
) -> subprocess.Popen[bytes]:
    """Begin a copy of the file as it stands now; the caller sees to it that no other runs."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    reached("in-checkpoint")
    con.execute("CHECKPOINT")
    half = half_made(path, os.getpid())
    half.unlink(missing_ok=True)
    copy = subprocess.Popen(
        ["/bin/sh", "-c", SCRIPT, "sh", str(path), str(half), str(destination)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    reached("in-publish")
    return copy
