"""Fingerprints: what the writer looks rows up by, since comparing integers is cheap; and the mark of a log."""

from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Final

from events.log import Record

SIXTY_BITS: Final = (1 << 60) - 1


@lru_cache(maxsize=1 << 14)  # of an incident it is asked twice in one batch
def identity(*key: str) -> int:
    """The fingerprint of a key, 60 bits."""
    return int.from_bytes(blake2b("\x1f".join(key).encode(), digest_size=8).digest(), "big") & SIXTY_BITS


def identity_of(event_id: str) -> int:
    """The fingerprint of an event's id, 60 bits: a UUID's digits are as good as a hash of them."""
    return int(event_id[20:23] + event_id[24:], 16)


def record_hash(record: Record) -> str:
    """The SHA-256 of a record: all that its author said, and where each part ends, so no two records have the same.

    Tells this log from another with the same offsets.
    """
    parts = [record.key, record.value]
    for name, raw in record.headers:
        parts += name.encode(), raw
    sizes = [-1 if part is None else len(part) for part in parts]
    said = b"".join([part or b"" for part in parts])
    return sha256(b"%d %d %a %b" % (record.offset, record.timestamp, sizes, said)).hexdigest()
