"""Snapshots as a worker publishes them, made of events without a broker."""

from collections.abc import Sequence
from pathlib import Path

from events.log import Event, Record
from projections.apply import apply_batch
from projections.store.file import PartitionFile
from tests import facts


def publish(
    home: Path, events: Sequence[Event], partition: int = 0, partitions: int = 1, then: Sequence[Record] = ()
) -> Path:
    """Apply events, then further records, to a partition's file and publish it; the folder of the snapshots."""
    file = PartitionFile(home / f"p{partition}.duckdb", partition, partitions)
    records = [*facts.records(events, file.next_offset), *then]
    apply_batch(file, records, file.next_offset, file.next_offset + len(records))
    folder = home / "snapshots"
    assert file.begin_publish(folder / f"p{partition}.duckdb").wait() == 0
    file.close()
    return folder
