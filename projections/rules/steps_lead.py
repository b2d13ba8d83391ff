"""A step function of time that can be raised over a range and searched for crossings.

Change points lie in blocks of some hundred; a block knows its lowest and highest value and an amount by which all of it
is raised. So raising a range and finding a crossing skip whole blocks: late incidents in a hot group stay cheap.
Sixteen bytes a point.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

from projections.rules.model import FOREVER

BLOCK: Final = 64  # points; a block splits at twice this


class _Block:
    """Some neighbouring change points."""

    __slots__ = ("high", "low", "raised", "times", "values")

    def __init__(self, times: "array[int]", values: "array[int]", raised: int = 0) -> None:
        self.times, self.values, self.raised = times, values, raised  # V = values[i] + raised
        self.low, self.high = min(values), max(values)  # of `values`, before `raised`


class Steps:
    """V(t), known at its change points up to some clock; 0 before the first."""

    __slots__ = ("_blocks", "_size", "_starts")

    def __init__(self, block: int = BLOCK) -> None:
        self._size = block
        self._blocks: list[_Block] = []
        self._starts: list[int] = []  # first instant of each block

    def last(self) -> tuple[int, int]:
        """The last change point and the value there."""
        if not self._blocks:
            return -FOREVER, 0
        block = self._blocks[-1]
        return block.times[-1], block.values[-1] + block.raised

    def value(self, at: int) -> int:
        """V(at)."""
        number = self._index(at)
        if not self._blocks or at < self._starts[number]:
            return 0
        block = self._blocks[number]
        return block.values[bisect_right(block.times, at) - 1] + block.raised

    def append(self, at: int, value: int) -> None:
        """Add a change point after all others."""
        if not self._blocks or len(self._blocks[-1].times) >= 2 * self._size:
            self._blocks.append(_Block(array("q", (at,)), array("q", (value,))))
            self._starts.append(at)
            return
        block = self._blocks[-1]
        value -= block.raised
        block.times.append(at)
        block.values.append(value)
        if value < block.low:
            block.low = value
        elif value > block.high:
            block.high = value

    def add(self, start: int, end: int, weight: int) -> None:
        """Raise V by `weight` in [start, end); FOREVER makes no change point."""
        self._split(start)
        if end < FOREVER:
            self._split(end)
        index = self._index(start)
        while index < len(self._blocks) and self._starts[index] < end:
            _raise(self._blocks[index], start, end, weight)
            index += 1

    def first(self, at_least: int, start: int, end: int) -> int | None:
        """The first change point in [start, end) where V >= `at_least`."""
        for block, low, high in self._parts(start, end):
            wanted = at_least - block.raised
            if block.high >= wanted:
                for index in range(low, high):
                    if block.values[index] >= wanted:
                        return block.times[index]
        return None

    def first_below(self, limit: int, start: int, end: int) -> int | None:
        """The first change point in [start, end) where V < `limit`."""
        for block, low, high in self._parts(start, end):
            wanted = limit - block.raised
            if block.low < wanted:
                for index in range(low, high):
                    if block.values[index] < wanted:
                        return block.times[index]
        return None

    def latest(self, at_least: int, before: int) -> int:
        """The last change point before an instant where V >= `at_least`; -FOREVER when there is none."""
        for number in range(self._index(before), -1, -1) if self._blocks else ():
            block = self._blocks[number]
            wanted = at_least - block.raised
            if block.high >= wanted:
                for index in range(bisect_left(block.times, before) - 1, -1, -1):
                    if block.values[index] >= wanted:
                        return block.times[index]
        return -FOREVER

    def peak(self, start: int, end: int) -> tuple[int, int]:
        """The greatest V at the change points in [start, end), and the first of them that has it."""
        best, best_at = -FOREVER, start
        for block, low, high in self._parts(start, end):
            if block.high + block.raised > best:
                values = block.values[low:high]
                top = max(values)
                if top + block.raised > best:
                    best, best_at = top + block.raised, block.times[low + values.index(top)]
        return best, best_at

    def _index(self, at: int) -> int:
        """The block that an instant belongs to."""
        return max(bisect_right(self._starts, at) - 1, 0)

    def _parts(self, start: int, end: int) -> Iterator[tuple[_Block, int, int]]:
        """(block, low, high) for each block with change points in [start, end)."""
        blocks, starts = self._blocks, self._starts
        for number in range(self._index(start), len(blocks)):
            if starts[number] >= end:
                return
            times = blocks[number].times
            low = bisect_left(times, start) if times[0] < start else 0
            high = bisect_left(times, end) if times[-1] >= end else len(times)
            if low < high:
                yield blocks[number], low, high

    def _split(self, at: int) -> None:
        """Make `at` a change point that changes nothing yet."""
        last, value = self.last()
        if at > last:
            self.append(at, value)
            return
        number = self._index(at)
        block = self._blocks[number]
        index = bisect_left(block.times, at)
        if index < len(block.times) and block.times[index] == at:
            return
        value = block.values[index - 1] if index else -block.raised  # only the very first block starts after `at`
        block.times.insert(index, at)
        block.values.insert(index, value)
        block.low, block.high = min(block.low, value), max(block.high, value)
        self._starts[number] = block.times[0]
        if len(block.times) > 2 * self._size:
            self._halve(number)

    def _halve(self, number: int) -> None:
        block, half = self._blocks[number], self._size
        self._blocks[number : number + 1] = [
            _Block(block.times[:half], block.values[:half], block.raised),
            _Block(block.times[half:], block.values[half:], block.raised),
        ]
        self._starts.insert(number + 1, block.times[half])


def _raise(block: _Block, start: int, end: int, weight: int) -> None:
    if start <= block.times[0] and block.times[-1] < end:
        block.raised += weight
        return
    low, high = bisect_left(block.times, start), bisect_left(block.times, end)
    block.values[low:high] = array("q", [value + weight for value in block.values[low:high]])
    block.low, block.high = min(block.values), max(block.values)
