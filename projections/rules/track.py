"""The streaming evaluator: the episodes of one rule in one group, kept as incidents change and the clock moves.

The spans in which the rule holds are kept over all time after its beginning (`Spans`). The clock only decides what is
seen of them: a span that opens after it has not happened, one whose end + `keep_firing` lies after it is open, and a
peak counts from its change point on. So nothing has to wait, and `due` is a function of incidents and clock alone.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import ClassVar

from projections.rules.begin import WHOLE, Begin
from projections.rules.model import FOREVER, Episode, Member, Rule
from projections.rules.proof import Proof
from projections.rules.spans import Span, Spans, first_highest
from projections.rules.spells import Spell, changes_of, exchanged


class Noted:
    """Which episodes an event changed, by opening."""

    __slots__ = ("after", "before")

    def __init__(self) -> None:
        self.before: dict[int, Episode] = {}  # as they stood before the event
        self.after: dict[int, bool] = {}  # those that came instead; whether only their evidence may differ


class Track:
    """One rule in one group."""

    few: ClassVar[int] = 64  # spells that V may always lag behind; in tests none
    __slots__ = ("_due", "_noted", "_spans", "_waiting", "_was", "clock", "rule")

    def __init__(self, rule: Rule, clock: int, members: Sequence[Member] = (), begin: Begin = WHOLE) -> None:
        """Find the episodes of members, in order, as they stand at the clock."""
        self.rule, self.clock, self._was = rule, clock, clock
        self._waiting = array("q")  # start, end and weight of spells, in turn, that V does not know of yet
        self._spans = Spans(rule, begin)
        spells = self._spells([it for it in members if it.at >= rule.since], begin.at - rule.reach)
        if spells:
            self._spans.know(changes_of(spells))
            self._spans.replace(0, 0, [self._peaked(span, None, Spell(0, 0, 0)) for span in self._spans.found()])
        self._due: int | None = None  # None: to be found anew
        self._noted: Noted | None = None  # None: nothing changed

    def due(self) -> int:
        """The first instant after the clock at which time alone changes the episodes; FOREVER when there is none."""
        if self._due is None:
            self._due = self._next_due()
        return self._due

    def episodes(self) -> list[Episode]:
        """All episodes as they stand at the clock."""
        seen = bisect_right(self._spans.openings, self.clock)
        return [self._episode(span, self.clock) for span in self._spans.spans(0, seen)]

    def value(self, at: int) -> int:
        return self._spans.steps.value(at)

    def changes(self) -> tuple[list[Episode], list[Episode]]:
        """The episodes that the event changed, before and after it, in order; all others are as they were. Once."""
        noted, self._noted = self._noted, None
        if noted is None:
            return [], []
        before = [noted.before[opened] for opened in sorted(noted.before)]
        after = [self._episode(self._spans.span(self._place(opened)), self.clock) for opened in sorted(noted.after)]
        same = [it for it in before if it in after and not noted.after[it.opened_at]]
        return [it for it in before if it not in same], [it for it in after if it not in same]

    def touch(self, spells: Sequence[Spell]) -> None:
        """Count the episodes among `changes` whose evidence the spells are, though their value may be what it was."""
        seen = bisect_right(self._spans.openings, self.clock)
        for start, end, _ in spells:
            for span in self._spans.spans(max(self._place(start) - 1, 0), min(self._place(end), seen)):
                if start <= span.peak_at < end:
                    noted = self._note()
                    if span.opened not in noted.after:
                        noted.before[span.opened] = self._episode(span, self._was)
                    noted.after[span.opened] = True

    def _note(self) -> Noted:
        if self._noted is None:
            self._noted = Noted()
        return self._noted

    def _place(self, opened: int) -> int:
        return bisect_left(self._spans.openings, opened)

    # -- V, which may lag behind the members

    def catch_up(self) -> None:
        """Bring V to the members, where nothing can have moved but the end of the last span."""
        waiting, spans = self._waiting, self._spans
        if waiting:
            spans.extend([Spell(*it) for it in zip(waiting[::3], waiting[1::3], waiting[2::3], strict=True)])
            del waiting[:]
        elif spans.blank:
            spans.know(changes_of(self._after(self.all(), spans.begin.at - self.rule.reach)))
            spans.settle()
        else:
            return
        self._due = None  # the last one may end later now

    def _wait(self, start: int, end: int, weight: int) -> None:
        """Let V learn of a spell later; of all members anew, if it would know less than half by then."""
        if self._spans.blank:
            return
        self._waiting.extend((start, end, weight))
        if len(self._waiting) > 3 * (self.few + self.many() // 2):
            self._spans.forget()
            self._waiting = array("q")

    # -- what happens

    def begin(self, clock: int) -> None:
        """Start an event: the clock moves to `clock`, never back, and `changes` counts from here."""
        self._was, self._noted = self.clock, None

        due = self._due
        if (self.due() if due is None else due) <= clock:
            self._pass(clock)
        self.clock = clock

    def exchange(self, old: Member | None, new: Member | None, *, noting: bool = True) -> list[Spell]:
        """Exchange a member and go on with the same event; the spells that came or went, if they are to be noted."""
        since, moved = self.rule.since, list[Spell]()
        was = old if old is not None and old.at >= since else None
        now = new if new is not None and new.at >= since else None
        changes = self._exchange(was, now, moved if noting and old != new else None)
        self._change(changes if was is None or now is None else exchanged((), changes))
        return moved

    def _change(self, changes: Sequence[Spell]) -> None:
        for spell in changes:
            start, end, weight = spell
            mended = self._spans.change(start, end, weight)
            if mended is not None:
                first, stop, made = mended
                self._mend(first, stop, made, spell)

    # -- members, as the measure has them

    def all(self) -> list[Member]:
        """All members, in order."""
        raise NotImplementedError

    def many(self) -> int:
        """How many members there are."""
        raise NotImplementedError

    def evidence(self, at: int) -> Proof:
        """What makes V(at)."""
        raise NotImplementedError

    def _spells(self, members: Sequence[Member], after: int) -> Sequence[Spell]:
        """Take in all members; the spells of those after an instant."""
        raise NotImplementedError

    def _after(self, members: Sequence[Member], after: int) -> Sequence[Spell]:
        """The spells of those members that are after an instant."""
        raise NotImplementedError

    def _exchange(self, old: Member | None, new: Member | None, moved: list[Spell] | None) -> list[Spell]:
        """Exchange a member: what that does to V. The stretches in which evidence changes go to `moved`."""
        raise NotImplementedError

    def _episode(self, span: Span, clock: int) -> Episode:
        opened, ended, peak, peak_at = span
        over = ended + self.rule.keep_firing <= clock
        return Episode(opened, ended if over else None, peak, peak_at, self.rule.level(peak))

    # -- time

    def _next_due(self) -> int:
        openings, clock = self._spans.openings, self.clock
        index = bisect_right(openings, clock)
        if index:
            _, ended, peak, _ = self._spans.span(index - 1)
            settled = ended + self.rule.keep_firing
            if settled > clock:
                higher = self._spans.rise(peak + 1, clock, ended)
                return min(settled, FOREVER) if higher is None else higher
        return openings[index] if index < len(openings) else FOREVER

    def _pass(self, clock: int) -> None:
        """See what time alone does to the spans between the clock and this one."""
        self._due = None
        openings, noted = self._spans.openings, self._note()
        for index in range(max(bisect_right(openings, self.clock) - 1, 0), bisect_right(openings, clock)):
            span = self._spans.span(index)
            if span.opened <= self.clock:
                noted.before[span.opened] = self._episode(span, self.clock)
            top = self._spans.top(max(self.clock, span.opened), min(span.ended, clock + 1))
            if top[0] > span.peak:
                self._spans.replace(index, index + 1, [Span(span.opened, span.ended, *top)])
            noted.after[span.opened] = False

    # -- incidents

    def _mend(self, first: int, stop: int, made: Sequence[Span], spell: Spell) -> None:
        """Put spans in the place of old ones, with their peaks, and note both for `changes`."""
        self._due = None
        replaced = self._spans.spans(first, stop)
        old = replaced[0] if replaced and replaced[0].opened <= spell.start else None
        made = [self._peaked(span, old, spell) for span in made]
        self._spans.replace(first, stop, made)
        if len(made) == len(replaced) == 1 and self._seen_alike(replaced[0], made[0]):
            return
        noted = self._note()
        for span in replaced:
            if span.opened in noted.after:
                del noted.after[span.opened]
            elif span.opened <= self._was:
                noted.before[span.opened] = self._episode(span, self._was)
        noted.after |= {span.opened: False for span in made if span.opened <= self.clock}

    def _seen_alike(self, one: Span, other: Span) -> bool:
        """Whether two spans differ only in when they will end."""
        keep, clock = self.rule.keep_firing, self.clock
        return one[0] == other[0] and one[2:] == other[2:] and clock < one[1] + keep and clock < other[1] + keep

    def _peaked(self, span: Span, old: Span | None, spell: Spell) -> Span:
        """The span with its peak, which is looked for only where it may have moved."""
        start, end, weight = spell
        opened, ended, *_ = span
        stop = min(ended, self.clock + 1)
        if old is None or old.opened != opened or not old.peak or old.peak_at >= ended:
            return Span(opened, ended, *self._spans.top(opened, stop))
        peak, peak_at = old.peak, old.peak_at
        if start <= peak_at < end:
            if weight <= 0:
                return Span(opened, ended, *self._spans.top(opened, stop))
            peak += weight
        elif weight > 0:
            peak, peak_at = first_highest((peak, peak_at), self._spans.top(start, min(end, stop)))
        if ended > old.ended:
            peak, peak_at = first_highest((peak, peak_at), self._spans.top(old.ended, stop))
        return Span(opened, ended, peak, peak_at)
