"""A file that was made anew beside the live one: may it take its place, and taking it. Done between two batches."""

from pathlib import Path

import structlog

from streams.worker.checks import is_same
from streams.worker.crash import Reached
from streams.worker.line import Line
from streams.worker.partitions import Partitions
from streams.worker.peek import end_of

log = structlog.get_logger()


def rebuilt_of(line: Line, partition: int) -> Path:
    """Where a file that was made anew waits for its worker."""
    return line.home / f"p{partition}.duckdb.rebuilt"


async def fits(line: Line, partitions: Partitions, partition: int) -> bool:
    """Whether the waiting file is one of this partition and log; one that is not is moved aside, with the reason."""
    waiting = rebuilt_of(line, partition)
    why = await partitions.run(partitions.projection.unfit, partitions.files[partition], waiting)
    why = why or await _not_of_this_log(line, partitions, partition)
    if why:
        aside = waiting.replace(waiting.with_name(f"{waiting.name}-unfit"))
        log.error("a rebuilt file was refused", partition=partition, reason=why, moved_to=str(aside))
    return not why


async def _not_of_this_log(line: Line, partitions: Partitions, partition: int) -> str | None:
    mark = await partitions.run(partitions.projection.mark, rebuilt_of(line, partition))
    if mark is None:
        return "expected a checkpoint, found none"
    end = await end_of(line.servers, line.topics.events, partition)
    if mark.next_offset > end:
        return f"expected a checkpoint in the log, found {mark.next_offset}: the log ends at {end}"
    if not await is_same(line.servers, line.topics.events, {partition: mark}, partitions.projection):
        return "expected the record that was applied last at its place in the log, found another one there"
    return None


async def take(line: Line, partitions: Partitions, partition: int, reached: Reached) -> None:
    """Close the live file, put the waiting one in its place, open that; a crash leaves one or the other, whole."""
    old = partitions.files.pop(partition)
    before = old.next_offset
    await partitions.run(partitions.projection.swap, old, rebuilt_of(line, partition), reached)
    file = await partitions.open(partition)
    log.warning("rebuilt file swapped in", partition=partition, before=before, next_offset=file.next_offset)
