"""A step function of time, kept as its changes: V(t) is the sum of the changes at instants <= t.

A change touches one point, whatever comes after it. Points lie in blocks, blocks in rows; a block and a row remember
the sum of their changes and how low and how high V gets within them, counted from 0 at their beginning. So V at an
instant, the first crossing of a threshold and the greatest value of a stretch are found without looking at the points
between.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import add
from typing import Final

from projections.rules.model import FOREVER

BLOCK: Final = 128  # points; a block splits above it. 64 and 256 measured alike
ROW: Final = 32  # blocks
FEW: Final = 5  # a fifth of a block, in points: fewer are put in one by one at less cost
NONE: Final = -FOREVER // 2  # below every V that there is, above what stands for no point

Extremes = tuple[int, int]  # the lowest and the highest V after each point, counted from 0 before the first
Piece = tuple[int, int, int]  # first block, number of blocks (1 or a row of them), V before


class Steps:
    """V(t) and its change points; 0 before the first."""

    __slots__ = ("_block", "_deltas", "_extremes", "_firsts", "_row", "_row_extremes", "_row_sums", "_sums", "_times")

    def __init__(self, points: Sequence[tuple[int, int]] = (), block: int = BLOCK, row: int = ROW) -> None:
        """Take (instant, change) in rising order, one for each instant."""
        self._block, self._row = block, row
        times, deltas = array("q", [at for at, _ in points]), array("q", [delta for _, delta in points])
        starts = range(0, max(len(times), 1), block)
        self._times = [times[start : start + block] for start in starts]
        self._deltas = [deltas[start : start + block] for start in starts]
        self._firsts = [-FOREVER, *(times[start] for start in starts[1:])]  # of a block: no instant below belongs to it
        self._sums = [sum(deltas) for deltas in self._deltas]
        self._extremes: list[Extremes | None] = [None] * len(self._sums)  # None: to be found anew
        self._regroup()

    def add(self, at: int, delta: int) -> None:
        """Change V by `delta`, which is not 0, from `at` on."""
        block = bisect_right(self._firsts, at) - 1
        times, deltas = self._times[block], self._deltas[block]
        index = bisect_left(times, at)
        if index == len(times) or times[index] != at:
            times.insert(index, at)
            deltas.insert(index, delta)
        else:
            deltas[index] += delta
            if not deltas[index]:
                del times[index], deltas[index]
        row = block // self._row
        self._sums[block] += delta
        self._row_sums[row] += delta
        self._extremes[block] = self._row_extremes[row] = None
        if len(times) > self._block:
            self._split(block)

    def extend(self, points: Sequence[tuple[int, int]]) -> None:
        """Change V at several instants, in rising order, one for each."""
        stop, few = len(points), self._block // FEW
        if stop <= few:
            self._add(points)
            return
        for block in range(len(self._firsts) - 1, -1, -1):  # a block that is cut moves only those behind it
            start = bisect_left(points, (self._firsts[block],)) if block else 0
            if start + few < stop:
                self._extend(block, points[start:stop])
            else:
                self._add(points[start:stop])
            stop = start
            if not start:
                break
        self._regroup()

    def _add(self, points: Sequence[tuple[int, int]]) -> None:
        for at, delta in points:
            self.add(at, delta)

    def _extend(self, block: int, points: Sequence[tuple[int, int]]) -> None:
        deltas = dict(zip(self._times[block], self._deltas[block], strict=True))
        for at, delta in points:
            deltas[at] = deltas.get(at, 0) + delta
        kept = sorted(at for at, delta in deltas.items() if delta)
        parts = [kept[at : at + self._block] for at in range(0, max(len(kept), 1), self._block)]
        here = slice(block, block + 1)
        self._times[here] = [array("q", part) for part in parts]
        self._deltas[here] = [array("q", [deltas[at] for at in part]) for part in parts]
        self._sums[here] = [sum(part) for part in self._deltas[block : block + len(parts)]]
        self._extremes[here] = [None] * len(parts)
        self._firsts[here] = [self._firsts[block], *(part[0] for part in parts[1:])]

    def value(self, at: int) -> int:
        """V at an instant."""
        block = bisect_right(self._firsts, at) - 1
        within = sum(self._deltas[block][: bisect_right(self._times[block], at)])
        return within + self._before(block) if block else within

    def first_outside(self, low: int, high: int, start: int, end: int = FOREVER) -> int | None:
        """The first change point in [start, end) where V < `low` or V >= `high`."""
        block = bisect_right(self._firsts, start) - 1
        times, deltas = self._times[block], self._deltas[block]
        index = bisect_left(times, start)
        value = base = self._before(block) if block else 0
        if index:
            value += sum(deltas[:index])
        for at, delta in zip(times[index:], deltas[index:], strict=True):
            value += delta
            if not low <= value < high or at >= end:
                return at if at < end else None
        return self._further(low, high, self._pieces(block + 1, base + self._sums[block], end), end)

    def last_reaching(self, high: int, before: int) -> int | None:
        """The last change point before an instant where V >= `high`."""
        block = bisect_left(self._firsts, before) - 1
        base = self._before(block)
        while True:
            if base + self._of_block(block)[1] >= high:
                values = list(accumulate(self._deltas[block], initial=base))
                for index in range(bisect_left(self._times[block], before) - 1, -1, -1):
                    if values[index + 1] >= high:
                        return self._times[block][index]
            if not block:
                return None
            block -= 1
            base -= self._sums[block]

    def peak(self, start: int, end: int) -> tuple[int, int]:
        """The greatest V at the change points in [start, end), and the first that has it; -FOREVER for none."""
        block = bisect_right(self._firsts, start) - 1
        base = self._before(block) if block else 0
        last = bisect_left(self._firsts, end) - 1
        best, best_from = self._highest(block, base, start, end), start
        for first, count, before in self._pieces(block + 1, base + self._sums[block], end):
            if count > 1:
                highest = before + self._of_row(first // self._row)[1]
            elif first < last:
                highest = before + self._of_block(first)[1]
            else:
                highest = self._highest(first, before, start, end)
            if highest > best:
                best, best_from = highest, self._firsts[first]
        if best < NONE:  # blocks without points, whatever V is before them
            return -FOREVER, start
        at = self.first_outside(-FOREVER, best, best_from)
        return best, start if at is None else at

    # -- blocks and rows

    def _before(self, block: int) -> int:
        """V before the first point of a block."""
        row = block // self._row
        within = sum(self._sums[row * self._row : block])
        return within + sum(self._row_sums[:row]) if row else within

    def _pieces(self, block: int, base: int, end: int) -> Iterator[Piece]:
        """Blocks from `block` on, and whole rows, that hold the points before `end`; the last may hold later ones."""
        stop = bisect_left(self._firsts, end)
        while block < stop:
            if block % self._row == 0 and block + self._row < stop:
                yield block, self._row, base
                base += self._row_sums[block // self._row]
                block += self._row
            else:
                yield block, 1, base
                base += self._sums[block]
                block += 1

    def _further(self, low: int, high: int, pieces: Iterable[Piece], end: int) -> int | None:
        """The first point in these pieces, before `end`, where V leaves [low, high)."""
        for first, count, base in pieces:
            lowest, highest = self._of_row(first // self._row) if count > 1 else self._of_block(first)
            if base + lowest < low or base + highest >= high:
                found = self._scan(first, base, low, high)
                return found if found < end else None
        return None

    def _scan(self, block: int, value: int, low: int, high: int) -> int:
        """The first point from a block on where V leaves [low, high): there is one in this row."""
        while True:
            lowest, highest = self._of_block(block)
            if value + lowest < low or value + highest >= high:
                for at, delta in zip(self._times[block], self._deltas[block], strict=True):
                    value += delta
                    if not low <= value < high:
                        return at
            value += self._sums[block]
            block += 1

    def _highest(self, block: int, base: int, start: int, end: int) -> int:
        """The greatest V at the points of a block in [start, end)."""
        times = self._times[block]
        low, high = bisect_left(times, start), bisect_left(times, end)
        if low >= high:
            return -FOREVER
        if high - low == len(times):
            return base + self._of_block(block)[1]
        deltas = self._deltas[block]
        return base + sum(deltas[:low]) + max(accumulate(deltas[low:high]))

    def _of_block(self, block: int) -> Extremes:
        known = self._extremes[block]
        if known is None:
            values = list(accumulate(self._deltas[block]))
            known = self._extremes[block] = (min(values), max(values)) if values else (FOREVER, -FOREVER)
        return known

    def _of_row(self, row: int) -> Extremes:
        known = self._row_extremes[row]
        if known is None:
            first, stop = row * self._row, min((row + 1) * self._row, len(self._sums))
            bases = list(accumulate(self._sums[first:stop], initial=0))
            lows, highs = zip(*(self._of_block(block) for block in range(first, stop)), strict=True)
            known = self._row_extremes[row] = (min(map(add, bases, lows)), max(map(add, bases, highs)))
        return known

    def _split(self, block: int) -> None:
        """Halve a block; at the very end, where most points come in order, begin a new one instead."""
        times, deltas = self._times[block], self._deltas[block]
        half = len(times) - 1 if block == len(self._times) - 1 else len(times) // 2
        self._times[block : block + 1] = [times[:half], times[half:]]
        self._deltas[block : block + 1] = [deltas[:half], deltas[half:]]
        self._firsts.insert(block + 1, times[half])
        self._sums[block : block + 1] = [sum(deltas[:half]), sum(deltas[half:])]
        self._extremes.insert(block, None)
        self._regroup()

    def _regroup(self) -> None:
        self._row_sums = [sum(self._sums[at : at + self._row]) for at in range(0, len(self._sums), self._row)]
        self._row_extremes: list[Extremes | None] = [None] * len(self._row_sums)
