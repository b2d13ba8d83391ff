"""The hash chain of a partition's records: each link is the hash of the one before and of the record's own. Pure.

Two logs whose chains are equal at some record are equal up to it. Where batches end does not show: the chain goes on
record by record, and what is kept of it lies `EVERY` records apart.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

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

    def follow(self, marks: Sequence[tuple[int, str]]) -> list[Link]:
        """Go on over records, each by its offset and hash; the links to be kept."""
        kept: list[Link] = []
        until_kept = EVERY - self.records % EVERY
        before = self._hash
        for place, (offset, mark) in enumerate(marks, 1):
            before = link(before, mark)
            if place == until_kept:
                kept.append(Link(offset + 1, self.records + place, before.hex()))
                until_kept += EVERY
        self.records, self._hash = self.records + len(marks), before
        return kept


def link(before: bytes, mark: str) -> bytes:
    """The link after a record with this hash (`projections.identity.record_hash`)."""
    return blake2b(before + mark.encode(), digest_size=32).digest()
