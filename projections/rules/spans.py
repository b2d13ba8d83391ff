"""The spans in which a rule holds for a group, over *all* time, after the clock too. They follow from V alone.

When V changes on [start, end), spans can change from the one at `start` to the first instant from `end` on whose V
decides (reaches the lowest level, or is below `clear_below`): from there on the rule holds or not as it did. The usual
change, with no span near and no threshold reached, adds two change points and looks at a few values.
"""

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
Mended = tuple[
    int, int, list[Span]
]  # old spans [first, stop), and the spans that come instead; their peaks to be found


class Spans:
    """The spans of one rule in one group, in order; more than `keep_firing` lies between two."""

    block: ClassVar[int] = BLOCK  # change points in one; tests have smaller ones
    __slots__ = ("_begin", "_clear", "_keep", "_last_rise", "all", "low", "openings", "steps")

    def __init__(self, rule: Rule, points: Sequence[tuple[int, int]], begin: Begin) -> None:
        """Take (instant, change of V) in order. There are no spans before `found` is put in their place."""
        self._begin = begin
        self.low, self._clear, self._keep = rule.levels[0], rule.clear_below, rule.keep_firing
        self.steps = Steps(points, self.block, max(self.block // 4, 2))
        self._last_rise = max((at for at, delta in points if delta > 0), default=-FOREVER)  # V does not rise after it
        self.all: list[Span] = []
        self.openings: list[int] = []

    def found(self) -> list[Span]:
        """All spans that V has, from the beginning on."""
        made: list[Span] = []
        at, held = self._begin
        course = NONE if held is None else (held.opened, FOREVER)
        self._join(self._walk(at + (held is None), course, FOREVER + 1, made), FOREVER, made)
        return made

    def replace(self, first: int, stop: int, made: Sequence[Span]) -> None:
        """Put spans in the place of others."""
        self.all[first:stop] = made
        self.openings[first:stop] = [span.opened for span in made]

    def rise(self, reached: int, start: int, end: int) -> int | None:
        """The first change point in [start, end) with V >= `reached`."""
        end = min(end, self._last_rise + 1)
        return self.steps.first_outside(-FOREVER, reached, start, end) if start < end else None

    def top(self, start: int, end: int) -> tuple[int, int]:
        """The greatest V in [start, end) and where it is first, (0, start) where it can not rise."""
        at, held = self._begin
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
        return near >= 0 and start <= self.all[near].ended

    def least(self, start: int, end: int, clock: int, last: int) -> int:
        """The V that changes what is seen of the spans before `due`, if V rises in [start, end); 0: any may.

        `last` is the last instant at which V rises, or later.
        """
        near = bisect_right(self.openings, start) - 1
        if near < 0 or start > self.all[near].ended:
            return self.low
        opened, ended, peak, peak_at = self.all[near]
        later = near + 1 < len(self.openings) or last > ended
        if opened > clock or (end > ended and (later or clock >= ended + self._keep)):
            return 0  # else only the end of the open span moves, which nobody sees before the clock gets there
        return peak + (start > peak_at)

    # -- what happens

    def extend(self, spells: Sequence[Spell]) -> None:
        """Add spells of which it is known that they can move nothing but the end of the last span."""
        self.steps.extend(changes_of(spells))
        since = min(it.start for it in spells)
        self._last_rise = max([self._last_rise, *(it.start for it in spells if it.weight > 0)])
        if self.all and since <= self.all[-1].ended < FOREVER:
            last = self.all[-1]
            self.all[-1] = last._replace(ended=self._fall(last.ended))

    def _fall(self, since: int) -> int:
        """The first change point from an instant on where V is below `clear_below`; FOREVER when there is none."""
        fall = self.steps.first_outside(self._clear, FOREVER, since)
        return FOREVER if fall is None else fall

    def change(self, start: int, end: int, weight: int) -> Mended | None:
        """Raise V on [start, end); which spans are to be replaced, None when all stay as they are."""
        self.steps.add(start, weight)
        if end < FOREVER:
            self.steps.add(end, -weight)
        rise = start if weight > 0 else end
        if self._last_rise < rise < FOREVER:
            self._last_rise = rise
        openings = self.openings
        near = (bisect_right(openings, start) if weight > 0 else bisect_left(openings, start)) - 1
        if near >= 0 and self.all[near].ended + self._keep >= start:
            return self._near(start, end, weight, near)
        later = near + 1 < len(openings) and openings[near + 1] < end
        if later or (weight > 0 and self.rise(self.low, start, end) is not None):
            made: list[Span] = []
            return near + 1, self._from(start, NONE, self._decided(end), made), made
        return None

    def _near(self, start: int, end: int, weight: int, near: int) -> Mended:
        """Mend the spans from one on that `start` is in, or at most keep_firing after."""
        span = self.all[near]
        if weight > 0 and end <= span.ended:
            return near, near + 1, [span]
        made: list[Span] = []
        if weight > 0 and start <= span.ended:  # what was raised still holds up to the old end
            if near + 1 == len(self.all) and self._last_rise <= span.ended:  # then there is nothing to meet again
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
        inside = index >= 0 and decided < self.all[index].ended and decided < FOREVER
        if opened < fell == FOREVER:
            made.append(Span(opened, self.all[index].ended if inside else FOREVER))
            return index + 1
        if inside:
            rise = self.rise(self.low, decided + 1, FOREVER)
        else:
            index += 1
            rise = self.openings[index] if index < len(self.openings) else None
        joins = opened < FOREVER and rise is not None and rise - fell <= self._keep
        if opened < FOREVER:
            made.append(Span(opened, self.all[index].ended if joins else fell))
        if inside and rise is not None and not joins:
            made.append(Span(rise, self.all[index].ended))
        return index + 1 if inside or joins else index


def first_highest(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Of two (value, instant) the higher, of two as high the earlier."""
    return other if other[0] > one[0] or (other[0] == one[0] and other[1] < one[1]) else one
