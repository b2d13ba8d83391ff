"""Measures as spells: while a spell lasts, it adds its weight to V. V(t) = the weights of those with start <= t < end.

    count    [at, at + window), 1

What spells a member has depends on itself and its two neighbours of the same key, and on nothing else; so one evaluator
serves every measure, and one changed incident changes at most three incidents' spells.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from projections.rules.model import FOREVER, Member, Rule


class Spell(NamedTuple):
    """[start, end) in µs, and what it adds to V."""

    start: int
    end: int
    weight: int

    def covers(self, at: int) -> bool:
        """Whether the spell counts at an instant."""
        return self.start <= at < self.end


def spell_of(rule: Rule, it: Member) -> Spell:
    """The spell of a member."""
    return Spell(it.at, min(it.at + rule.window, FOREVER), it.weight)


def changes_of(spells: Sequence[Spell]) -> list[tuple[int, int]]:
    """(change point, change of V there) of spells together, in order; points that change nothing are left out."""
    deltas: dict[int, int] = {}
    for start, _, weight in spells:  # all starts, then all ends: two runs, so little to sort
        deltas[start] = deltas.get(start, 0) + weight
    for _, end, weight in spells:
        if end < FOREVER:
            deltas[end] = deltas.get(end, 0) - weight
    return [(at, deltas[at]) for at in sorted(deltas) if deltas[at]]


def exchanged(lost: Sequence[Spell], gained: Sequence[Spell]) -> list[Spell]:
    """What exchanging spells does to V: stretches apart from one another, in order."""
    points = [*changes_of([*gained, *(Spell(start, end, -weight) for start, end, weight in lost)]), (FOREVER, 0)]
    sums = accumulate(delta for _, delta in points)
    return [Spell(at, end, total) for ((at, _), (end, _)), total in zip(pairwise(points), sums, strict=False) if total]
