"""Members in lines: neighbours are those that share a value, in order of (instant, number). See `spells.py`."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator

from projections.rules.model import FOREVER, Member, Rule
from projections.rules.spells import Spell, line_of, spells_of

Owned = dict[Member, list[Spell]]
Exchanged = tuple[Owned, Owned]  # the spells of those whose spells may have changed, before and after


class Lines:
    """The members of one group whose neighbours matter."""

    __slots__ = ("_lines", "_rule", "_wide")

    def __init__(self, rule: Rule, members: Iterable[Member] = ()) -> None:
        self._rule = rule
        self._wide = line_of(rule, Member(0, 0)) is not None  # whether a neighbour's spells change too
        self._lines: defaultdict[str | None, list[Member]] = defaultdict(list)
        for it in sorted(members):
            self._lines[line_of(rule, it)].append(it)

    def take(self, it: Member) -> Exchanged:
        """Take a member out."""
        line = self._lines[line_of(self._rule, it)]
        place = bisect_left(line, it)
        before = self._around(line, place, place + 1)
        del line[place]
        return before, self._around(line, place, place)

    def put(self, it: Member) -> Exchanged:
        """Put a member in."""
        line = self._lines[line_of(self._rule, it)]
        place = bisect_left(line, it)
        before = self._around(line, place, place)
        line.insert(place, it)
        return before, self._around(line, place, place + 1)

    def spells(self) -> list[Spell]:
        """All that there are."""
        return [
            spell
            for line in self._lines.values()
            for those in self._around(line, 0, len(line)).values()
            for spell in those
        ]

    def covering(self, at: int) -> list[Member]:
        """The members that add something to V(at), in order."""
        found: list[Member] = []
        for line in self._lines.values():
            first = bisect_right(line, (at - self._rule.reach, FOREVER)) if self._rule.reach < FOREVER else 0
            for it, those in self._around(line, first, bisect_right(line, (at, FOREVER))).items():
                if any(spell.weight > 0 and spell.covers(at) for spell in those):
                    found.append(it)
        return sorted(found)

    def adding(self, at: int) -> dict[Member, Spell]:
        """What each member adds to V(at), from `at` until that changes; without those that add nothing."""
        found: dict[Member, Spell] = {}
        for line in self._lines.values():
            for it, those in self._around(line, 0, len(line)).items():
                covering = [spell for spell in those if spell.covers(at)]
                if covering:
                    ends = [spell.end for spell in covering] + [spell.start for spell in those if spell.start > at]
                    found[it] = Spell(at, min(ends), sum(spell.weight for spell in covering))
        return found

    def all(self) -> list[Member]:
        """Every member, in order."""
        return sorted(it for line in self._lines.values() for it in line)

    def _around(self, line: list[Member], first: int, stop: int) -> Owned:
        """The spells of members of a line, and of the neighbours on both sides if they matter."""
        places = range(max(first - self._wide, 0), min(stop + self._wide, len(line)))
        return {line[place]: list(self._at(line, place)) for place in places}

    def _at(self, line: list[Member], place: int) -> Iterator[Spell]:
        before = line[place - 1] if place else None
        after = line[place + 1] if place + 1 < len(line) else None
        return spells_of(self._rule, line[place], before, after)
