"""Where a fact stands: an event is a fact with its envelope; a record is bytes at an offset."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from events.model import Fact


class Event(NamedTuple):
    """An immutable statement in the log."""

    event_id: str  # a UUID, lower case with hyphens
    timeline: str
    recorded_at: datetime  # aware UTC, whole milliseconds: when we learned it
    fact: Fact
    causation_id: str | None = None  # the event that led to this one
    correlation_id: str | None = None  # what belongs together


Header = tuple[str, bytes | None]  # Kafka lets the value be null


class Record(Protocol):
    """Bytes at an offset, as Kafka's client hands them over."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...  # ms since the epoch
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[Header]: ...


class Written(NamedTuple):
    """A record of our own making: to be sent, or in a test or an offline fold."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]
