"""Members in lines say what each says for itself: all short lines of members, held against their spells one by one."""

from collections.abc import Iterator, Sequence
from itertools import product

import pytest

from projections.rules.lines import MOST, Lines
from projections.rules.model import FOREVER, Bounds, Member, Rule
from projections.rules.proof import proof_of
from projections.rules.spells import Spell, changes_of, line_of, spells_of
from projections.rules.words import Measure
from tests.projections.rules.test_spells import CASES

BY_RULE = pytest.mark.parametrize("rule", CASES.values(), ids=CASES.keys())
SAID = ("aaa", "aba", "baa", "abc")  # by three members
WHEN = range(16)


def members_of(ats: Sequence[int], said: Sequence[str]) -> list[Member]:
    """Members that say so, numbered so that the last is between the others; all that say the same weigh the same."""
    weights = {"a": 2, "b": 3, "c": 4}
    return [
        Member(at, number, value, weights[value], Bounds(weights[value], 9, 9, 0, 0))
        for number, at, value in zip((9, 7, 8), ats, said, strict=True)
    ]


def short() -> Iterator[list[Member]]:
    for ats, said in product(product((0, 1, 2, 4), repeat=3), SAID):
        yield members_of(ats, said)


def owned(rule: Rule, members: Sequence[Member]) -> dict[Member, list[Spell]]:
    """The spells of each member, between its neighbours."""
    found = {}
    for value in {line_of(rule, it) for it in members}:
        line = [it for it in sorted(members) if line_of(rule, it) == value]
        for before, it, after in zip([None, *line], line, [*line[1:], None], strict=False):
            found[it] = list(spells_of(rule, it, before, after))
    return dict(sorted(found.items()))


def all_of(rule: Rule, members: Sequence[Member]) -> list[Spell]:
    return [spell for those in owned(rule, members).values() for spell in those]


def highest(rule: Rule, members: Sequence[Member]) -> int:
    value, values = 0, [0]
    for _, delta in changes_of(all_of(rule, members)):
        value += delta
        values.append(value)
    return max(values)


@BY_RULE
def test_what_members_do_together_is_what_each_does(rule: Rule) -> None:
    """Given three members, when they are put in line, then all that is asked of them is what their spells say."""
    for members in short():
        lines, by_hand = Lines(rule, members), owned(rule, members)

        assert lines.all() == sorted(members)
        assert (len(lines), lines.many) == (len({line_of(rule, it) for it in members}), 3)
        assert sorted(lines.spells()) == sorted(all_of(rule, members))
        assert Lines(rule).proof(0) == ([], None)
        assert [lines.proof(at) for at in WHEN] == [
            proof_of(
                [it for it, those in by_hand.items() if any(spell.covers(at) and spell.weight > 0 for spell in those)]
            )
            for at in WHEN
        ]
        for at in WHEN:
            adding = lines.adding(at)
            assert adding.keys() == {it for it, those in by_hand.items() if any(spell.covers(at) for spell in those)}
            for it, (start, end, weight) in adding.items():
                assert start == at
                now = [
                    sum(spell.weight for spell in by_hand[it] if spell.covers(then)) for then in range(at, min(end, 30))
                ]
                assert set(now) == {weight}
                assert not any(it.end == end and it.covers(end) for it in by_hand[it])


@BY_RULE
def test_one_that_comes_or_goes_changes_what_differs(rule: Rule) -> None:
    """Given two members, when a third comes and goes again, then V changes as the spells do, and evidence with it."""
    for members in short():
        *two, third = members
        lines = Lines(rule, two)
        differs = changes_of([*all_of(rule, members), *(it._replace(weight=-it.weight) for it in all_of(rule, two))])
        back = [(at, -delta) for at, delta in differs]
        proofs = [Lines(rule, those).proof(at) for those in (two, members) for at in WHEN]
        before, after = proofs[: len(WHEN)], proofs[len(WHEN) :]
        changed = {at for at in WHEN if proofs[at] != proofs[at + len(WHEN)]}

        assert changes_of(lines.effect(third)) == differs
        assert lines.has(third) == any(line_of(rule, it) == line_of(rule, third) for it in two)
        for noted in (None, list[Spell]()):
            come, gone = noted, None if noted is None else list[Spell]()
            assert changes_of(lines.put(third, come)) == differs
            assert lines.all() == sorted(members)
            assert [lines.proof(at) for at in WHEN] == after
            assert changes_of(lines.take(third, gone)) == back
            assert (lines.all(), lines.many) == (sorted(two), 2)
            assert [lines.proof(at) for at in WHEN] == before
            for moved in (come, gone):
                there = changed if moved is None else {at for at in WHEN for it in moved if it.covers(at)}
                assert changed <= there if rule.measure is Measure.SURGE else changed == there
        lines.add(third)
        assert (lines.all(), lines.many) == (sorted(members), 3)


@BY_RULE
def test_all_may_go_and_come_back(rule: Rule) -> None:
    """Given three members, when they go one by one, then nothing is left; when they come back, all is as it was."""
    for members in short():
        lines = Lines(rule, members)
        for left, it in enumerate(members, 1):
            lines.take(it)
            assert lines.all() == sorted(members[left:])
        assert (lines.all(), lines.many, len(lines)) == ([], 0, 0)
        assert [lines.last(it) for it in members] == [None] * 3

        for it in members:
            lines.put(it)

        assert lines.all() == sorted(members)
        assert [lines.last(it) for it in members] == [
            max(other.at for other in members if line_of(rule, other) == line_of(rule, it)) for it in members
        ]


NEAR = [it for it in CASES.items() if it[1].measure in (Measure.SUM, Measure.DISTINCT, Measure.SURGE)]


@pytest.mark.parametrize("rule", [rule for _, rule in NEAR], ids=[name for name, _ in NEAR])
def test_v_comes_to_no_more_than_what_is_near_adds_up_to(rule: Rule) -> None:
    """Given two members, when a third comes, then V where it counts is at most what was foretold of it."""
    for members in short():
        *two, third = members
        most = Lines(rule, two).most(third)

        there = [it for it in WHEN if third.at <= it < third.at + rule.window]
        spells = all_of(rule, members)
        assert max(sum(it.weight for it in spells if it.covers(at)) for at in there) <= most


@pytest.mark.parametrize(
    ("measure", "alone", "beside"),
    [(Measure.SUM, 3, 5), (Measure.DISTINCT, 1, 2), (Measure.SURGE, 2, 4)],
    ids=["sum", "distinct", "surge"],
)
def test_what_is_a_window_away_is_not_near(measure: Measure, alone: int, beside: int) -> None:
    """Given a window of three days, when one is three days away, then it is not reckoned with; nearer it is."""
    rule, it = Rule("r", (2,), window=3, preceding=2, measure=measure), Member(10, 5, "b", 3)

    found = {at: Lines(rule, [Member(at, 1, "a", 2)]).most(it) for at in (7, 8, 12, 13)}

    assert found == {7: alone, 8: beside, 12: beside, 13: alone}


@pytest.mark.parametrize("measure", [Measure.SUM, Measure.DISTINCT, Measure.SURGE])
def test_a_crowd_is_not_added_up(measure: Measure) -> None:
    """Given more members at one instant than are added up, then V has to be asked: there is no telling how much."""
    rule = Rule("r", (2,), window=3, measure=measure)
    crowd = [Member(1, number, str(number)) for number in range(MOST + 1)]
    earlier = [] if measure is Measure.DISTINCT else [Member(-9, number) for number in range(MOST)]

    assert Lines(rule, crowd).most(Member(1, 999)) == FOREVER
    assert Lines(rule, crowd[1:] + earlier).most(Member(1, 999)) < FOREVER
