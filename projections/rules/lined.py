"""A track of members whose weights or neighbours matter (all measures but a count).

Many members change nothing that V could tell: one of a value that is not new, one within a time that is not silent, any
while there are fewer values than the lowest level, or all near it add up to less. V is asked after all others.
"""

from collections.abc import Sequence
from typing import Final

from projections.rules.begin import WHOLE, Begin
from projections.rules.lines import Lines
from projections.rules.model import Member, Rule
from projections.rules.proof import Proof
from projections.rules.spells import Spell
from projections.rules.track import Track
from projections.rules.words import Measure, Updates

VALUED: Final = (Measure.DISTINCT, Measure.NEW)  # V is nowhere greater than the number of values
NEAR: Final = (Measure.SUM, Measure.DISTINCT, Measure.SURGE)  # V is nowhere greater than what lies near adds up to
FOLLOWING: Final = (Measure.DISTINCT, Measure.NEW, Measure.SILENCE)  # many members do nothing after others
Exchange = tuple[Member | None, Member | None]


class LinedTrack(Track):
    """One rule in one group. V may be greater than the number of members, so that says nothing of it."""

    __slots__ = ("_lines", "_silent")

    def __init__(self, rule: Rule, clock: int, members: Sequence[Member] = (), begin: Begin = WHOLE) -> None:
        self._silent: int | None = None  # of silence: the last member that V knows of, when it is not the last
        super().__init__(rule, clock, members, begin)

    def all(self) -> list[Member]:
        """All members, in order."""
        return self._lines.all()

    def many(self) -> int:
        """How many members there are."""
        return self._lines.many

    def evidence(self, at: int) -> Proof:
        """What makes V(at)."""
        return self._lines.proof(at)

    # -- members that change no episode

    def quiet(self, exchanges: Sequence[Exchange], clock: int) -> bool:
        """Exchange members if that changes no episode by any clock before `due`; whether they are exchanged."""
        measure = self.rule.measure
        if measure in VALUED and self._few(exchanges):
            for old, new in exchanges:
                self._swap(old, new)
            return True
        if len(exchanges) != 1:
            return False
        old, new = exchanges[0]
        if measure in NEAR and self._slight(old, new):
            return True
        return measure in FOLLOWING and self._alone(old, new, clock)

    def _slight(self, old: Member | None, new: Member | None) -> bool:
        """Exchange a member where V stays below the lowest level, far from any episode."""
        if old is not None and (self.rule.measure is Measure.SURGE or self._near(old)):
            return False  # a surge may rise where one is missing from what it is held against
        if new is not None and new.at >= self.rule.since and self._tells(new):
            return False
        self._swap(old, new)
        return True

    def _tells(self, it: Member) -> bool:
        """Whether one more member may bring V to the lowest level, or to where an episode is."""
        return self._near(it) or self._lines.most(it) >= self._spans.low

    def _near(self, it: Member) -> bool:
        """Whether a member has a part in V where an episode is, or ends."""
        return bool(self._spans.openings) and self._spans.holds(it.at, it.at + self.rule.reach)

    def _few(self, exchanges: Sequence[Exchange]) -> bool:
        """Whether there are too few values for any episode: V is nowhere greater than their number."""
        if self._spans.openings:
            return False
        lines, room = self._lines, self._spans.low - 1 - len(self._lines)
        return room >= len(exchanges) or (room >= 0 and all(new is None or lines.has(new) for _, new in exchanges))

    def _alone(self, old: Member | None, new: Member | None, clock: int) -> bool:
        if old is not None or new is None or self.rule.updates is Updates.ALL:
            return False  # evidence may change though V does not
        if new.at >= self.rule.since:
            if not self._ends(new, clock) and self._lines.effect(new):
                return False
            self._lines.add(new)
        return True

    def _ends(self, it: Member, clock: int) -> bool:
        """Whether a member ends a silence that has reached no level: all it does is to put off the next."""
        rule, last = self.rule, self._lines.last(it)
        if rule.measure is not Measure.SILENCE or last is None or not last <= it.at <= clock < last + rule.levels[0]:
            return False
        if rule.keep_firing >= rule.levels[0]:  # an episode may go on
            return False
        if self._silent is None:
            self._silent = last
        return True

    def put_off(self, clock: int) -> int | None:
        """When silence reaches a level now that it began anew, if that is after a clock and all that was due."""
        since, low, last = self._silent, self.rule.levels[0], self._lines.last(Member(0, 0))
        if since is None or last is None or self._due != since + low or last + low <= clock:
            return None
        return last + low

    def _swap(self, old: Member | None, new: Member | None) -> None:
        """Exchange a member; V learns of it later."""
        since, lines = self.rule.since, self._lines
        if old is not None and old.at >= since:
            self._later(lines.take(old))
        if new is not None and new.at >= since:
            if self._spans.blank:
                lines.add(new)
            else:
                self._later(lines.put(new))

    def _later(self, changes: Sequence[Spell]) -> None:
        for start, end, weight in changes:
            self._wait(start, end, weight)

    def catch_up(self) -> None:
        """Bring V to the members."""
        super().catch_up()
        if self._silent is not None:
            since, last, below = self._silent, self._lines.last(Member(0, 0)) or 0, 0
            self._silent = None
            for level in self.rule.levels:
                self._change([Spell(since + level, last + level, below - level)] if since < last else [])
                below = level

    # -- members

    def _spells(self, members: Sequence[Member], after: int) -> Sequence[Spell]:
        self._lines = Lines(self.rule, members)
        return self._after(members, after)

    def _after(self, members: Sequence[Member], after: int) -> Sequence[Spell]:
        return Lines(self.rule, [it for it in members if it.at > after]).spells()

    def _exchange(self, old: Member | None, new: Member | None, moved: list[Spell] | None) -> list[Spell]:
        changes = self._lines.take(old, moved) if old is not None else []
        return changes + self._lines.put(new, moved) if new is not None else changes
