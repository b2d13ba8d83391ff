"""The streaming evaluator: the episodes of one rule in one group, kept as incidents change and the clock moves.

Three things are kept: the members in order, V at the change points up to the clock (`Steps`), and the spans that
follow from it. Change points after the clock wait in `_pending`. A change of V on [start, end) is repaired from the
state just before `start` to the first point at or after `end` where the state is what it was before the change. The
usual event, in order of time and with no threshold near, touches the last numbers and no more: see `_newest`.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from projections.rules.model import FOREVER, Episode, Member, Rule
from projections.rules.spells import Spell, changes_of, exchanged, spell_of
from projections.rules.steps_lead import BLOCK, Steps

State = tuple[int, int | None]  # index of the last span opened, and when V fell (None: it holds)
Bounds = tuple[int, int | None]  # opened, ended


class Span(NamedTuple):
    """An episode, but for the clock: its end may still be undone by `keep_firing`."""

    opened: int
    ended: int | None
    peak: int
    peak_at: int


class Track:
    """One rule in one group."""

    def __init__(self, rule: Rule, clock: int = -FOREVER, members: Sequence[Member] = (), block: int = BLOCK) -> None:
        """Find the episodes of members, in order, as they stand at the clock."""
        self.rule, self.clock = rule, clock
        mine = [it for it in members if it.at >= rule.since]
        self._ats = array("q", [it.at for it in mine])
        self._numbers = array("q", [it.number for it in mine])
        points = list(changes_of([spell_of(rule, it) for it in mine]))
        self._steps, value = Steps(block), 0
        for at, delta in points:
            if at > clock:
                break
            self._steps.append(at, value := value + delta)
        self._pending = {at: delta for at, delta in points if at > clock}  # change point after the clock -> change of V
        self._due = list(self._pending)  # heaps over it; and over those where V may rise
        self._rises = [at for at, delta in self._pending.items() if delta > 0]
        heapify(self._due)
        heapify(self._rises)
        self._spans: list[Span] = []
        self._forget(clock)
        self._repair(-FOREVER, FOREVER, 0, None)
        self._forget(clock)

    # -- what others ask

    def due(self) -> int:
        """The first instant at which time alone may change the episodes: while none is open, no fall of V can."""
        last = self._spans[-1].ended if self._spans else -FOREVER
        if last is None:
            return self._due[0] if self._due else FOREVER
        rise = self._rises[0] if self._rises else FOREVER
        settled = last + self.rule.keep_firing
        return min(rise, settled) if settled > self.clock else rise

    def episodes(self) -> list[Episode]:
        """All episodes as they stand at the clock."""
        return [self._episode(span, self.clock) for span in self._spans]

    def value(self, at: int) -> int:
        """V(at); `at` is not after the clock."""
        return self._steps.value(at)

    def evidence(self, at: int) -> list[int]:
        """The numbers of the incidents that make V(at), in order of (instant, number)."""
        first = bisect_right(self._ats, at - self.rule.window)
        return self._numbers[first : bisect_right(self._ats, at)].tolist()

    def changes(self) -> tuple[list[Episode], list[Episode]]:
        """The episodes that the last event touched, before and after it; all others are as they were."""
        if not self._removed and not self._added and self._clock_before == self.clock:
            return [], []
        before = dict(self._removed)
        after = {span.opened: self._episode(span, self.clock) for span in self._added.values()}
        if self._spans and self._spans[-1].opened not in after:
            last = self._episode(self._spans[-1], self.clock)
            earlier = self._episode(self._spans[-1], self._clock_before)
            if last != earlier:
                before[earlier.opened_at], after[last.opened_at] = earlier, last
        return [before[at] for at in sorted(before)], [after[at] for at in sorted(after)]

    def touch(self, spells: Sequence[Spell]) -> None:
        """Count the episodes among `changes` whose evidence the spells are, though their value may be what it was."""
        for start, end, _ in spells:
            for index in range(max(bisect_left(self._spans, (start,)) - 1, 0), len(self._spans)):
                span = self._spans[index]
                if span.opened >= end:
                    break
                if start <= span.peak_at < end and span.opened not in self._added:
                    self._removed[span.opened] = self._episode(span, self._clock_before)
                    self._added[span.opened] = span

    # -- what happens

    def begin(self, clock: int) -> None:
        """Start an event: what happened up to the clock happens, and `changes` counts from here."""
        self._forget(self.clock)
        self.clock = clock
        if self._due and self._due[0] <= clock:
            self._advance()

    def exchange(self, old: Member | None, new: Member | None) -> list[Spell]:
        """Exchange a member and go on with the same event; the spells that came or went."""
        since = self.rule.since
        lost = [self._take(old)] if old is not None and old.at >= since else []
        gained = [self._put(new)] if new is not None and new.at >= since else []
        for start, end, weight in exchanged(lost, gained) if lost else gained:
            self._change(start, end, weight)
        return [] if lost == gained and old == new else [*lost, *gained]

    def _forget(self, clock: int) -> None:
        self._clock_before = clock
        self._removed: dict[int, Episode] = {}  # by opening; as they stood before the event
        self._added: dict[int, Span] = {}

    def _episode(self, span: Span, clock: int) -> Episode:
        over = span.ended is not None and span.ended + self.rule.keep_firing <= clock
        return Episode(span.opened, span.ended if over else None, span.peak, span.peak_at, self.rule.level(span.peak))

    def _take(self, it: Member) -> Spell:
        place = self._place(it)
        del self._ats[place], self._numbers[place]
        return spell_of(self.rule, it)

    def _put(self, it: Member) -> Spell:
        place = self._place(it)
        self._ats.insert(place, it.at)
        self._numbers.insert(place, it.number)
        return spell_of(self.rule, it)

    def _place(self, it: Member) -> int:
        """Where a member is, or belongs, in order of (instant, number)."""
        place, size = bisect_left(self._ats, it.at), len(self._ats)
        while place < size and self._ats[place] == it.at and self._numbers[place] < it.number:
            place += 1
        return place

    # -- spells -> V

    def _advance(self) -> None:
        """Let the change points up to the clock happen."""
        happened: list[int] = []
        while self._rises and self._rises[0] <= self.clock:
            heappop(self._rises)
        while self._due and self._due[0] <= self.clock:
            at = heappop(self._due)
            if delta := self._pending.pop(at, 0):
                self._steps.append(at, self._steps.last()[1] + delta)
                happened.append(at)
        if len(happened) == 1:
            self._newest(happened[0], 0)
        elif happened:
            self._repair(happened[0], FOREVER, 0, None)

    def _change(self, start: int, end: int, weight: int) -> None:
        """Raise V on [start, end): now where it has happened, later where it has not."""
        if start > self.clock:
            self._wait(start, weight)
            self._wait(end, -weight)
            return
        if end > self.clock:
            self._wait(end, -weight)
            end = FOREVER
        last, value = self._steps.last()
        if end == FOREVER and start > last:
            self._steps.append(start, value + weight)
            self._newest(start, weight)
            return
        held = self._state_before(end) if end < FOREVER else None
        self._steps.add(start, end, weight)
        self._repair(start, end, weight, held)

    def _wait(self, at: int, delta: int) -> None:
        if at < FOREVER:
            if at not in self._pending:
                heappush(self._due, at)
            self._pending[at] = self._pending.get(at, 0) + delta
            if delta > 0:
                heappush(self._rises, at)

    # -- V -> spans

    def _state_before(self, at: int) -> State | None:
        """(index of the last span opened before `at`, when V fell or None while it holds); None: no such span."""
        index = bisect_left(self._spans, (at,)) - 1
        if index < 0:
            return None
        span = self._spans[index]
        if span.ended is not None and span.ended < at:
            return index, span.ended
        rise = self._steps.latest(self.rule.levels[0], at)
        return index, self._steps.first_below(self.rule.clear_below, rise, at)

    def _newest(self, start: int, weight: int) -> None:
        """Mend the spans after one new change point past all others: most leave every span as it is."""
        _, value = self._steps.last()
        if not self._spans or self._spans[-1].ended is not None:
            idle = value < self.rule.levels[0]
        else:
            idle = self.rule.clear_below <= value <= self._spans[-1].peak
        if not idle:
            self._repair(start, FOREVER, weight, None)

    def _repair(self, start: int, stop: int, weight: int, held: State | None) -> None:
        """Mend the spans where V changed on [start, stop); `held` is the state there was just before `stop`."""
        state = self._state_before(start)
        first = state[0] if state else 0
        spans, until = self._walk(start, stop, state, held)
        old = self._spans[first] if state else None
        made = [self._peaked(opened, ended, old, (start, stop, weight)) for opened, ended in spans]
        self._splice(first, until, made)

    def _walk(  # noqa: C901, PLR0912  (one small state machine; in pieces it is harder to follow)
        self, start: int, stop: int, state: State | None, held: State | None
    ) -> tuple[list[Bounds], int]:
        """The spans from the state before `start` on, and the index of the first old span that stands after them."""
        opened, fell = (self._spans[state[0]].opened, state[1]) if state else (None, None)
        made: list[Bounds] = []
        at, limit = start, stop
        while True:
            holds = opened is not None and fell is None
            hit = self._next_fall(at, limit) if holds else self._next_rise(at, limit)
            if hit is None and limit < FOREVER:
                if held is None and opened is None:
                    return made, bisect_left(self._spans, (stop,))
                if held is not None and opened is not None and fell == held[1]:
                    return [*made, (opened, self._spans[held[0]].ended)], held[0] + 1
                at, limit = stop, FOREVER
            elif hit is None:
                return [*made, (opened, fell)] if opened is not None else made, len(self._spans)
            elif holds:
                at = fell = hit
            elif fell is not None and hit - fell <= self.rule.keep_firing:
                at, fell = hit, None
            else:
                made += [(opened, fell)] if opened is not None else []
                index = bisect_left(self._spans, (hit,))
                if hit >= stop and index < len(self._spans) and self._spans[index].opened == hit:
                    return made, index
                at, opened, fell = hit, hit, None

    def _next_rise(self, start: int, end: int) -> int | None:
        return self._steps.first(self.rule.levels[0], start, end)

    def _next_fall(self, start: int, end: int) -> int | None:
        return self._steps.first_below(self.rule.clear_below, start, end)

    def _peaked(self, opened: int, ended: int | None, old: Span | None, change: tuple[int, int, int]) -> Span:
        """The span with its peak, which is looked for only where it may have moved."""
        start, stop, weight = change
        end = FOREVER if ended is None else ended
        if old is None or old.opened != opened or opened >= start:
            return Span(opened, ended, *self._steps.peak(opened, end))
        if old.peak_at < start:
            later = self._steps.peak(start, end)
            return Span(opened, ended, *(later if later[0] > old.peak else old[2:]))
        if weight > 0 and old.ended == ended and old.peak_at < stop:
            return Span(opened, ended, old.peak + weight, old.peak_at)
        return Span(opened, ended, *self._steps.peak(opened, end))

    def _splice(self, first: int, until: int, spans: list[Span]) -> None:
        """Put new spans in the place of old ones, and note both for `changes`."""
        for span in self._spans[first:until]:
            if self._added.pop(span.opened, None) is None:
                self._removed[span.opened] = self._episode(span, self._clock_before)
        self._added |= {span.opened: span for span in spans}
        self._spans[first:until] = spans
