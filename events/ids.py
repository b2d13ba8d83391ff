"""Derived ids: the same fact from the same source gets the same id, whoever appends it and however often."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from events.values import iso

NAMESPACE: Final = UUID("6f1f7d1c-2f3a-5b0e-9a4e-70c51a000001")  # of tocsin's own ids


def event_id(timeline: str, *identity: str) -> str:
    """The id of an event, from what identifies it at its source; lower case with hyphens."""
    return str(uuid5(NAMESPACE, "\x1f".join((timeline, *identity))))


def tick_id(timeline: str, at: datetime) -> str:
    """The id of the tick of a timeline's clock at an instant, whoever sends it."""
    return event_id(timeline, "clock.ticked", iso(at))


def position_id(partition: int, offset: int) -> str:
    """The id of whatever stands at a position of the log, also of bytes that are no event: both numbers, readable.

    A UUID of version 8 (RFC 9562: of our own making), so it is none of those that events have. SQL has the same as
    the macro `position_id`.
    """
    return f"{partition:08x}-7065-8000-8{offset >> 48:03x}-{offset & (2**48 - 1):012x}"
