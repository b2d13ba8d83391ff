"""What events would do, were they told now: tried on a copy of a snapshot, which is thrown away."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from events.codec import to_record
from events.log import Event
from projections.apply import apply_batch
from projections.store.file import PartitionFile
from projections.store.reader import Reader, Rows, Snapshot, published

ALL: Final[Mapping[str, object]] = dict.fromkeys(("timelines", "kinds", "classes", "countries"))


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
        folder, copy, before = _beside(snapshot, Path(name))
        with before:
            [as_of] = before.as_of
            file = PartitionFile(copy, snapshot.partition, as_of.partitions)
            start = file.next_offset
            try:
                records = [to_record(event, offset) for offset, event in enumerate(events, start)]
                result = apply_batch(file, records, start, start + len(records))
                file.count()
            finally:
                file.close()
            with Reader(folder) as after:
                messages = after.rows("trial", start=start)
                positions = [f"{snapshot.partition}:{offset}" for offset in range(start, start + len(records))]
                bad = after.rows("rejected", reasons=None, positions=positions, whole=False)
                sites = [it["site"] for it in after.rows("trial_sites", start=start)]
                was, now = (_tallies(it, sites) for it in (before, after))
    faults = [f"{it['field'] or 'event'}: expected {it['expected']}, found {it['found']}" for it in bad]
    gone = [it for cell, it in was.items() if now.get(cell) != it]
    come = [it for cell, it in now.items() if was.get(cell) != it]
    return Effect(result.applied, result.duplicates, faults, gone, come, messages)


def _beside(snapshot: Snapshot, folder: Path) -> tuple[Path, Path, Reader]:
    """A folder with a copy of a snapshot, the copy, and a reader of what it was copied from."""
    copy, original = folder / "after" / snapshot.path.name, folder / "before" / snapshot.path.name
    for it in (copy, original):
        it.parent.mkdir()
    original.symlink_to(snapshot.path.absolute())
    while True:
        reader = Reader(original.parent)
        shutil.copyfile(snapshot.path, copy)
        if published(original.parent) == reader.snapshots:
            return copy.parent, copy, reader
        reader.close()  # a newer one took its place meanwhile


def _tallies(reader: Reader, sites: Sequence[str]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The tallies of some sites, by cell."""
    return {(it["timeline"], it["site"], it["class"]): it for it in reader.rows("tallies", **ALL, sites=sites)}
