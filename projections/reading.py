"""A batch of records, read: what each holds, and which were there before. Pure but for the question `stored`."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from events.codec import from_record
from events.errors import Conflicting, EventRejected
from events.log import Event, Record
from events.values import micros
from projections.identity import identity_of


class Read(NamedTuple):
    """A record and what it holds."""

    record: Record
    event: Event
    identity: int  # fingerprint of the event's id


class Bad(NamedTuple):
    """A record that is set aside, and why."""

    record: Record
    why: EventRejected


class First(NamedTuple):
    """The event that was applied under an id."""

    offset: int
    timeline: str
    recorded_at: int  # µs
    type: str
    payload: str


Meet = Callable[[Iterable[int]], Collection[int]]  # fingerprints -> those that were met before, most likely
Stored = Callable[[Collection[int]], dict[str, First]]


def read(records: Sequence[Record]) -> list[Read | Bad]:
    """What each record holds."""
    found: list[Read | Bad] = []
    for record in records:
        try:
            event = from_record(record)
            found.append(Read(record, event, identity_of(event.event_id)))
        except EventRejected as why:
            found.append(Bad(record, why.plain()))
    return found


def known_before(records: Sequence[Read | Bad], meet: Meet, stored: Stored) -> dict[str, First]:
    """The events that were applied before under ids that these records bear."""
    suspects = meet([it.identity for it in records if isinstance(it, Read)])
    return stored(suspects) if suspects else {}


def first_of(it: Read) -> First:
    """What is to be remembered of an event that is applied now."""
    event, value = it.event, it.record.value or b""
    recorded_at = micros(event.recorded_at)
    return First(it.record.offset, event.timeline, recorded_at, event.fact.type(), value.decode())


def check_same(it: Read, first: First) -> None:
    """Check that an event which came again says what it said before.

    Raises:
        Conflicting: same id, other content.
    """
    again = first_of(it)
    if again[1:] == first[1:]:
        return
    same_envelope = again[1:4] == first[1:4]
    if same_envelope and type(it.event.fact).model_validate_json(first.payload) == it.event.fact:
        return  # other white space or order of keys
    what = "payload" if same_envelope else "timeline, recorded time or type"
    raise Conflicting(f"the content applied at offset {first.offset} under id {it.event.event_id}", f"another {what}")
