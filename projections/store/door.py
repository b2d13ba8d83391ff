"""The door of a file: whoever opens a file for writing, or puts another one in its place, does so alone.

DuckDB locks a file that is open, not its name: from opening it to locking it, and from closing it to renaming another
one over it, nothing is held. Who came in between went on with a file that had lost its name, and left its log of writes
beside the new one, which could not be opened any more (ADR 11). The system drops the lock when its holder dies.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def door(path: Path) -> Iterator[None]:
    """Wait until nobody else stands in the door of this file, then stand in it; not twice. A partition has one door."""
    with path.with_name(f"{path.name.partition('.')[0]}.door").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def log_of(path: Path) -> Path:
    """Where DuckDB writes ahead what is not in the file yet."""
    return path.with_name(f"{path.name}.wal")
