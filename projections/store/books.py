"""The rows of counters and tallies that a batch changes, as absolute values: what was, and what came."""

from collections.abc import Mapping
from typing import Final

import duckdb

from projections.counters import ONE, TALLY_ZERO, ZERO, Cell, Sums, TallyCell, delta, plus, tally_delta
from projections.fold import Change
from projections.identity import identity
from projections.incidents import Incident
from projections.rows import Row
from projections.store import lookups
from projections.store.seen import Seen

KEPT: Final = 100_000  # cells kept in memory, about 400 bytes each


class Counters:
    """The rows of `counters`: most cells that change are those of the last days, and still in memory."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._seen = Seen(con, "counters")
        self._next: int = con.execute("SELECT coalesce(max(cell) + 1, 0) FROM counters").fetchall()[0][0]
        self._kept: dict[Cell, tuple[int, int, Sums]] = {}  # number of the row, fingerprint, sums
        self._added: dict[Cell, list[int]] = {}

    def add(self, change: Change) -> None:
        """Note what one change adds."""
        for cell, added in delta(*change).items():
            so_far = self._added.get(cell)
            if so_far is None:
                self._added[cell] = list(added)
            elif added is ONE:
                so_far[0] += 1
            else:
                so_far[:] = plus(tuple(so_far), added)

    def rows(self) -> list[Row]:
        """The rows that changed since the last time, as they are now."""
        self._make_room()
        added, self._added = self._added, {}
        self._fetch({cell: identity(*map(str, cell)) for cell in added if cell not in self._kept})
        return [self._row(cell, tuple(these)) for cell, these in added.items()]

    def _fetch(self, missing: Mapping[Cell, int]) -> None:
        old = [fingerprint for fingerprint in missing.values() if fingerprint in self._seen]
        found = lookups.cells(self._con, old) if old else {}
        for cell, fingerprint in missing.items():
            if cell in found:
                self._kept[cell] = (found[cell][0], fingerprint, found[cell][1])
                continue
            self._kept[cell] = (self._next, fingerprint, ZERO)
            self._next += 1
            self._seen.add(fingerprint)

    def _row(self, cell: Cell, added: Sums) -> Row:
        number, fingerprint, before = self._kept[cell]
        now = added if before is ZERO else plus(before, added)
        self._kept[cell] = number, fingerprint, now
        return (number, fingerprint, *cell, *now)

    def _make_room(self) -> None:
        self._seen.grow()
        if len(self._kept) > KEPT:  # the oldest first; they can be fetched again
            self._kept = dict(list(self._kept.items())[KEPT // 2 :])


class Tallies:
    """The rows of `site_tallies`, all of them in memory: there are not more than sites and classes."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._kept = lookups.tallies(con)
        self._touched: set[TallyCell] = set()
        self._unsure: set[TallyCell] = set()  # the first or last of them may be gone

    def add(self, change: Change) -> None:
        """Take in what one change adds."""
        for cell, added in tally_delta(*change).items():
            before, first, last = self._kept.get(cell, (TALLY_ZERO, None, None))
            self._kept[cell] = plus(before, added), first, last
            self._touched.add(cell)
        it, was = change.after, change.before
        if it.stands:
            self._extend(TallyCell(it.timeline, it.site, it.incident_class), it.at)
        if was is not None and was.stands and _place(was) != (_place(it) if it.stands else None):
            self._unsure.add(TallyCell(was.timeline, was.site, was.incident_class))

    def _extend(self, cell: TallyCell, at: int) -> None:
        now, first, last = self._kept[cell]
        self._kept[cell] = now, at if first is None else min(first, at), at if last is None else max(last, at)

    def rows(self) -> list[Row]:
        """The rows that changed since the last time; `incident_versions` must hold the batch already."""
        if self._unsure:
            found = lookups.extents(self._con, self._unsure)
            for cell in self._unsure:
                self._kept[cell] = self._kept[cell][0], *found.get(cell, (None, None))
        touched, self._touched, self._unsure = self._touched, set(), set()
        return [(*cell, *self._kept[cell][0], *self._kept[cell][1:]) for cell in sorted(touched)]


def _place(it: Incident) -> tuple[str, str, int]:
    return it.site, it.incident_class, it.at
