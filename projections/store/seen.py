"""Which fingerprints are in a table already, most likely: asked of memory, so that new ones cost no search.

A Bloom filter (B. Bloom, 1970): no false "no"; a false "yes" in about 1 of 5,000, after which the table is asked. It is
made by the database itself (0.15 s for a million) and takes 32 to 64 bits for each fingerprint.
"""

from collections.abc import Iterable
from typing import Final

import duckdb

LOW: Final = (1 << 30) - 1
PROBES: Final = 4
BITS_EACH: Final = 32  # at least; when there is not room for that the filter is made anew, twice as large
SMALLEST: Final = 1 << 22  # bits


class Seen:
    """The fingerprints of one column."""

    def __init__(self, con: duckdb.DuckDBPyConnection, table: str) -> None:
        self._con, self._table = con, table
        self._build()

    def meet(self, identities: Iterable[int]) -> list[int]:
        """Note fingerprints that may be written now; those of them that were there before, most likely.

        One that comes twice was there the second time. One that is noted and never written is a "yes" too many later.
        """
        last, bits, before, count = self._last, self._bits, [], 0
        for identity in identities:
            step, at, new = identity >> 30 | 1, identity & LOW, False
            for place in (at & last, at + step & last, at + 2 * step & last, at + 3 * step & last):
                index, bit = place >> 3, 128 >> (place & 7)
                if not bits[index] & bit:
                    bits[index] |= bit
                    new = True
            if new:
                count += 1
            else:
                before.append(identity)
        self._count += count
        return before

    @property
    def is_full(self) -> bool:
        """Whether it is time to `grow`."""
        return bool(self._count * BITS_EACH > self._last)

    def grow(self) -> None:
        """Make the filter anew when it has become too full; only when the table holds all that was noted."""
        if self.is_full:
            self._build()

    def _build(self) -> None:
        self._count = self._con.execute(f"SELECT count(*) FROM {self._table}").fetchall()[0][0]  # noqa: S608
        size = SMALLEST
        while size < self._count * BITS_EACH * 2:
            size *= 2
        self._last = size - 1
        place = f"((identity & {LOW}) + probe * ((identity >> 30) | 1)) & {size - 1}"
        query = f"""
            SELECT bitstring_agg(place::BIGINT, 0, {size - 1})::BLOB
            FROM (SELECT {place} AS place FROM {self._table}, range({PROBES}) AS probes(probe))
        """  # noqa: S608
        found = self._con.execute(query).fetchall()[0][0]
        self._bits = bytearray(found) if found is not None else bytearray(size // 8)
