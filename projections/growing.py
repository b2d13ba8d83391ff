"""A batch that may still grow: its messages are told at once, its rows are written together, later (docs/adr/0018)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from projections.batch import Batch
from projections.reading import Bad, First, Read, first_of


@dataclass(slots=True)
class Growing:
    """What was applied and is not written yet."""

    clocks: Mapping[str, int]  # timeline -> clock before it, µs
    end: int  # the next offset to apply
    batch: Batch = field(default_factory=Batch)
    those: list[Read | Bad] = field(default_factory=list)  # its records, in order
    first: dict[str, First | Read] = field(default_factory=dict)  # event id -> what was applied under it

    def applied(self, identities: Collection[int]) -> dict[str, First]:
        """What was applied with it under ids with these fingerprints."""
        wanted = frozenset(identities)
        return {
            name: first_of(it)
            for name, it in self.first.items()
            if isinstance(it, Read) and it.event.identity in wanted
        }
