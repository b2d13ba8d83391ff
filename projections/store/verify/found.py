"""What a check found: a verdict for each partition, and what was wrong as expected, found and where."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

SHOWN: Final = 20  # of what a check finds wrong; the rest is counted
Advance = Callable[[int], None]  # told how much more was looked at


class Wrong(NamedTuple):
    """One thing that is not as it must be."""

    where: str
    expected: str
    found: str


@dataclass
class Verdict:
    """What one check says of one partition."""

    check: str
    partition: int
    looked_at: str  # "12 tables"
    count: int = 0  # of what is wrong
    shown: Sequence[Wrong] = field(default=())  # the first of it
    unchecked: Sequence[str] = field(default=())  # what it can not judge, and why

    @classmethod
    def of(cls, check: str, partition: int, looked_at: str, wrong: Sequence[Wrong]) -> "Verdict":
        """A verdict from all that is wrong."""
        return cls(check, partition, looked_at, len(wrong), wrong[:SHOWN])
