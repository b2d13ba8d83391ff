"""A batch that may still grow: its messages are told at once, its rows are written together, later (docs/adr/0018)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from projections.batch import Batch
from projections.reading import Bad, First, Read


@dataclass(slots=True)
class Growing:
    """What was applied and is not written yet."""

    clocks: Mapping[str, int]  # timeline -> clock before it, µs
    end: int  # the next offset to apply
    batch: Batch = field(default_factory=Batch)
    those: list[Read | Bad] = field(default_factory=list)  # its records, in order
    first: dict[str, First | Read] = field(default_factory=dict)  # event id -> what was applied under it
