"""A projection in a temporary folder, of events that stand in no log: what follows from them?"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from events.codec import to_record
from events.log import Event
from projections.apply import apply_batch
from projections.store.file import PartitionFile

Row = dict[str, Any]
REJECTED: Final = "SELECT event_offset, field, expected, found FROM rejected WHERE event_offset >= ? ORDER BY ALL"
EPISODES: Final = """
SELECT rule, group_key, severity, epoch_us(opened_at) AS opened_at, epoch_us(ended_at) AS ended_at, value,
    epoch_us(peak_at) AS peak_at
FROM episodes WHERE timeline = ? ORDER BY opened_at, group_key"""
MESSAGES: Final = """
SELECT event_offset, body FROM alert_messages WHERE timeline = ? AND event_offset >= ? ORDER BY event_offset, seq"""


class Scratch:
    """A file to try events on; timelines know nothing of one another."""

    def __init__(self, file: PartitionFile) -> None:
        self._file = file

    @property
    def next_offset(self) -> int:
        """Where the next event comes to stand."""
        return self._file.next_offset

    def apply(self, events: Sequence[Event]) -> list[tuple[int, str]]:
        """Apply events; the places of those that were rejected, and why."""
        start = self._file.next_offset
        records = [to_record(event, offset) for offset, event in enumerate(events, start)]
        apply_batch(self._file, records, start, start + len(records))
        return [
            (offset - start, f"{f'{field}: ' if field else ''}expected {expected}, found {found}")
            for offset, field, expected, found in self._file.con.execute(REJECTED, [start]).fetchall()
        ]

    def episodes(self, timeline: str) -> list[Row]:
        """The episodes of a timeline as they are now, instants in µs, by opening and group."""
        found = self._file.con.execute(EPISODES, [timeline])
        names = [it[0] for it in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return [{**row, "group": json.loads(row.pop("group_key"))} for row in rows]

    def messages(self, timeline: str, begin: int) -> list[tuple[int, Row]]:
        """The messages of a timeline that events from an offset on caused, each with that offset, as they were told."""
        found = self._file.con.execute(MESSAGES, [timeline, begin]).fetchall()
        return [(offset, json.loads(body)) for offset, body in found]


@contextmanager
def scratch() -> Iterator[Scratch]:
    """A file that is empty, and gone afterwards."""
    with TemporaryDirectory(prefix="tocsin-scratch-") as folder:
        file = PartitionFile(Path(folder) / "p0.duckdb", 0, 1)
        try:
            yield Scratch(file)
        finally:
            file.close()
