"""The spans in which a rule holds for a group, over *all* time, after the clock too. They follow from V alone.

When V changes on [start, end), spans can change from the one at `start` to the first instant from `end` on whose V
decides (reaches the lowest level, or is below `clear_below`): from there on the rule holds or not as it did. The usual
change, with no span near and no threshold reached, adds two change points and looks at a few values.

Most groups never come near a level: V is made when somebody asks for it. A span is four numbers of eight bytes.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from projections.rules.begin import Begin
from projections.rules.model import FOREVER, Rule
from projections.rules.spells import Spell, changes_of
from projections.rules.steps import BLOCK, Steps


class Span(NamedTuple):
    """An episode without the clock's part: [opened, ended), and its greatest value at change points up to the clock."""

    opened: int
    ended: int  # FOREVER: it never falls
    peak: int = 0  # 0 before it opens
    peak_at: int = 0


Course = tuple[int, int]  # how far a walk has come: a span that opened, and when it fell; FOREVER: it holds
NONE: Final[Course] = (FOREVER, FOREVER)  # no span has opened
NOWHERE: Final = Steps()  # V is 0, or not made; never changed
Mended = tuple[int, int, list[Span]]  # old spans [first, stop), and those that come instead; their peaks to be found


class Spans:
    """The spans of one rule in one group, in order; more than `keep_firing` lies between two."""

    block: ClassVar[int] = BLOCK  # change points in one; tests have smaller ones
    __slots__ = ("_clear", "_keep", "_last_rise", "_rest", "begin", "low", "openings", "steps")

    def __init__(self, rule: Rule, begin: Begin) -> None:
        """There are no spans, and no V."""
        self.begin = begin
        self.low, self._clear, self._keep = rule.levels[0], rule.clear_below, rule.keep_firing
        self.steps = NOWHERE
        self._last_rise = -FOREVER  # V does not rise after it
        self.openings = array("q")
        self._rest = array("q")  # of each span: when it ended, its peak, where that is

    # -- as a row

    def __len__(self) -> int:
        """How many spans there are."""
        return len(self.openings)

    def span(self, index: int) -> Span:
        """One of them, by its place."""
        rest = self._rest
        return Span(self.openings[index], rest[3 * index], rest[3 * index + 1], rest[3 * index + 2])

    def spans(self, first: int, stop: int) -> list[Span]:
        """Those from a place up to another."""
        return [self.span(index) for index in range(first, stop)]

    def ended(self, index: int) -> int:
        """When one of them ended."""
        return self._rest[3 * index]

    def replace(self, first: int, stop: int, made: Sequence[Span]) -> None:
        """Put spans in the place of others."""
        self.openings[first:stop] = array("q", [span[0] for span in made])
        self._rest[3 * first : 3 * stop] = array("q", [it for span in made for it in span[1:]])

    # -- V

    @property
    def blank(self) -> bool:
        """Whether V is not made."""
        return self.steps is NOWHERE

    def know(self, points: Sequence[tuple[int, int]]) -> None:
        """Make V anew, of (instant, change) in order; spans stay as they are."""
        self.steps = Steps(points, self.block, max(self.block // 4, 2))
        self._last_rise = -FOREVER
        self._rises(points)

    def forget(self) -> None:
        """Let go of V; spans stay."""
        self.steps = NOWHERE

    def found(self) -> list[Span]:
        """All spans that V has, from the beginning on."""
        made: list[Span] = []
        at, held = self.begin
        course = NONE if held is None else (held.opened, FOREVER)
        self._join(self._walk(at + (held is None), course, FOREVER + 1, made), FOREVER, made)
        return made

    def rise(self, reached: int, start: int, end: int) -> int | None:
        """The first change point in [start, end) with V >= `reached`."""
        end = min(end, self._last_rise + 1)
        return self.steps.first_outside(-FOREVER, reached, start, end) if start < end else None

    def top(self, start: int, end: int) -> tuple[int, int]:
        """The greatest V in [start, end) and where it is first, (0, start) where it can not rise."""
        at, held = self.begin
        if start < at and held is not None:
            return first_highest((held.value, held.at), self.top(at, end))
        last = self._last_rise
        if start >= last or start >= end:
            return (self.steps.value(start), start) if start == last and start < end else (0, start)
        return self.steps.peak(start, min(end, last + 1))

    # -- what can be said without V

    def holds(self, start: int, end: int) -> bool:
        """Whether a span has a part of [start, end), or ends at `start`."""
        near = bisect_left(self.openings, end) - 1
        return near >= 0 and start <= self.ended(near)

    def least(self, start: int, end: int, clock: int, last: int) -> int:
        """The V that changes what is seen of the spans before `due`, if V rises in [start, end); 1: any may.

        `last` is the last instant at which V rises, or later.
        """
        near = bisect_right(self.openings, start) - 1
        if near < 0 or start > self.ended(near):
            return self.low
        opened, ended, peak, peak_at = self.span(near)
        if opened > clock or (end > ended and (last > ended or clock >= ended + self._keep)):
            return 1  # else only the end of the open span moves, which nobody sees before the clock gets there
        return peak + (start > peak_at)

    # -- what happens

    def extend(self, spells: Sequence[Spell]) -> None:
        """Add spells of which it is known that they can move nothing but the end of the last span."""
        points = changes_of(spells)
        self.steps.extend(points)
        self._rises(points)
        self.settle()

    def _rises(self, points: Sequence[tuple[int, int]]) -> None:
        self._last_rise = max([self._last_rise, *(at for at, delta in points if delta > 0)])

    def settle(self) -> None:
        """Find the end of the last span, which may have moved."""
        if self.openings:
            self._rest[-3] = self._fall(self._rest[-3])

    def _fall(self, since: int) -> int:
        """The first change point from an instant on where V is below `clear_below`; FOREVER when there is none."""
        fall = self.steps.first_outside(self._clear, FOREVER, since)
        return FOREVER if fall is None else fall

    def change(self, start: int, end: int, weight: int) -> Mended | None:
        """Raise V on [start, end); which spans are to be replaced, None when all stay as they are."""
        if self.blank:
            self.know(())
        self.steps.add(start, weight)
        if end < FOREVER:
            self.steps.add(end, -weight)
        rise = start if weight > 0 else end
        if self._last_rise < rise < FOREVER:
            self._last_rise = rise
        openings = self.openings
        near = (bisect_right(openings, start) if weight > 0 else bisect_left(openings, start)) - 1
        if near >= 0 and self.ended(near) + self._keep >= start:
            return self._near(start, end, weight, near)
        later = near + 1 < len(openings) and openings[near + 1] < end
        if later or (weight > 0 and self.rise(self.low, start, end) is not None):
            made: list[Span] = []
            return near + 1, self._from(start, NONE, self._decided(end), made), made
        return None

    def _near(self, start: int, end: int, weight: int, near: int) -> Mended:
        """Mend the spans from one on that `start` is in, or at most keep_firing after."""
        span = self.span(near)
        if weight > 0 and end <= span.ended:
            return near, near + 1, [span]
        made: list[Span] = []
        if weight > 0 and start <= span.ended:  # what was raised still holds up to the old end
            if near + 1 == len(self.openings) and self._last_rise <= span.ended:  # then there is nothing to meet again
                return near, near + 1, [Span(span.opened, self._fall(span.ended))]
            return near, self._from(span.ended, (span.opened, FOREVER), self._decided(end), made), made
        return near, self._from(start, self._course(span, start), self._decided(end), made), made

    def _course(self, span: Span, start: int) -> Course:
        """A span just before `start`: whether it has fallen."""
        if span.ended < start:
            return span.opened, span.ended
        if not self._keep:
            return span.opened, FOREVER
        held = self.steps.last_reaching(self.low, start)
        fell = None if held is None else self.steps.first_outside(self._clear, FOREVER, held, start)
        return span.opened, FOREVER if fell is None else fell

    def _decided(self, end: int) -> int:
        """The first instant from `end` on whose V says whether the rule holds; FOREVER when there is none."""
        if end == FOREVER or not self._clear <= self.steps.value(end) < self.low:
            return end
        found = self.steps.first_outside(self._clear, self.low, end + 1)
        return FOREVER if found is None else found

    def _from(self, at: int, course: Course, decided: int, made: list[Span]) -> int:
        """Walk from `at` to where the old spans are right again; the index of the first of them that stays as it is."""
        return self._join(self._walk(at, course, decided + 1, made), decided, made)

    def _walk(self, at: int, course: Course, limit: int, made: list[Span]) -> Course:
        """Follow V up to `limit`, exclusive; the spans that fell for good go to `made`."""
        opened, fell = course
        while True:
            if opened < fell == FOREVER:
                fall = self.steps.first_outside(self._clear, FOREVER, at, limit)
                if fall is None:
                    return opened, FOREVER
                at = fell = fall
            rise = self.rise(self.low, at, limit)
            if rise is None:
                return opened, fell
            if opened == FOREVER or rise - fell > self._keep:
                made += [Span(opened, fell)] if opened < FOREVER else []
                opened = rise
            at, fell = rise, FOREVER

    def _join(self, course: Course, decided: int, made: list[Span]) -> int:
        """Go on with the old spans from where they are right again; the index of the first that stays as it is."""
        opened, fell = course
        index = bisect_right(self.openings, decided) - 1
        inside = index >= 0 and decided < self.ended(index)
        if opened < fell == FOREVER:
            made.append(Span(opened, self.ended(index) if inside else FOREVER))
            return index + 1
        if inside:
            rise = self.rise(self.low, decided + 1, FOREVER)
        else:
            index += 1
            rise = self.openings[index] if index < len(self.openings) else None
        joins = opened < FOREVER and rise is not None and rise - fell <= self._keep
        if opened < FOREVER:
            made.append(Span(opened, self.ended(index) if joins else fell))
        if inside and rise is not None and not joins:
            made.append(Span(rise, self.ended(index)))
        return index + 1 if inside or joins else index


def first_highest(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Of two (value, instant) the higher, of two as high the earlier."""
    return other if other[0] > one[0] or (other[0] == one[0] and other[1] < one[1]) else one
