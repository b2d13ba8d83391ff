"""Members in lines: neighbours are those that share a value, in order of (instant, number). See `spells.py`.

Instants and numbers are eight bytes each; what else a member says is shared by all that say the same.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import ClassVar, Final

from projections.rules.model import FOREVER, Bounds, Member, Rule
from projections.rules.pieces import Pieces
from projections.rules.proof import Proof, proof_of, total
from projections.rules.spells import Spell, brought, exchanged, line_of, spells_of
from projections.rules.words import Measure

MOST: Final = 64  # members: it takes longer to add up more of them than to ask V
Owned = dict[Member, list[Spell]]  # the spells of members
Said = tuple[str, int, Bounds | None]  # value, weight and bounds
Part = tuple["array[int]", Bounds | None]  # what some make together: numbers and bounds


class Line:
    """Members that share a value, in order."""

    part: ClassVar[int] = 256  # members; what they make together is kept, once it was asked for; in tests few
    __slots__ = ("_parts", "ats", "numbers", "said")

    def __init__(self, members: Sequence[Member] = ()) -> None:
        self.ats, self.numbers = array("q", [it[0] for it in members]), array("q", [it[1] for it in members])
        self.said = [_shared(it[2], it[3], it[4]) for it in members]  # by each; once, if all say the same
        if len({*self.said}) == 1:
            del self.said[1:]
        self._parts: list[Part] = []  # what each part of so many makes, as far as somebody asked

    def place(self, it: Member) -> int:
        """Where a member is, or belongs."""
        ats = self.ats
        if not ats or it.at > ats[-1]:
            return len(ats)
        low = bisect_left(ats, it.at)
        return bisect_left(self.numbers, it.number, low, bisect_right(ats, it.at, low))

    def insert(self, place: int, it: Member) -> None:
        """Put a member where it belongs."""
        said = _shared(it.value, it.weight, it.bounds)
        if not self.said or len(self.said) > 1:
            self.said.insert(place, said)
        elif self.said[0] != said:
            self.said *= len(self.ats)
            self.said.insert(place, said)
        self.ats.insert(place, it.at)
        self.numbers.insert(place, it.number)
        del self._parts[place // self.part :]

    def delete(self, place: int) -> None:
        """Take a member out; with the last one a line is done with."""
        del self.ats[place], self.numbers[place]
        if len(self.said) > 1:
            del self.said[place]
        del self._parts[place // self.part :]

    def member(self, place: int) -> Member:
        """One of them."""
        value, weight, bounds = self.said[place if len(self.said) > 1 else 0]
        return Member(self.ats[place], self.numbers[place], value, weight, bounds)

    def near(self, after: int, until: int) -> bool:
        """Whether there is one within (after, until)."""
        place = bisect_right(self.ats, after)
        return place < len(self.ats) and self.ats[place] < until

    def weight(self, first: int, stop: int) -> int:
        """What those from a place up to another add to a sum."""
        if len(self.said) == 1:
            return self.said[0][1] * (stop - first)
        return sum([said[1] for said in self.said[first:stop]])

    def proof(self, first: int, stop: int) -> Proof:
        """What those from a place up to another make together."""
        size = self.part
        low, high = -(-first // size), stop // size
        if low >= high:
            numbers, bounds = self._part(first, stop)
            return Proof([*numbers], bounds)
        while len(self._parts) < high:
            self._parts.append(self._part(size * len(self._parts), size * (len(self._parts) + 1)))
        parts = [self._part(first, low * size), *self._parts[low:high], self._part(high * size, stop)]
        return Proof(Pieces([numbers for numbers, _ in parts]), total([bounds for _, bounds in parts]))

    def _part(self, first: int, stop: int) -> Part:
        said = self.said[first:stop] if len(self.said) > 1 else self.said * (stop - first)
        return self.numbers[first:stop], total([bounds for _, _, bounds in said])

    def around(self, place: int, stop: int) -> tuple[int | None, int | None]:
        """The instants of the neighbours of those from a place up to another."""
        ats = self.ats
        return ats[place - 1] if place else None, ats[stop] if stop < len(ats) else None


class Lines:
    """The members of one group whose neighbours matter."""

    __slots__ = ("_lines", "_rule", "_wide", "many")

    def __init__(self, rule: Rule, members: Iterable[Member] = ()) -> None:
        self._rule = rule
        self._wide = line_of(rule, Member(0, 0)) is not None  # whether a neighbour's spells change too
        self.many = 0  # members
        parts: dict[str | None, list[Member]] = {}
        for it in sorted(members):
            parts.setdefault(line_of(rule, it), []).append(it)
            self.many += 1
        self._lines = {value: Line(those) for value, those in parts.items()}

    def __len__(self) -> int:
        """How many values there are."""
        return len(self._lines)

    def line(self, it: Member) -> Line:
        """The one that a member is in, or comes to."""
        value = line_of(self._rule, it)
        found = self._lines.get(value)
        if found is None:
            found = self._lines[value] = Line()
        return found

    def has(self, it: Member) -> bool:
        """Whether there is another of its value."""
        return line_of(self._rule, it) in self._lines

    def last(self, it: Member) -> int | None:
        """The instant of the last one of its value."""
        line = self._lines.get(line_of(self._rule, it))
        return line.ats[-1] if line is not None else None

    def effect(self, it: Member) -> list[Spell]:
        """What a member would do to V."""
        line = self._lines.get(line_of(self._rule, it))
        if line is None:
            return brought(self._rule, it.at, it.weight, None, None)
        place = line.place(it)
        return brought(self._rule, it.at, it.weight, *line.around(place, place))

    def most(self, it: Member) -> int:
        """At most so much V comes to where a member adds to it, by all near it. Of sum, surge and distinct."""
        rule, after, until = self._rule, it.at - self._rule.window, it.at + self._rule.window
        if rule.measure is Measure.DISTINCT:
            if len(self._lines) > MOST:
                return FOREVER
            return 1 + sum([line.near(after, until) for value, line in self._lines.items() if value != it.value])
        line = self.line(it)
        first = bisect_right(line.ats, after)
        stop = bisect_left(line.ats, until, first)
        if stop - first > MOST:
            return FOREVER
        return (
            rule.preceding * (stop - first + 1)
            if rule.measure is Measure.SURGE
            else it.weight + line.weight(first, stop)
        )

    def take(self, it: Member, moved: list[Spell] | None = None) -> list[Spell]:
        """Take a member out: what that does to V. The stretches where evidence changes go to `moved`."""
        line = self.line(it)
        place = line.place(it)
        self.many -= 1
        before = self._owned(line, place, place + 1) if moved is not None else {}
        line.delete(place)
        if moved is not None:
            moved += _moved(before, self._owned(line, place, place))
        changes = brought(self._rule, it.at, it.weight, *line.around(place, place))
        if not line.ats:
            del self._lines[line_of(self._rule, it)]
        return [Spell(start, end, -weight) for start, end, weight in changes]

    def add(self, it: Member) -> None:
        """Put a member in, whatever that does to V."""
        line = self.line(it)
        line.insert(line.place(it), it)
        self.many += 1

    def put(self, it: Member, moved: list[Spell] | None = None) -> list[Spell]:
        """Put a member in: what that does to V. The stretches where evidence changes go to `moved`."""
        line = self.line(it)
        place = line.place(it)
        self.many += 1
        before = self._owned(line, place, place) if moved is not None else {}
        line.insert(place, it)
        if moved is not None:
            moved += _moved(before, self._owned(line, place, place + 1))
        return brought(self._rule, it.at, it.weight, *line.around(place, place + 1))

    def spells(self) -> list[Spell]:
        """All that there are."""
        return [
            spell for line in self._lines.values() for place in range(len(line.ats)) for spell in self._at(line, place)
        ]

    def proof(self, at: int) -> Proof:
        """What makes V(at)."""
        if self._wide:
            return proof_of(self.covering(at))
        line = self._lines.get(None) or Line()  # all of one window
        return line.proof(bisect_right(line.ats, at - self._rule.window), bisect_right(line.ats, at))

    def covering(self, at: int) -> list[Member]:
        """The members that add something to V(at), in order."""
        found = list[Member]()
        for line in self._lines.values():
            places = range(bisect_right(line.ats, at - self._rule.reach), bisect_right(line.ats, at))
            found += [line.member(it) for it in places if any(spell.covers(at) for spell in self._at(line, it))]
        return sorted(found)

    def adding(self, at: int) -> dict[Member, Spell]:
        """What each member adds to V(at), from `at` until that changes; without those that add nothing."""
        found: dict[Member, Spell] = {}
        for line in self._lines.values():
            for it, those in self._owned(line, 0, len(line.ats)).items():
                covering = [spell for spell in those if spell.covers(at)]
                if covering:
                    ends = [spell.end for spell in covering] + [spell.start for spell in those if spell.start > at]
                    found[it] = Spell(at, min(ends), sum(spell.weight for spell in covering))
        return found

    def all(self) -> list[Member]:
        """Every member, in order."""
        return sorted(line.member(place) for line in self._lines.values() for place in range(len(line.ats)))

    def _owned(self, line: Line, first: int, stop: int) -> Owned:
        """The spells of members of a line, and of the neighbours on both sides if they matter."""
        places = range(max(first - self._wide, 0), min(stop + self._wide, len(line.ats)))
        return {line.member(place): list(self._at(line, place)) for place in places}

    def _at(self, line: Line, place: int) -> Iterator[Spell]:
        before = line.member(place - 1) if place and self._wide else None
        after = line.member(place + 1) if self._wide and place + 1 < len(line.ats) else None
        return spells_of(self._rule, line.member(place), before, after)


def _moved(before: Owned, after: Owned) -> Iterator[Spell]:
    return (spell for it in before | after for spell in exchanged(before.get(it, ()), after.get(it, ())))


@lru_cache(maxsize=4096)
def _shared(value: str, weight: int, bounds: Bounds | None) -> Said:
    return value, weight, bounds
