"""Measures as spells: while a spell lasts, it adds its weight to V. V(t) = the weights of those with start <= t < end.

    count, sum   [at, at + window), 1 or the quantity
    distinct     [at, at + window), cut at the next of the same value: the newest of each value stands for it
    new          [at, at + window), where there is none of that value before, and from `learn_until` on
    surge (n)    [at, at + window) adds n, the n windows after that take 1: n * (this window - mean of the n before)
    silence      [at + level, next), for each level: what the level has over the one below

What spells a member has depends on itself and its two neighbours of the same line, and on nothing else; so one
evaluator serves every measure, and one changed incident changes at most three incidents' spells.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from projections.rules.model import FOREVER, Member, Rule
from projections.rules.words import Measure


class Spell(NamedTuple):
    """[start, end) in µs, and what it adds to V."""

    start: int
    end: int
    weight: int

    def covers(self, at: int) -> bool:
        """Whether the spell counts at an instant."""
        return self.start <= at < self.end


def line_of(rule: Rule, it: Member) -> str | None:
    """What a member shares with its neighbours; None where neighbours do not matter."""
    if rule.measure in (Measure.DISTINCT, Measure.NEW):
        return it.value
    return "" if rule.measure is Measure.SILENCE else None


def spell_of(rule: Rule, it: Member) -> Spell:
    """The spell of a member that is counted."""
    return Spell(it.at, min(it.at + rule.window, FOREVER), 1)


def spells_of(rule: Rule, it: Member, before: Member | None = None, after: Member | None = None) -> Iterator[Spell]:
    """The spells of a member between its neighbours; empty ones are left out."""
    made = OF.get(rule.measure)
    those = made(rule, it, before, after) if made else (spell_of(rule, it),)
    return (spell for spell in those if spell.start < spell.end)


def _sum(rule: Rule, it: Member, _before: Member | None, _after: Member | None) -> Iterable[Spell]:
    return (spell_of(rule, it)._replace(weight=it.weight),)


def _distinct(rule: Rule, it: Member, _before: Member | None, after: Member | None) -> Iterable[Spell]:
    whole = spell_of(rule, it)
    return (whole._replace(end=min(whole.end, after.at)),) if after else (whole,)


def _new(rule: Rule, it: Member, before: Member | None, _after: Member | None) -> Iterable[Spell]:
    return (spell_of(rule, it),) if before is None and it.at >= rule.learn_until else ()


def _surge(rule: Rule, it: Member, _before: Member | None, _after: Member | None) -> Iterable[Spell]:
    whole = spell_of(rule, it)
    yield whole._replace(weight=rule.preceding)
    yield Spell(whole.end, whole.end + rule.preceding * rule.window, -1)


def _silence(rule: Rule, it: Member, _before: Member | None, after: Member | None) -> Iterable[Spell]:
    end = after.at if after else FOREVER
    return (Spell(it.at + level, end, level - below) for below, level in pairwise((0, *rule.levels)))


Made = Callable[[Rule, Member, Member | None, Member | None], Iterable[Spell]]
OF: Final[Mapping[Measure, Made]] = {
    Measure.SUM: _sum,
    Measure.DISTINCT: _distinct,
    Measure.NEW: _new,
    Measure.SURGE: _surge,
    Measure.SILENCE: _silence,
}


def brought(rule: Rule, at: int, weight: int, before: int | None, after: int | None) -> list[Spell]:
    """What a member does to V when it comes between two neighbours, as it is or theirs change; taken out, the opposite.

    The same as `spells_of` it and its neighbours, with it less without it.
    """
    end, last = min(at + rule.window, FOREVER), FOREVER if after is None else after
    if rule.measure is Measure.SURGE:
        return [Spell(at, end, rule.preceding), Spell(end, end + rule.preceding * rule.window, -1)]
    if rule.measure is Measure.NEW:
        return [] if before is not None else _first(rule, at, after)
    if rule.measure is Measure.SILENCE:
        return _heard(rule, at, before, last)
    if rule.measure is Measure.DISTINCT:
        start, end = at if before is None else max(at, before + rule.window), min(end, last)
        return [Spell(start, end, 1)] if start < end else []
    return [Spell(at, end, weight)]


def _first(rule: Rule, at: int, after: int | None) -> list[Spell]:
    """What a value does to V that came later before."""
    mine = [Spell(at, min(at + rule.window, FOREVER), 1)] if at >= rule.learn_until else []
    if after is None or after < rule.learn_until:
        return mine
    return exchanged([Spell(after, min(after + rule.window, FOREVER), 1)], mine)


def _heard(rule: Rule, at: int, before: int | None, last: int) -> list[Spell]:
    """What ends silence, and begins another."""
    found, below = list[Spell](), 0
    for level in rule.levels:
        start, end = at + level, last
        if before is not None:
            start, end = max(at, before + level), min(start, last)
        if start < end:
            found.append(Spell(start, end, level - below if before is None else below - level))
        below = level
    return found


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
