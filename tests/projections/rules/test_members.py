"""The incidents of a group, held against a sorted list."""

from hypothesis import given
from hypothesis import strategies as st

from projections.rules.members import Members
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
