"""What events would do, were they told now: tried on a copy of a snapshot, which is thrown away."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from events.codec import to_record
from events.log import Event
from projections.apply import apply_batch
from projections.store.file import PartitionFile
from projections.store.reader import Reader, Rows, Snapshot

EVERY_TALLY: Final[Mapping[str, object]] = dict.fromkeys(("timelines", "sites", "kinds", "classes", "countries"))


class Effect(NamedTuple):
    """What would become of events, and what they would change."""

    applied: int
    duplicates: int
    faults: list[str]  # why those that would be rejected are
    before: Rows  # of the query `tallies`, those that differ
    after: Rows
    messages: Rows  # of the query `trial`


def effect(snapshot: Snapshot, events: Sequence[Event]) -> Effect:
    """The effect of events on a snapshot's partition, as if they stood in the log after all that the snapshot holds."""
    with TemporaryDirectory(prefix="tocsin-trial-") as name:
        folder = Path(name)
        copy = Path(shutil.copyfile(snapshot.path, folder / snapshot.path.name))
        with Reader(folder) as reader:
            [as_of] = reader.as_of
            before = reader.rows("tallies", **EVERY_TALLY)
        file = PartitionFile(copy, snapshot.partition, as_of.partitions)
        start = file.next_offset
        try:
            records = [to_record(event, offset) for offset, event in enumerate(events, start)]
            result = apply_batch(file, records, start, start + len(records))
        finally:
            file.close()
        with Reader(folder) as reader:
            after = reader.rows("tallies", **EVERY_TALLY)
            messages = reader.rows("trial", start=start)
            positions = [f"{snapshot.partition}:{offset}" for offset in range(start, start + len(records))]
            bad = reader.rows("rejected", reasons=None, positions=positions, whole=False)
    faults = [f"{it['field'] or 'event'}: expected {it['expected']}, found {it['found']}" for it in bad]
    cells = ({(it["timeline"], it["site"], it["class"]): it for it in rows} for rows in (before, after))
    was, now = cells  # by cell: there may be thousands
    gone = [it for cell, it in was.items() if now.get(cell) != it]
    come = [it for cell, it in now.items() if was.get(cell) != it]
    return Effect(result.applied, result.duplicates, faults, gone, come, messages)
