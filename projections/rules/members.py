"""The incidents of one group in order of (instant, number): 16 bytes each, in blocks: a late one moves little."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import sub
from typing import Final

from projections.rules.model import FOREVER, Member
from projections.rules.pieces import Pieces

BLOCK: Final = 1024  # members; a block splits above it
MOST: Final = 8  # blocks: it takes longer to look at more of them than to ask V
FIRST: Final[tuple[int, ...]] = (-FOREVER,)  # before every (instant, number)


class Members:
    """Which incidents there are, and when they happened."""

    __slots__ = ("_ats", "_block", "_firsts", "_lent", "_numbers", "count")

    def __init__(self, members: Sequence[Member] = (), block: int = BLOCK) -> None:
        """Take members in order."""
        self._block, self.count = block, len(members)
        self._lent: set[int] | None = None  # ids of blocks of numbers that others read on: copied before they change
        ats, numbers = array("q", [it[0] for it in members]), array("q", [it[1] for it in members])
        parts = [slice(start, start + block) for start in range(0, len(ats), block)] or [slice(None)]
        self._ats = [ats[part] for part in parts]
        self._numbers = [numbers[part] for part in parts]
        self._firsts = [
            FIRST,
            *((ats[part.start], numbers[part.start]) for part in parts[1:]),
        ]  # nothing below is theirs

    def add(self, at: int, number: int) -> None:
        """Put an incident where it belongs."""
        self.count += 1
        block = bisect_right(self._firsts, (at, number)) - 1 if len(self._firsts) > 1 else 0
        ats, numbers = self._ats[block], self._own(block) if self._lent else self._numbers[block]
        if not ats or at > ats[-1]:
            ats.append(at)
            numbers.append(number)
        else:
            place = self._place(ats, numbers, at, number)
            ats.insert(place, at)
            numbers.insert(place, number)
        if len(ats) > self._block:
            self._split(block)

    def remove(self, at: int, number: int) -> None:
        """Take out an incident that is there."""
        self.count -= 1
        block = bisect_right(self._firsts, (at, number)) - 1
        ats, numbers = self._ats[block], self._own(block) if self._lent else self._numbers[block]
        place = self._place(ats, numbers, at, number)
        del ats[place], numbers[place]

    @property
    def last(self) -> int:
        """The instant of the last one; long ago when there is none."""
        return next((ats[-1] for ats in reversed(self._ats) if ats), -FOREVER)

    def put(self, at: int, number: int, level: int, window: int) -> bool:
        """Add an incident unless a window (t - window, t] with it may hold `level` then; whether it is added."""
        if self.count + 1 >= level:
            if at > self.last:
                if level == 1 or self._back(level - 1) > at - window:
                    return False
            else:
                near = self._near(at - window, at + window)
                if near is None or _reach(near, bisect_right(near, at), level, at, window):
                    return False
        self.add(at, number)
        return True

    def first(self, level: int, at: int, window: int) -> int | None:
        """The first t in [at, at + window) whose window (t - window, t] holds `level`, the first time that one does.

        None also when there are too many near it to look at.
        """
        ats = self._near(at - window, at + window)
        if ats is None:
            return None
        place = bisect_left(ats, at)
        begin, high = max(place, level - 1), bisect_left(ats, at + window, place)
        pairs = zip(ats[begin:high], ats[begin + 1 - level :], strict=False)
        return next((last for last, first in pairs if last - first < window), None)

    def _back(self, number: int) -> int:
        """The instant of the last but `number` - 1; there are as many."""
        for ats in reversed(self._ats):
            if number <= len(ats):
                return ats[-number]
            number -= len(ats)
        raise IndexError(number)

    def _near(self, after: int, until: int) -> "array[int] | None":
        """The instants of a stretch, and some around it; None when it is long."""
        if after >= self._firsts[-1][0]:
            return self._ats[-1]
        blocks = self._blocks(after, until)
        if len(blocks) > MOST:
            return None
        first, *rest = self._ats[blocks.start : blocks.stop]
        return sum(rest, first)

    def _blocks(self, after: int, until: int) -> range:
        """Those that hold the members of (after, until]; one that begins just after may have more before it."""
        first = max(bisect_left(self._firsts, (after + 1,)) - 1, 0)
        return range(first, bisect_left(self._firsts, (until + 1,)))

    def all(self) -> Iterator[tuple[int, int]]:
        """(instant, number) of each, in order."""
        for ats, numbers in zip(self._ats, self._numbers, strict=True):
            yield from zip(ats, numbers, strict=True)

    def between(self, after: int, until: int) -> "list[int] | Pieces":
        """The numbers of the incidents in (after, until], in order; of many blocks in pieces."""
        blocks = self._blocks(after, until)
        if len(blocks) > 1:
            return Pieces([self._lend(block, after, until) for block in blocks])
        return [it for block in blocks for it in self._numbers[block][self._stretch(block, after, until)]]

    def _lend(self, block: int, after: int, until: int) -> "array[int]":
        """The numbers of a block that are in (after, until]; if it is all of them, they are not copied."""
        numbers, stretch = self._numbers[block], self._stretch(block, after, until)
        if stretch.stop - stretch.start < len(numbers):
            return numbers[stretch]
        self._lent = self._lent or set()
        self._lent.add(id(numbers))
        return numbers

    def _stretch(self, block: int, after: int, until: int) -> slice:
        ats = self._ats[block]
        return slice(bisect_right(ats, after), bisect_right(ats, until))

    def _own(self, block: int) -> "array[int]":
        """The numbers of a block that nobody else reads on."""
        numbers = self._numbers[block]
        if self._lent and id(numbers) in self._lent:
            self._lent.remove(id(numbers))
            numbers = self._numbers[block] = numbers[:]
        return numbers

    @staticmethod
    def _place(ats: "array[int]", numbers: "array[int]", at: int, number: int) -> int:
        """Where an incident is in a block, or belongs."""
        low = bisect_left(ats, at)
        return bisect_left(numbers, number, low, bisect_right(ats, at, low))

    def _split(self, block: int) -> None:
        """Halve a block; at the very end, where most come in order, begin a new one instead."""
        ats, numbers = self._ats[block], self._numbers[block]
        half = len(ats) - 1 if block == len(self._ats) - 1 else len(ats) // 2
        self._ats[block : block + 1] = [ats[:half], ats[half:]]
        self._numbers[block : block + 1] = [numbers[:half], numbers[half:]]
        self._firsts.insert(block + 1, (ats[half], numbers[half]))


def _reach(ats: "array[int]", place: int, level: int, at: int, window: int) -> bool:
    """Whether, with one more at an instant, whose place is known, some window that has it holds so many."""
    before = place + 1 - level
    if before >= 0 and (level == 1 or ats[before] > at - window):
        return True
    if place == len(ats):
        return False
    high = bisect_left(ats, at + window, place)
    if high - place + 1 >= level:
        return True
    first = max(place, level - 2)  # of those after it, the first that can be the last of as many
    return first < high and min(map(sub, ats[first:high], ats[first + 2 - level : place])) < window
