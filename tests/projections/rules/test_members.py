"""The incidents of a group, held against a sorted list."""

from hypothesis import event as seen
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.members import Members
from projections.rules.model import FOREVER, Member, Rule
from tests.projections.rules import reference
from tests.projections.rules.histories import examples

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
    assert members.between(after, until) == [number for at, number in standing if after < at <= until]


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
        assert members.between(-FOREVER, FOREVER) == [it.number for it in inside]
        assert members.last == max((it.at for it in inside), default=-FOREVER)
        assert members.count == len(inside)
