"""The incidents of a group, held against a sorted list."""

from collections.abc import Iterator, Sequence
from itertools import chain, combinations_with_replacement, count, pairwise, permutations, product

import pytest
from hypothesis import event as seen
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.members import Members
from projections.rules.model import FOREVER, Member, Rule
from projections.rules.pieces import Pieces
from tests.projections.rules import reference
from tests.projections.rules.histories import examples

Handed = tuple[Pieces, list[int]]  # what was handed out, and what it was then
STANDING = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 99)), max_size=30, unique=True)


@examples(150)
@given(those=STANDING, data=st.data())
def test_members_are_found_by_when_they_happened(those: list[tuple[int, int]], data: st.DataObject) -> None:
    """Given incidents told in any order, and some taken back, then a window holds those that are left."""
    early = data.draw(st.integers(0, len(those)))
    members = Members(sorted(those[:early]), block=2)
    for at, number in those[early:]:
        members.add(at, number)
    gone = data.draw(st.sets(st.sampled_from(those))) if those else set()
    for at, number in gone:
        members.remove(at, number)

    after, until = data.draw(st.integers(-1, 9)), data.draw(st.integers(-1, 9))

    standing = sorted(set(those) - gone)
    assert [*members.between(after, until)] == [number for at, number in standing if after < at <= until]


@examples(400)
@given(
    level=st.integers(1, 6),
    window=st.integers(1, 9) | st.just(FOREVER),
    block=st.integers(2, 5),
    those=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=40),
)
def test_members_know_whether_one_more_reaches_a_level(
    level: int, window: int, block: int, those: list[tuple[int, int]]
) -> None:
    """Given members that come and go, when one more comes, then it stays out if a window with it would hold the level.

    Or if it is too crowded to tell. When it comes in all the same, the first such window is found.
    """
    rule, members, inside = Rule("r", (1,), window=window), Members(block=block), list[Member]()

    for number, (at, kind) in enumerate(those):
        both = sorted([*inside, Member(at, number)])
        reached = [it.at for it in both if at <= it.at < at + window and reference.value(rule, both, it.at) >= level]
        if kind == 0 and inside:
            gone = inside.pop(at % len(inside))
            members.remove(gone.at, gone.number)
        elif members.put(at, number, level, window):
            assert not reached
            inside = both
        else:
            crowded = len(inside) > 8 * block // 2
            seen("reached" if reached else "crowded")
            assert reached or crowded
            if kind == 1:  # windows that held the level before may be found, too
                members.add(at, number)
                found = members.first(level, at, window)
                assert found in reached or (found is None and crowded)
                members.remove(at, number)
        assert [*members.between(-FOREVER, FOREVER)] == [it.number for it in inside]
        assert members.last == max((it.at for it in inside), default=-FOREVER)
        assert members.count == len(inside)


INSTANTS = range(-2, 3)
WINDOWS = (1, 2, 3, FOREVER)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_one_more_reaches_a_level_where_a_window_with_it_holds_so_many(level: int) -> None:
    """Given any few members, when one more comes, then it stays out just if some window with it holds the level.

    If it comes in all the same, the first such window is found: nothing is crowded here.
    """
    for window, at, others in product(WINDOWS, INSTANTS, few(INSTANTS, 5)):
        those = [*map(Member, others, count())]
        new = Member(at, len(others))
        rule, both = Rule("r", (1,), window=window), sorted([*those, new])
        held = [(it, reference.value(rule, both, it)) for it in others if at <= it < at + window]
        full = [it for it, value in [(at, reference.value(rule, both, at)), *held] if value >= level]

        members = Members(those, block=2)

        assert members.put(*new[:2], level, window) is not bool(full), (window, at, others)
        if not any(reference.value(rule, those, it) >= level for it in others):  # none held as many before
            if full:
                members.add(*new[:2])
            assert members.first(level, at, window) == min(full, default=None)


def few(instants: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
    """Every choice of instants, in order."""
    return chain.from_iterable(combinations_with_replacement(instants, many) for many in range(most + 1))


ALIKE = [(0, 7), (1, 1), (1, 2), (1, 3), (2, 0)]


def test_members_that_come_go_and_come_back_are_where_they_belong() -> None:
    """Given members of one instant and around it, in any order, then each can go and come back."""
    for told in permutations(ALIKE):
        members, expected = Members(block=2), list[tuple[int, int]]()
        for here in (told, told[::-1]):
            for it in here:
                members.add(*it)
                expected = sorted([*expected, it])
                check(members, expected)
            for it in here:
                members.remove(*it)
                expected.remove(it)
                check(members, expected)


def check(members: Members, expected: Sequence[tuple[int, int]]) -> None:
    assert [*members.all()] == expected
    for after, until in product(range(-1, 3), range(-1, 4)):
        assert [*members.between(after, until)] == [number for at, number in expected if after < at <= until]
    assert (members.count, members.last) == (len(expected), expected[-1][0] if expected else -FOREVER)


@pytest.mark.parametrize("early", [0, 100], ids=["one by one", "at once"])
def test_where_it_is_crowded_nobody_says(early: int) -> None:
    """Given two members in each block, when more than eight blocks are around a window, then nobody looks at it.

    They are days 43 to 57, 42 to 58, 44 to 58 and 43 to 59.
    """
    those = [Member(at, at) for at in range(100)]
    members = Members(those[:early], block=2)
    for it in those[early:]:
        members.add(it.at, it.number)

    found = {(at, window): members.first(window, at, window) for at in (50, 51) for window in (7, 8)}

    assert found == {(50, 7): 50, (50, 8): None, (51, 7): 51, (51, 8): None}
    assert members.put(50, 100, 9, 7)
    assert not members.put(50, 101, 99, 8)


def test_a_window_without_the_instant_is_not_its_own() -> None:
    """Given two on day 5, when one comes on day 0, then windows of five days that have it hold one, as before."""
    members = Members([Member(0, 1), Member(5, 2), Member(5, 3)])

    assert members.first(2, 0, 5) is None
    assert members.first(2, 0, 6) == 5


@examples(150)
@given(
    those=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 99)), max_size=30, unique_by=lambda it: it[1]),
    data=st.data(),
)
def test_what_was_handed_out_stays_as_it_was(those: list[tuple[int, int]], data: st.DataObject) -> None:
    """Given the numbers of a window, when members come and go after that, then these numbers are still those of before.

    And what came and went is found in their place, though blocks that nobody changed are not looked into.
    """
    early = data.draw(st.integers(0, len(those)))
    members, expected, handed = Members(sorted(those[:early]), block=2), {*those[:early]}, list[Handed]()
    for come, one in [(True, it) for it in those[early:]] + [(False, it) for it in data.draw(st.permutations(those))]:
        found, right = members.between(-1, 8), [number for _, number in sorted(expected)]
        handed.append((found if isinstance(found, Pieces) else Pieces([found]), right))
        (members.add if come else members.remove)(*one)
        expected ^= {one}

    assert [[*found] for found, _ in handed] == [right for _, right in handed]
    for (earlier, was), (later, now) in pairwise(handed):
        assert earlier.exchanged(later) == ({*was} - {*now}, {*now} - {*was})
        assert (len(later), later.last(3)) == (len(now), now[-3:])
        assert (earlier == later) is (was == now)
        assert later == now
        assert later != len(now)
