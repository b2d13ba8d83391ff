"""V and its change points, held against a plain list of changes."""

from collections.abc import Callable
from itertools import combinations, combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.model import FOREVER
from projections.rules.steps import Steps
from tests.projections.rules.histories import examples

CHANGES = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([-2, -1, 1, 1, 2, 3])), max_size=60)
INSTANTS = st.integers(-2, 33)
BOUNDS = st.integers(-6, 9)


class Plain:
    """V(t) by definition."""

    def __init__(self, changes: list[tuple[int, int]]) -> None:
        self.changes = changes
        self.points = sorted({at for at, _ in changes if sum(delta for other, delta in changes if other == at)})

    def value(self, at: int) -> int:
        return sum(delta for other, delta in self.changes if other <= at)

    def between(self, start: int, end: int) -> list[tuple[int, int]]:
        """(V, instant) of the change points in [start, end)."""
        return [(self.value(at), at) for at in self.points if start <= at < end]


def both(early: list[tuple[int, int]], later: list[tuple[int, int]]) -> tuple[Steps, Plain]:
    """The same changes, some there from the beginning; in blocks of two to three points, or of ten, in rows of two."""
    plain = Plain(early)
    first = [(at, sum(delta for other, delta in early if other == at)) for at in plain.points]
    steps = Steps(first, block=2 if len(early) % 2 else 10, row=2)
    one_by_one, together = later[::2], Plain(later[1::2])
    for at, delta in one_by_one:
        steps.add(at, delta)
    steps.extend([(at, together.value(at) - together.value(at - 1)) for at in together.points])
    return steps, Plain([*early, *later])


@examples(100)
@given(early=CHANGES, later=CHANGES, at=INSTANTS)
def test_a_value_is_the_sum_of_the_changes_so_far(
    early: list[tuple[int, int]], later: list[tuple[int, int]], at: int
) -> None:
    """Given any changes in any order, when V is asked for, then it is the sum of those up to then."""
    steps, plain = both(early, later)

    assert steps.value(at) == plain.value(at)


@examples(150)
@given(early=CHANGES, later=CHANGES, stretch=st.tuples(INSTANTS, INSTANTS), bounds=st.tuples(BOUNDS, BOUNDS))
def test_the_first_point_outside_is_the_first_by_definition(
    early: list[tuple[int, int]], later: list[tuple[int, int]], stretch: tuple[int, int], bounds: tuple[int, int]
) -> None:
    """Given any changes, when the first point outside [low, high) is asked for, then none before it is outside."""
    steps, plain = both(early, later)

    for low, high in (bounds, (-FOREVER, bounds[1]), (bounds[0], FOREVER)):
        outside = [at for value, at in plain.between(*stretch) if not low <= value < high]
        assert steps.first_outside(low, high, *stretch) == (outside[0] if outside else None)


@examples(100)
@given(early=CHANGES, later=CHANGES, before=INSTANTS, high=BOUNDS)
def test_the_last_point_reaching_is_the_last_by_definition(
    early: list[tuple[int, int]], later: list[tuple[int, int]], before: int, high: int
) -> None:
    """Given any changes, when the last point that reaches a value is asked for, then none after it does."""
    steps, plain = both(early, later)

    reaching = [at for value, at in plain.between(-FOREVER, before) if value >= high]

    assert steps.last_reaching(high, before) == (reaching[-1] if reaching else None)


@examples(100)
@given(early=CHANGES, later=CHANGES, start=INSTANTS, length=st.integers(0, 36))
def test_the_peak_is_the_greatest_value_where_it_is_first(
    early: list[tuple[int, int]], later: list[tuple[int, int]], start: int, length: int
) -> None:
    """Given any changes, when the peak of a stretch is asked for, then it is the greatest value, where it is first."""
    steps, plain = both(early, later)

    found = plain.between(start, start + length)

    if found:
        assert steps.peak(start, start + length) == max(found, key=lambda it: (it[0], -it[1]))
    else:
        assert steps.peak(start, start + length)[0] == -FOREVER


Points = list[tuple[int, int]]
UPS_AND_DOWNS = (2, -1, 3, -4, 1, -2, 1, 4, -3, -1)
STILL = range(6, 12)  # nothing happens there, or nothing for long
MOVING = [*range(STILL.start), *range(STILL.stop, 23)]
WAVES = [Plain([(MOVING[place * by % 17], UPS_AND_DOWNS[(place + by) % 10]) for place in range(24)]) for by in (3, 7)]
# How the points come: there at the beginning, then one by one, then together.
PATHS: dict[str, Callable[[Points], tuple[Points, Points, Points]]] = {
    "at once": lambda points: (points, [], []),
    "one by one": lambda points: ([], points, []),
    "backwards": lambda points: ([], points[::-1], []),
    "one in three": lambda points: (points[::3], [*points[2::3], *points[1::3]], []),
    "together": lambda points: ([], [], points),
    "together, late": lambda points: (points[::3], [], sorted([*points[1::3], *points[2::3]])),
    "some taken back": lambda points: ([], [*points, *((at, by) for by in (1, -1) for at in STILL)], []),
}


@pytest.mark.parametrize("block", [2, 3, 5])
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_whatever_is_asked_of_a_wave_is_as_defined(
    path: Callable[[Points], tuple[Points, Points, Points]], block: int
) -> None:
    """Given changes over many blocks and rows, when each stretch is asked for, then all is as in a plain list."""
    for plain in WAVES:
        early, one_by_one, together = path([(at, plain.value(at) - plain.value(at - 1)) for at in plain.points])
        steps = Steps(early, block=block, row=2)
        for it in one_by_one:
            steps.add(*it)
        steps.extend(together)

        check(steps, {at: plain.value(at) for at in plain.points}, range(-1, 25))


def check(steps: Steps, values: dict[int, int], instants: range) -> None:
    bounds = sorted({*values.values(), max(values.values()) + 1})
    for at in instants:
        before = {it: value for it, value in values.items() if it < at}
        assert steps.value(at - 1) == (list(before.values()) or [0])[-1]
        for high in bounds:
            assert steps.last_reaching(high, at) == max(
                (it for it, value in before.items() if value >= high), default=None
            )
    for start, end in combinations_with_replacement(instants, 2):
        inside = {at: value for at, value in values.items() if start <= at < end}
        for low, high in combinations((-FOREVER, *bounds, FOREVER), 2):
            outside = next((at for at, value in inside.items() if not low <= value < high), None)
            assert steps.first_outside(low, high, start, end) == outside
        peak, since = max(((value, -at) for at, value in inside.items()), default=(-FOREVER, -start))
        assert steps.peak(start, end) == (peak, -since)
