"""Is the log the one a file was built from? Asked whenever a file is opened, before a record of it is applied."""

from collections.abc import Mapping

from events.errors import LogChanged
from streams.worker.partitions import File, Mark, Projection
from streams.worker.peek import records_at


def must_hold(where: str, first: int, end: int, file: File) -> None:
    """Check that the log still holds what the file wants next, and what it applied last.

    Args:
        where: the partition, for the message.
        first: the log's first offset.
        end: the next offset that will be readable.
        file: its checkpoint is compared.

    Raises:
        LogChanged: it does not.
    """
    oldest = file.last_applied[0] if file.last_applied else file.next_offset
    if oldest < first:
        raise LogChanged(f"{where}: expected the log to go back to offset {oldest}, found that it begins at {first}")
    if file.next_offset > end:
        found = f"found that the log ends at {end}: it was made anew, or has lost its end"
        raise LogChanged(f"{where}: expected offset {file.next_offset} next, {found}")


async def must_be_same(servers: str, topic: str, files: Mapping[int, File], projection: Projection) -> None:
    """Check that the record each file applied last is still the one at its offset.

    Raises:
        LogChanged: another record stands there: the topic was made anew and has grown past the checkpoint.
    """
    for partition, (at, hash_) in (await _others(servers, topic, files, projection)).items():
        offset, expected = files[partition].last_applied or (0, "")
        where = f"{topic}[{partition}]: expected record {expected[:12]} at offset {offset}"
        raise LogChanged(f"{where}, found {hash_[:12]} at {at}: this is not the log the file was built from")


async def is_same(servers: str, topic: str, marks: Mapping[int, Mark], projection: Projection) -> list[int]:
    """The partitions whose record that was applied last is still the one at its offset."""
    others = await _others(servers, topic, marks, projection)
    return [partition for partition in marks if partition not in others]


async def _others(
    servers: str, topic: str, marks: Mapping[int, Mark], projection: Projection
) -> dict[int, tuple[int, str]]:
    """Of each partition where another record stands, which one that is: its offset and hash."""
    last = {partition: mark.last_applied for partition, mark in marks.items() if mark.last_applied}
    if not last:
        return {}
    records = await records_at(servers, topic, {partition: offset for partition, (offset, _) in last.items()})
    found = {partition: (record.offset, projection.hash_of(record)) for partition, record in records.items()}
    return {partition: it for partition, it in found.items() if it != last[partition]}
