"""The log again: whether a fresh fold of it gives the snapshot's tables, and whether it is the log they came from."""

from collections.abc import Sequence
from pathlib import Path

from projections.apply import apply_read
from projections.chain import EVERY, Chain, Link
from projections.reading import Bad, Read
from projections.store.content import content
from projections.store.file import PartitionFile
from projections.store.verify.found import Verdict, Wrong
from projections.store.verify.snapshot import Snapshot


class Replay:
    """A fresh file beside a snapshot, and the chain of the log that it is made of; for one thread at a time."""

    def __init__(self, it: Snapshot, folder: Path, *, fold: bool) -> None:
        """Begin; without `fold` only the chain is made."""
        self._it, self._chain, self._links = it, Chain(), list[Link]()
        self._file = PartitionFile(folder / f"p{it.partition}.duckdb", it.partition, it.partitions) if fold else None
        if self._file:
            self._file.lingers = True

    def follow(self, those: Sequence[Read | Bad], start: int, end: int) -> None:
        """Go on over the records from `start` to `end`, as they were read."""
        self._links += self._chain.follow([(it.record.offset, it.mark) for it in those])
        if self._file:
            apply_read(self._file, those, start, end)

    def tables(self) -> Verdict:
        """Whether the fresh tables are those of the snapshot."""
        assert self._file  # noqa: S101
        self._file.count()
        expected, found = content(self._file.con), content(self._it.con)
        wrong = [
            Wrong(f"table {table}", expected.get(table, "no such table"), found.get(table, "no such table"))
            for table in sorted({*expected, *found})
            if expected.get(table) != found.get(table)
        ]
        return Verdict.of("replay", self._it.partition, f"{len(expected)} tables", wrong)

    def chain(self) -> Verdict:
        """Whether the links of the log are those that were made when it was applied."""
        kept = self._it.con.execute("SELECT upto_offset, records, hash FROM chain ORDER BY records").fetchall()
        newest = self._it.con.execute("SELECT next_offset, records, chain FROM checkpoint").fetchall()
        stored = {link.records: link for link in map(Link._make, [*kept, *newest])}
        log = {link.records: link for link in self._links}
        log[self._chain.records] = Link(self._it.next_offset, self._chain.records, self._chain.hash)
        wrong = [
            Wrong(_where(records, self._it.next_offset), _said(stored.get(records)), _said(log.get(records)))
            for records in sorted({*stored, *log})
            if _said(stored.get(records)) != _said(log.get(records))
        ]
        return Verdict.of("chain", self._it.partition, f"{self._chain.records} records", wrong)

    def close(self) -> None:
        if self._file:
            self._file.close()


def _where(records: int, end: int) -> str:
    first = (records - 1) // EVERY * EVERY + 1
    return f"records {first} to {records} of the log below offset {end}"


def _said(link: Link | None) -> str:
    return f"link {link.hash[:16]}" if link else "no link there"
