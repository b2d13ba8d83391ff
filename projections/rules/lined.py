"""A track of members whose weights or neighbours matter (all measures but a count): looked at after each event."""

from collections.abc import Sequence

from projections.rules.lines import Lines
from projections.rules.model import Member
from projections.rules.outcome import Proof, proof_of
from projections.rules.spells import Spell
from projections.rules.track import Track


class LinedTrack(Track):
    """One rule in one group. V may be greater than the number of members, so nothing is said without it."""

    __slots__ = ("_lines",)

    def all(self) -> list[Member]:
        """All members, in order."""
        return self._lines.all()

    def evidence(self, at: int) -> Proof:
        """What makes V(at)."""
        return proof_of(self._lines.covering(at))

    def _spells(self, members: Sequence[Member], after: int) -> Sequence[Spell]:
        self._lines = Lines(self.rule, members)
        return Lines(self.rule, [it for it in members if it.at > after]).spells()

    def _exchange(self, old: Member | None, new: Member | None, moved: list[Spell] | None) -> list[Spell]:
        changes = self._lines.take(old, moved) if old is not None else []
        return changes + self._lines.put(new, moved) if new is not None else changes
