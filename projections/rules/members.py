"""The incidents of one group in order of (instant, number): 16 bytes each, in blocks: a late one moves little."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

from projections.rules.model import FOREVER

BLOCK: Final = 1024  # members; a block splits above it
FIRST: Final = (-FOREVER, -1)


class Members:
    """Which incidents there are, and when they happened."""

    __slots__ = ("_ats", "_block", "_firsts", "_numbers")

    def __init__(self, members: Sequence[tuple[int, ...]] = (), block: int = BLOCK) -> None:
        """Take (instant, number, …) in order."""
        self._block = block
        ats, numbers = array("q", [it[0] for it in members]), array("q", [it[1] for it in members])
        parts = [slice(start, start + block) for start in range(0, max(len(ats), 1), block)]
        self._ats = [ats[part] for part in parts]
        self._numbers = [numbers[part] for part in parts]
        self._firsts = [
            FIRST,
            *((ats[part.start], numbers[part.start]) for part in parts[1:]),
        ]  # nothing below is theirs

    def add(self, at: int, number: int) -> None:
        """Put an incident where it belongs."""
        block = bisect_right(self._firsts, (at, number)) - 1 if len(self._firsts) > 1 else 0
        ats, numbers = self._ats[block], self._numbers[block]
        if not ats or at > ats[-1]:
            ats.append(at)
            numbers.append(number)
        else:
            place = self._place(ats, numbers, at, number)
            ats.insert(place, at)
            numbers.insert(place, number)
        if len(ats) > self._block:
            self._split(block)

    def extend(self, those: Sequence[tuple[int, int]]) -> None:
        """Put (instant, number) of several incidents where they belong; in order."""
        ats = self._ats[-1]
        if ats and those[0][0] > ats[-1] and len(ats) + len(those) <= self._block:  # the usual case
            ats.extend([it[0] for it in those])
            self._numbers[-1].extend([it[1] for it in those])
            return
        for at, number in those:
            self.add(at, number)

    def remove(self, at: int, number: int) -> None:
        """Take out an incident that is there."""
        block = bisect_right(self._firsts, (at, number)) - 1
        ats, numbers = self._ats[block], self._numbers[block]
        place = self._place(ats, numbers, at, number)
        del ats[place], numbers[place]

    def between(self, after: int, until: int) -> list[int]:
        """The numbers of the incidents in (after, until], in order."""
        block = max(bisect_right(self._firsts, (after, FOREVER)) - 1, 0)
        found: list[int] = []
        while block < len(self._ats) and self._firsts[block] <= (until, FOREVER):
            ats = self._ats[block]
            found += self._numbers[block][bisect_right(ats, after) : bisect_right(ats, until)]
            block += 1
        return found

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
