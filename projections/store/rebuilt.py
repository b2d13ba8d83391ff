"""A file made anew from the log beside the live one: how it grows, what it differs in, when it may take its place."""

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from projections.apply import apply_read
from projections.reading import Bad, Read
from projections.store.connection import LOCKED, halted, opened
from projections.store.content import content
from projections.store.door import door, log_of
from projections.store.file import PartitionFile
from projections.store.stamp import Stamp, stamp
from projections.store.verify.snapshot import Snapshot

LINKS = """
    SELECT records, hash FROM chain
    UNION SELECT records, chain FROM checkpoint WHERE records > 0
"""


class Table(NamedTuple):
    """A table as it is published and as it was rebuilt."""

    table: str
    published: str
    rebuilt: str


class Rebuild:
    """A file that grows from nothing, under a name of its own; for one thread at a time."""

    def __init__(self, live: Path, partition: int, partitions: int) -> None:
        self._live, self.partition = live, partition
        _clear(live)
        self.path = live.with_name(f"{live.name}.rebuild-{os.getpid()}")
        self._file = PartitionFile(self.path, partition, partitions)
        self._file.lingers = True

    @property
    def next_offset(self) -> int:
        return self._file.next_offset

    def follow(self, those: Sequence[Read | Bad], start: int, end: int) -> None:
        """Apply records that were read, as any worker would."""
        apply_read(self._file, those, start, end)

    def tables(self, published: Snapshot) -> list[Table]:
        """Every table beside that of a snapshot; the log must have been followed exactly as far."""
        self._file.count()
        mine, theirs = content(self._file.con), content(published.con)
        none = "no such table"
        return [Table(name, theirs.get(name, none), mine.get(name, none)) for name in sorted({*mine, *theirs})]

    def offer(self) -> Path:
        """Close the file, whole, and give it the name by which a worker finds it."""
        self._file.checkpoint()
        self._file.close()
        return self.path.replace(self._live.with_name(f"{self._live.name}.rebuilt"))

    def give_up(self) -> None:
        """Leave nothing behind; does nothing to a file that was offered."""
        self._file.close()
        for path in (self.path, log_of(self.path)):
            path.unlink(missing_ok=True)


def unfit(live: PartitionFile, rebuilt: Path) -> str | None:
    """Why a rebuilt file can not take the place of an open one; None when it can, as far as the two can tell."""
    if log_of(rebuilt).exists():
        return "expected a file that was closed, found a log of writes beside it"
    found = stamp(rebuilt)
    if isinstance(found, str):
        return found
    ours = Stamp(*live.con.execute("FROM meta").fetchall()[0])
    if found != ours:
        return f"expected versions and partition {tuple(ours)}, found {tuple(found)}"
    with duckdb.connect(str(rebuilt), read_only=True) as con:
        theirs = dict(con.execute(LINKS).fetchall())
    links = dict(live.con.execute(LINKS).fetchall())
    common = max(links.keys() & theirs.keys(), default=0)
    if common and links[common] != theirs[common]:
        return f"expected chain {links[common][:12]} after {common} records, found {theirs[common][:12]}"
    return None


def swap_if_free(live: Path, rebuilt: Path) -> bool:
    """Put a rebuilt file in the place of one that no worker has open; whether that was so."""
    if not live.exists():
        return False
    with door(live):
        try:
            with opened(live) as con:
                con.execute("CHECKPOINT")  # what was written ahead must not be taken for the new file's
        except duckdb.Error as error:
            if LOCKED in str(error).lower():
                return False
            raise halted(live, error) from error
        return _put_in_place(live, rebuilt)


def swap(live: PartitionFile, rebuilt: Path, reached: Callable[[str], None]) -> None:
    """Close an open file, and put a rebuilt one in its place; a crash leaves one or the other, whole."""
    with door(live.path):
        live.close()  # writes what was written ahead into the file, and takes its log away
        reached("before-swap")
        _put_in_place(live.path, rebuilt)
        reached("after-swap")


def _put_in_place(live: Path, rebuilt: Path) -> bool:
    """Put a rebuilt file in the place of a closed one, for who stands in the door; whether it is there now."""
    if log_of(live).exists():  # it would be taken for the new file's
        return False
    with contextlib.suppress(FileNotFoundError):  # another process was quicker
        rebuilt.replace(live)
        return True
    return False


def _clear(live: Path) -> None:
    """Take away what rebuilds that were killed left."""
    for path in live.parent.glob(f"{live.name}.rebuild-*"):
        process = path.name.removeprefix(f"{live.name}.rebuild-").removesuffix(".wal")
        if process.isdecimal() and not Path(f"/proc/{process}").exists() and Path("/proc/self").exists():
            path.unlink(missing_ok=True)
