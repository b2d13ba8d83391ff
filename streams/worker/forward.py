"""A snapshot is never replaced by an older one: a file that starts from nothing first gets as far as its last one."""

from collections.abc import Mapping
from pathlib import Path

from streams.worker.checks import is_same
from streams.worker.line import Line
from streams.worker.partitions import File, Mark, Partitions


def snapshot_of(line: Line, partition: int) -> Path:
    """Where the snapshot of a partition is published."""
    return line.snapshots / f"p{partition}.duckdb"


async def furthest(
    line: Line, partitions: Partitions, files: Mapping[int, File], ends: Mapping[int, int]
) -> dict[int, int]:
    """Of the files that have less than their published snapshot, how far that one is.

    A snapshot of other tables, or of another log, is left out: it may be replaced at once.
    """
    marks: dict[int, Mark] = {}
    for partition, file in files.items():
        mark = await partitions.run(partitions.projection.mark, snapshot_of(line, partition))
        if mark and file.next_offset < mark.next_offset <= ends[partition]:
            marks[partition] = mark
    same = await is_same(line.servers, line.topics.events, marks, partitions.projection)
    return {partition: marks[partition].next_offset for partition in same}
