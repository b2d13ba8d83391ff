"""A batch that may still grow: its messages are told at once, its rows are written together, later (docs/adr/0018)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from projections.batch import Batch
from projections.reading import First
from projections.rows import IDENTITY, Row, first_in


@dataclass(slots=True)
class Growing:
    """What was applied and is not written yet."""

    clocks: Mapping[str, int]  # timeline -> clock before it, µs
    end: int  # the next offset to apply
    batch: Batch = field(default_factory=Batch)
    marks: list[tuple[int, str]] = field(default_factory=list)  # its records, in order: offset, hash
    first: dict[str, First] = field(default_factory=dict)  # event id -> what was applied under it before
    here: dict[str, Row] = field(default_factory=dict)  # event id -> the row of what was applied under it here

    def before(self, event_id: str) -> First | None:
        """The event that was applied under an id, here or before."""
        row = self.here.get(event_id)
        return self.first.get(event_id) if row is None else first_in(row)

    def applied(self, identities: Collection[int]) -> dict[str, First]:
        """What was applied here under ids with these fingerprints."""
        wanted = frozenset(identities)
        return {name: first_in(row) for name, row in self.here.items() if row[IDENTITY] in wanted}
