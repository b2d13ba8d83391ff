"""Batches: what one Faust event carries here.

Stock Faust (0.15.3) spends about 110 us on every event, so an event of ours is a whole fetched chunk of one partition.
Batches are free of gaps: the end of one is the start of the next, whatever holes (transaction markers, aborted records)
the offsets have inside.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from events.log import Record


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may stand in memory at once; whichever is reached first."""

    rows: int
    size_bytes: int  # of keys and values

    def reached(self, batches: Sequence["Batch"]) -> bool:
        return (
            sum(len(batch.records) for batch in batches) >= self.rows
            or sum(batch.size_bytes for batch in batches) >= self.size_bytes
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one fetch brought of one partition; `records` may be empty when only markers lay between start and end."""

    partition: int
    start: int  # the offset asked for
    end: int  # the next offset to ask for
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Batch(Chunk):
    """A chunk, or a part of one that keeps the limits, as the agent gets it."""

    size_bytes: int  # of keys and values
    log_end: int  # of the partition when this was fetched: the next offset that will be readable
    epoch: int  # how often the partition was sought; a batch of an older epoch is void
    read: Callable[[], Sequence[Any]] = tuple  # what the records hold, once it is asked for


def size_of(record: Record) -> int:
    return len(record.key or b"") + len(record.value or b"")


def cut(chunk: Chunk, limits: Limits, log_end: int, epoch: int) -> Iterator[Batch]:
    """The batches of a chunk, in order, without a gap; a record that is larger than the limit is a batch by itself."""
    start, first, size = chunk.start, 0, 0
    for i, record in enumerate(chunk.records):
        more = size_of(record)
        if i > first and (i - first >= limits.rows or size + more > limits.size_bytes):
            yield Batch(chunk.partition, start, record.offset, chunk.records[first:i], size, log_end, epoch)
            start, first, size = record.offset, i, 0
        size += more
    yield Batch(chunk.partition, start, chunk.end, chunk.records[first:], size, log_end, epoch)
