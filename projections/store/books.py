"""The rows of counters and tallies that a batch changes, as absolute values: what was, and what came."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import duckdb

from projections.counters import (
    ONE,
    SUMS,
    TALLY_SUMS,
    ZERO,
    Cell,
    Sums,
    TallyCell,
    cells,
    delta,
    minus,
    plus,
    sums,
    tally_delta,
)
from projections.fold import Change
from projections.identity import identity
from projections.incidents import Incident
from projections.rows import Row
from projections.store import lookups
from projections.store.seen import Seen
from projections.store.tables import Tables

KEPT: Final = 60_000  # cells kept in memory, about 400 bytes each
COUNTED: Final = ("cell", *SUMS)
TALLIED: Final = ("timeline", "site", "class", *TALLY_SUMS, "first_occurred", "last_occurred")
PLACE_OF: Final = {name.removeprefix("attribution_"): place for place, name in enumerate(TALLY_SUMS)}


class Counters:
    """The rows of `counters`: most cells that change are those of the last days, and still in memory.

    Most changes are new incidents that count one in each of their cells, so the others are noted as that, and what
    they count beside it. The order in which cells are first mentioned gives them their numbers.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._seen = Seen(con, "counters")
        self._next: int = con.execute("SELECT coalesce(max(cell) + 1, 0) FROM counters").fetchall()[0][0]
        self._kept: dict[Cell, tuple[int, int, Sums]] = {}  # number of the row, fingerprint, sums
        self._cells: list[Cell] = []
        self._beside: list[tuple[Cell, Sums]] = []

    def add(self, change: Change) -> None:
        """Note what one change adds."""
        before, after = change
        if before is not None:
            added = delta(before, after)
            self._cells += added
            self._beside += [(cell, minus(these, ONE)) for cell, these in added.items()]
            return
        those, these = cells(after), sums(after)
        self._cells += those
        if these is not ONE:
            beside = minus(these, ONE)
            self._beside += [(cell, beside) for cell in those]

    def write(self, tables: Tables) -> None:
        """Write the rows that changed since the last time."""
        new, old = self._rows()
        if new:
            tables.add("counters", new)
        if old:
            tables.change("counters", COUNTED, old)

    def _rows(self) -> tuple[list[Row], list[Row]]:
        self._make_room()
        first_new = self._next
        counts, beside = Counter(self._cells), self._beside
        self._cells, self._beside = [], []
        self._fetch({cell: identity(*map(str, cell)) for cell in counts if cell not in self._kept})
        for cell, these in beside:
            number, fingerprint, before = self._kept[cell]
            self._kept[cell] = number, fingerprint, plus(before, these)
        new, old = list[Row](), list[Row]()
        for cell, count in counts.items():
            number, fingerprint, before = self._kept[cell]
            now = (before[0] + count, *before[1:])
            self._kept[cell] = number, fingerprint, now
            if number < first_new:
                old.append((number, *now))
            else:
                new.append((number, fingerprint, *cell, *now))
        return new, old

    def _fetch(self, missing: Mapping[Cell, int]) -> None:
        old = self._seen.meet(missing.values())
        found = lookups.cells(self._con, old) if old else {}
        for cell, fingerprint in missing.items():
            if cell in found:
                self._kept[cell] = (found[cell][0], fingerprint, found[cell][1])
            else:
                self._kept[cell] = (self._next, fingerprint, ZERO)
                self._next += 1

    def _make_room(self) -> None:
        self._seen.grow()
        if len(self._kept) > KEPT:  # the oldest first; they can be fetched again
            self._kept = dict(list(self._kept.items())[KEPT // 2 :])


@dataclass(slots=True)
class Tally:
    """A row of `site_tallies`."""

    sums: list[int]
    first: int | None = None  # µs; of those that stand
    last: int | None = None


class Tallies:
    """The rows of `site_tallies`, all of them in memory: there are not more than sites and classes."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._kept = {cell: Tally(list(these), *span) for cell, (these, *span) in lookups.tallies(con).items()}
        self._touched: set[TallyCell] = set()
        self._new: set[TallyCell] = set()  # those of them that the table does not have yet
        self._unsure: set[TallyCell] = set()  # the first or last of them may be gone

    def add(self, change: Change) -> None:
        """Take in what one change adds."""
        was, it = change
        cell = it.timeline, it.site, it.incident_class
        if was is None and sums(it) is ONE:
            these = self._tally(cell).sums
            these[0] += 1
            these[PLACE_OF[it.attribution]] += 1
        else:
            for other, added in tally_delta(was, it).items():
                tally = self._tally(other)
                tally.sums[:] = plus(tally.sums, added)
        if it.stands:
            self._extend(self._kept[cell], it.at)
        if was is not None and was.stands and _place(was) != (_place(it) if it.stands else None):
            cell = was.timeline, was.site, was.incident_class
            if was.at in (self._kept[cell].first, self._kept[cell].last):  # else neither was the one that went
                self._unsure.add(cell)

    def _tally(self, cell: TallyCell) -> Tally:
        self._touched.add(cell)
        found = self._kept.get(cell)
        if found is None:
            found = self._kept[cell] = Tally([0] * len(TALLY_SUMS))
            self._new.add(cell)
        return found

    def _extend(self, tally: Tally, at: int) -> None:
        if tally.first is None or at < tally.first:
            tally.first = at
        if tally.last is None or at > tally.last:
            tally.last = at

    def write(self, tables: Tables) -> None:
        """Write the rows that changed since the last time; `incident_versions` must hold the batch already."""
        if self._unsure:
            found = lookups.extents(self._con, self._unsure)
            for cell in self._unsure:
                self._kept[cell].first, self._kept[cell].last = found.get(cell, (None, None))
        touched, new = sorted(self._touched), self._new
        self._touched, self._unsure, self._new = set(), set(), set()
        if new:
            tables.add("site_tallies", [self._row(cell) for cell in touched if cell in new])
        if len(new) < len(touched):
            tables.change("site_tallies", TALLIED, [self._row(cell) for cell in touched if cell not in new])

    def _row(self, cell: TallyCell) -> Row:
        it = self._kept[cell]
        return (*cell, *it.sums, it.first, it.last)


def _place(it: Incident) -> tuple[str, str, int]:
    return it.site, it.incident_class, it.at
