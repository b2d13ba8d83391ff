"""A track of members whose weights or neighbours matter (all measures but a count).

Many members change nothing that V could tell: one of a value that is not new, one within a time that is not silent, any
while there are fewer values than the lowest level. V is asked after all others.
"""

from collections.abc import Sequence

from projections.rules.begin import WHOLE, Begin
from projections.rules.lines import Lines
from projections.rules.model import FOREVER, Member, Rule
from projections.rules.outcome import Proof, proof_of
from projections.rules.spans import Spans
from projections.rules.spells import Spell, changes_of
from projections.rules.track import Track
from projections.rules.words import Measure, Updates

Exchange = tuple[Member | None, Member | None]


class LinedTrack(Track):
    """One rule in one group. V may be greater than the number of members, so that says nothing of it."""

    __slots__ = ("_begin", "_lags", "_lines", "_silent")

    def __init__(self, rule: Rule, clock: int = -FOREVER, members: Sequence[Member] = (), begin: Begin = WHOLE) -> None:
        self._begin, self._lags = begin, False  # whether V does not know of all members
        self._silent: int | None = None  # of silence: the last member that V knows of, when it is not the last
        super().__init__(rule, clock, members, begin)

    def all(self) -> list[Member]:
        """All members, in order."""
        return self._lines.all()

    def evidence(self, at: int) -> Proof:
        """What makes V(at)."""
        return proof_of(self._lines.covering(at))

    # -- members that change no episode

    def quiet(self, exchanges: Sequence[Exchange], clock: int) -> bool:
        """Exchange members if that changes no episode by any clock before `due`; whether they are exchanged."""
        measure = self.rule.measure
        if measure is Measure.SUM or measure is Measure.SURGE:
            return False
        if measure is not Measure.SILENCE and self._few(exchanges):
            self._lags = True
            for old, new in exchanges:
                self._swap(old, new)
            return True
        return len(exchanges) == 1 and self._alone(*exchanges[0], clock)

    def _few(self, exchanges: Sequence[Exchange]) -> bool:
        """Whether there are too few values for any episode: V is nowhere greater than their number."""
        if self._spans.all:
            return False
        lines, room = self._lines, self._spans.low - 1 - len(self._lines)
        return room >= len(exchanges) or (room >= 0 and all(new is None or lines.has(new) for _, new in exchanges))

    def _alone(self, old: Member | None, new: Member | None, clock: int) -> bool:
        if old is not None or new is None or self.rule.updates is Updates.ALL:
            return False  # evidence may change though V does not
        if new.at >= self.rule.since:
            if self._lines.effect(new) and not self._ends(new, clock):
                return False
            self._lines.put(new)
        return True

    def _ends(self, it: Member, clock: int) -> bool:
        """Whether a member ends a silence that has reached no level: all it does is to put off the next."""
        rule, last = self.rule, self._lines.last(it)
        if rule.measure is not Measure.SILENCE or last is None or not last <= it.at <= clock < last + rule.levels[0]:
            return False
        if rule.keep_firing >= rule.levels[0] or rule.clear_below <= 0:  # an episode may go on
            return False
        if self._silent is None:
            self._silent = last
        return True

    def _swap(self, old: Member | None, new: Member | None) -> None:
        since = self.rule.since
        if old is not None and old.at >= since:
            self._lines.take(old)
        if new is not None and new.at >= since:
            self._lines.put(new)

    def catch_up(self) -> None:
        """Bring V to the members."""
        if self._lags:
            self._lags = False
            points = changes_of(self._after(self._lines.all(), self._begin.at - self.rule.reach))
            self._spans = Spans(self.rule, points, self._begin)
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
