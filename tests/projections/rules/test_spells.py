"""What one member more does to V, held against the spells with it and without it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

import pytest

from projections.rules.model import FOREVER, Member, Rule
from projections.rules.spells import Spell, brought, changes_of, exchanged, spells_of
from projections.rules.words import Measure

RULE = Rule("r", (2, 5), window=3, preceding=2)
CASES = {
    "sum": replace(RULE, measure=Measure.SUM),
    "distinct": replace(RULE, measure=Measure.DISTINCT),
    "distinct without end": replace(RULE, measure=Measure.DISTINCT, window=FOREVER),
    "new": replace(RULE, measure=Measure.NEW),
    "new after learning": replace(RULE, measure=Measure.NEW, learn_until=4),
    "new without end": replace(RULE, measure=Measure.NEW, learn_until=4, window=FOREVER),
    "surge": replace(RULE, measure=Measure.SURGE),
    "silence": replace(RULE, measure=Measure.SILENCE, window=FOREVER),
}
INSTANTS = range(9)


@pytest.mark.parametrize("rule", CASES.values(), ids=CASES.keys())
def test_a_member_brings_what_differs_with_it(rule: Rule) -> None:
    """Given neighbours at any distance, or none, when a member comes between, then V changes as the spells do."""
    for before, at, after in product((None, *INSTANTS), INSTANTS, (None, *INSTANTS)):
        if (before is None or before <= at) and (after is None or at <= after):
            line = [
                None if it is None else Member(it, number, weight=7) for number, it in enumerate((before, at, after))
            ]

            with_it, without = spells(rule, line), spells(rule, [line[0], line[2]])

            expected = changes_of([*with_it, *(it._replace(weight=-it.weight) for it in without)])
            assert changes_of(brought(rule, at, 7, before, after)) == expected, (before, at, after)


def spells(rule: Rule, line: Iterable[Member | None]) -> Iterator[Spell]:
    """Those of members in order; None is none."""
    those = [it for it in line if it is not None]
    for before, it, after in zip([None, *those], those, [*those[1:], None], strict=False):
        yield from spells_of(rule, it, before, after)


def test_what_is_exchanged_for_the_same_changes_nothing() -> None:
    """Given spells, when others come in their place, then V changes only where the ones are and the others are not."""
    assert exchanged([Spell(1, 5, 2)], [Spell(1, 5, 2)]) == []
    assert exchanged([Spell(1, 5, 2)], [Spell(3, FOREVER, 2)]) == [Spell(1, 3, -2), Spell(5, FOREVER, 2)]
    assert exchanged([], [Spell(1, 3, 1), Spell(3, 4, 1), Spell(2, 3, 1)]) == [
        Spell(1, 2, 1),
        Spell(2, 3, 2),
        Spell(3, 4, 1),
    ]


def test_what_has_no_end_never_changes_back() -> None:
    """Given a spell without end, when its change points are asked for, then its beginning is the only one."""
    assert changes_of([Spell(1, FOREVER, 1), Spell(2, 3, 1)]) == [(1, 1), (2, 1), (3, -1)]
