"""Fingerprints: what the writer looks rows up by, since comparing integers is cheap; and the mark of a log."""

from hashlib import blake2b, sha256
from typing import Final

from events.log import Record

SIXTY_BITS: Final = (1 << 60) - 1


def identity(*key: str) -> int:
    """The fingerprint of a key, 60 bits."""
    return int.from_bytes(blake2b("\x1f".join(key).encode(), digest_size=8).digest(), "big") & SIXTY_BITS


def record_hash(record: Record) -> str:
    """The SHA-256 of a record: all that its author said. Tells this log from another with the same offsets."""
    mark = sha256(f"{record.offset} {record.timestamp}".encode())
    for part in (record.key, record.value, *(piece for name, raw in record.headers for piece in (name.encode(), raw))):
        mark.update(b"-" if part is None else f"{len(part)}:".encode() + part)
    return mark.hexdigest()
