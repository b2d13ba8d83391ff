"""Which fingerprints are in a table already, most likely: asked of memory, so that new ones cost no search.

A Bloom filter (B. Bloom, 1970): no false "no"; a false "yes" in about 1 of 5,000, after which the table is asked. It is
made by the database itself (0.15 s for a million) and takes 32 to 64 bits for each fingerprint.
"""

from typing import Final

import duckdb

LOW: Final = (1 << 30) - 1
PROBES: Final = 4
BITS_EACH: Final = (
    32  # at least; when there are more fingerprints than that allows, the filter is made anew, twice as large
)
SMALLEST: Final = 1 << 22  # bits


class Seen:
    """The fingerprints of one column."""

    def __init__(self, con: duckdb.DuckDBPyConnection, table: str) -> None:
        self._con, self._table = con, table
        self._build()

    def __contains__(self, identity: object) -> bool:
        assert isinstance(identity, int)  # noqa: S101  (as `Container` wants it)
        step, last, bits = identity >> 30 | 1, self._last, self._bits
        at = identity & LOW
        for _ in range(PROBES):
            place = at & last
            if not bits[place >> 3] & (128 >> (place & 7)):
                return False
            at += step
        return True

    def add(self, identity: int) -> None:
        """Note a fingerprint that is about to be written."""
        step, last, bits = identity >> 30 | 1, self._last, self._bits
        at = identity & LOW
        for _ in range(PROBES):
            place = at & last
            bits[place >> 3] |= 128 >> (place & 7)
            at += step
        self._count += 1

    def grow(self) -> None:
        """Make the filter anew when it has become too full; between two batches: the table holds all that was added."""
        if self._count * BITS_EACH > self._last:
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
