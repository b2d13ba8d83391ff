"""What makes a value: the incidents behind it, and what they come to by the bounds of what is summed."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from projections.rules.model import Bounds, Member
from projections.rules.pieces import Pieces

Numbers = Sequence[int] | Pieces  # of incidents, in order of (instant, number)


class Proof(NamedTuple):
    """What makes a value."""

    numbers: Numbers
    bounds: Bounds | None = None  # of a sum, over them


def proof_of(members: Sequence[Member]) -> Proof:
    """What members, in order, make together; an incident of several values is as many members."""
    return Proof(list(dict.fromkeys(it.number for it in members)), total([it.bounds for it in members]))


def total(those: Collection[Bounds | None]) -> Bounds | None:
    """The sum of quantities by their bounds; None if there are none."""
    bounds = [it for it in those if it is not None]
    return Bounds(*map(sum, zip(*bounds, strict=True))) if bounds else None
