"""The rows that a batch leaves behind, gathered event by event. Pure."""

from collections import defaultdict
from collections.abc import Sequence

from events.errors import EventRejected
from events.log import Record
from events.model import TimelineOpened
from projections.fold import Change
from projections.known import Known
from projections.reading import First, Read
from projections.rows import Row, event_row, rejected_row, store_row, timeline_row, version_row

KNOWN_UNTIL = 8  # its place in a row of `incident_versions`


class Batch:
    """What one transaction writes, by table."""

    def __init__(self) -> None:
        self.rows: defaultdict[str, list[Row]] = defaultdict(list)
        self.superseded: list[Row] = []  # versions of earlier batches: (number, version, known_until)
        self.closed: list[Row] = []  # versions of episodes, of earlier batches: (number, known_until)
        self.timelines: set[str] = set()  # whose clock may have moved
        self.clocks: list[Row] = []  # where it stands now: (timeline, clock, projection version)
        self._here: dict[int, int] = {}  # incident number -> index of its newest version among the rows

    def applied(self, it: Read, changes: Sequence[Change], known: Known) -> Row:
        """Note an event that was applied; its row."""
        event, offset = it.event, it.record.offset
        clock = known.timelines[event.timeline].clock
        self.timelines.add(event.timeline)
        row = event_row(it, clock)
        self.rows["events"].append(row)
        if isinstance(event.fact, TimelineOpened):
            self.rows["timelines"].append(timeline_row(event.timeline, known.timelines[event.timeline]))
        if kept := store_row(event, offset):
            self.rows[kept[0]].append(kept[1])
        for change in changes:
            if change.before is None or change.before.version < change.after.version:  # else its actor was regrouped
                self._version(change, offset, word_for(event.type), clock)
        return row

    def rejected(self, record: Record, why: EventRejected, known_at: int | None) -> None:
        """Note a record that is set aside."""
        self.rows["rejected"].append(rejected_row(record, why, known_at))

    def duplicate(self, it: Read, first: First) -> None:
        """Note an event that came again."""
        self.rows["duplicates"].append((it.record.offset, it.event.event_id, first.offset))

    def close(self, known: Known) -> None:
        """Note where the clocks stand now; of a register that was told twice, only the last counts."""
        moved = ((name, known.timelines[name]) for name in sorted(self.timelines))
        self.clocks = [(name, it.clock, it.projection_version) for name, it in moved]
        for table in ("sites", "actors", "documents"):
            if rows := self.rows.get(table):
                self.rows[table] = list({row[:2]: row for row in rows}.values())

    def _version(self, change: Change, offset: int, word: str, clock: int) -> None:
        before, after = change
        versions = self.rows["incident_versions"]
        if before is not None:
            index = self._here.get(before.number)
            if index is None:
                self.superseded.append((before.number, before.version, clock))
            else:
                row = versions[index]
                versions[index] = (*row[:KNOWN_UNTIL], clock, *row[KNOWN_UNTIL + 1 :])
        self._here[after.number] = len(versions)
        versions.append(version_row(after, offset, word, clock, None))


def word_for(type_: str) -> str:
    """What an event did to an incident: reported, corrected, retracted, merged, split, registered (its site was)."""
    return type_.split(".")[2]
