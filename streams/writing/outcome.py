"""What became of records that were appended."""

from collections.abc import Sequence
from typing import NamedTuple

from projections.store.reader import Reader
from streams.writing.producer import Stretch


class Outcome(NamedTuple):
    """How many records were what."""

    new: int
    duplicate: int  # the same id with the same content: counted once, long ago
    conflicting: int  # the same id with other content
    rejected: int  # for any other reason


def outcome_of(reader: Reader, stretches: Sequence[Stretch]) -> Outcome:
    """What the snapshots say of these records; they must have come that far."""
    rows = [row for it in stretches for row in reader.rows("outcome", **it._asdict())]
    return Outcome(*(sum(row[name] for row in rows) for name in Outcome._fields))
