"""A track of members that are counted: most of them change no episode, which the members can tell without V."""

from collections.abc import Sequence

from projections.rules.members import Members
from projections.rules.model import FOREVER, Episode, Member
from projections.rules.proof import Proof
from projections.rules.spans import Span, Spans
from projections.rules.spells import Spell, spell_of
from projections.rules.track import Track


class CountTrack(Track):
    """One rule that counts, in one group."""

    __slots__ = ("members",)

    def all(self) -> list[Member]:
        """All members, in order."""
        return [Member(*it) for it in self.members.all()]

    def many(self) -> int:
        """How many members there are."""
        return self.members.count

    def evidence(self, at: int) -> Proof:
        """What makes V(at)."""
        return Proof(self.members.between(at - self.rule.window, at))

    # -- members that change no episode

    def add(self, at: int, number: int) -> bool:
        """Add a member if that changes no episode by any clock before `due`; whether it is added. V learns of it later.

        V is nowhere greater than the number of members in the window, so they alone can say that it does not.
        """
        rule, spans, members = self.rule, self._spans, self.members
        if at < rule.since:
            return True
        end, level = at + rule.window, spans.low
        if spans.openings and at <= spans.ended(-1):
            level = spans.least(at, end, self.clock, members.last)
        if not members.put(at, number, level, rule.window):
            return False
        self._wait(at, min(end, FOREVER), 1)
        return True

    def grow(self, at: int, number: int, clock: int) -> tuple[Episode, Episode] | None:
        """Add a member that `add` refused, if all it does before `due` is to move the peak of the open span.

        The episode before and after; None if it is not that simple: then the member is not added.
        """
        if not self._spans.openings:
            return None
        span, members, window = self._spans.span(-1), self.members, self.rule.window
        if not span.opened <= at <= span.ended or max(at, members.last) > min(clock, span.ended):
            return None
        if self.clock >= span.ended + self.rule.keep_firing:  # it is over
            return None
        members.add(at, number)
        peak, peak_at = span.peak + 1, span.peak_at  # nothing lies after the clock: one more is one more
        if not at <= peak_at < at + window:
            peak -= at < peak_at
            found = members.first(peak, at, window)
            if found is None:
                members.remove(at, number)
                return None
            peak_at = found
        grown = Span(span.opened, span.ended, peak, peak_at)
        self._spans.replace(len(self._spans) - 1, len(self._spans), [grown])
        self._wait(*spell_of(self.rule, Member(at, number)))
        return self._episode(span, clock), self._episode(grown, clock)

    def swap(self, old: Member | None, new: Member | None) -> bool:
        """Exchange a member if that changes no episode by any clock before `due`; whether it is exchanged.

        One that is part of no span can go without notice.
        """
        if old is not None and old.at >= self.rule.since:
            start, end, weight = spell_of(self.rule, old)
            if self._spans.holds(start, end):
                return False
            if new is not None and not self.add(new.at, new.number):
                return False
            self.members.remove(old.at, old.number)
            self._wait(start, end, -weight)
            return True
        return new is None or self.add(new.at, new.number)

    # -- members

    def _spells(self, members: Sequence[Member], after: int) -> Sequence[Spell]:
        """Take in all members; the spells of those after an instant."""
        self.members = Members(members, 8 * Spans.block)
        return self._after(members, after)

    def _after(self, members: Sequence[Member], after: int) -> Sequence[Spell]:
        return [spell_of(self.rule, it) for it in members if it.at > after]

    def _exchange(self, old: Member | None, new: Member | None, moved: list[Spell] | None) -> list[Spell]:
        """Exchange a member: what that does to V. The stretches in which evidence changes go to `moved`."""
        changes: list[Spell] = []
        if old is not None:
            self.members.remove(old.at, old.number)
            start, end, weight = spell_of(self.rule, old)
            changes.append(Spell(start, end, -weight))
        if new is not None:
            self.members.add(new.at, new.number)
            changes.append(spell_of(self.rule, new))
        if moved is not None:
            moved += changes
        return changes
