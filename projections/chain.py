"""The hash chain of a partition's records: each link is the hash of the one before and of all that a record says. Pure.

Two logs whose chains are equal at some record are equal up to it. Where batches end does not show: the chain goes on
record by record, and what is kept of it lies `EVERY` records apart.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from events.log import Record

EVERY: Final = 1_000  # records from one kept link to the next
BEGIN: Final = bytes(32)


class Link(NamedTuple):
    """The chain up to a record."""

    upto_offset: int  # everything below is in it
    records: int
    hash: str


class Chain:
    """The chain as far as it has come."""

    def __init__(self, records: int = 0, hash_: str = BEGIN.hex()) -> None:
        self.records, self._hash = records, bytes.fromhex(hash_)

    @property
    def hash(self) -> str:
        """The newest link."""
        return self._hash.hex()

    def follow(self, records: Sequence[Record]) -> list[Link]:
        """Go on over records; the links to be kept."""
        kept: list[Link] = []
        until_kept = EVERY - self.records % EVERY
        before = self._hash
        for place, record in enumerate(records, 1):
            before = link(before, record)
            if place == until_kept:
                kept.append(Link(record.offset + 1, self.records + place, before.hex()))
                until_kept += EVERY
        self.records, self._hash = self.records + len(records), before
        return kept


def link(before: bytes, record: Record) -> bytes:
    """The link after one record. Its text tells where each part ends, so no two records have the same."""
    key, value = record.key, record.value
    sizes = -1 if key is None else len(key), -1 if value is None else len(value)
    place = record.offset, record.timestamp
    said = b"%b%a%a%a%b%b" % (before, place, sizes, [*record.headers], key or b"", value or b"")
    return blake2b(said, digest_size=32).digest()
