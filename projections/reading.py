"""A batch of records, read: what each says, and which were there before. Pure but for the question `stored`."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple

from events.codec import fact_of, from_record
from events.errors import Conflicting, EventRejected
from events.log import Event, Record
from events.model import (
    Fact,
    IncidentCorrected,
    IncidentReported,
    IncidentRetracted,
    IncidentsMerged,
    IncidentsSplit,
    StatementIssued,
)
from events.values import micros
from projections.claims import Corrected, Reported, stated
from projections.identity import identity, identity_of, record_hash


class Said(NamedTuple):
    """An event as the fold looks at it, in plain values: it may have been read in another process."""

    event_id: str
    identity: int  # fingerprint of its id
    timeline: str
    recorded_at: int  # µs
    type: str
    subject: str | None
    document: str | None  # that it comes from, if it is one
    source: str  # document or feed
    causation_id: str | None
    correlation_id: str | None
    incidents: tuple[tuple[int, str], ...]  # that it speaks of: fingerprint, id
    fact: Fact | Reported | Corrected


class Read(NamedTuple):
    """A record and what it says."""

    record: Record
    mark: str  # hash of the record
    event: Said


class Bad(NamedTuple):
    """A record that is set aside, and why."""

    record: Record
    mark: str
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
Understood = tuple[str, Said | EventRejected]  # the mark of a record, and what it says or why it is set aside


def read(records: Sequence[Record]) -> list[Read | Bad]:
    """What each record says."""
    return joined(records, understood(records))


def understood(records: Iterable[Record]) -> list[Understood]:
    """What records say, one for one, without the records."""
    return [(record_hash(record), _understood(record)) for record in records]


def joined(records: Sequence[Record], those: Sequence[Understood]) -> list[Read | Bad]:
    """Records, and what they say."""
    return [
        Read(record, mark, it) if isinstance(it, Said) else Bad(record, mark, it)
        for record, (mark, it) in zip(records, those, strict=True)
    ]


def _understood(record: Record) -> Said | EventRejected:
    try:
        return said(from_record(record))
    except EventRejected as why:
        return why.plain()


def said(event: Event) -> Said:
    """An event as the fold looks at it."""
    fact, source, kind = event.fact, event.fact.source, type(event.fact)
    named = ADDRESSED[kind](fact) if kind in ADDRESSED else ()
    return Said(
        event.event_id,
        identity_of(event.event_id),
        event.timeline,
        micros(event.recorded_at),
        fact.type(),
        fact.subject(),
        source.document,
        source.document or source.feed or "",
        event.causation_id,
        event.correlation_id,
        tuple([(identity(event.timeline, name), name) for name in named]),
        PLAIN[kind](fact) if kind in PLAIN else fact,
    )


def _reported(fact: IncidentReported) -> Reported:
    return Reported(fact.incident, stated(fact.report))


def _corrected(fact: IncidentCorrected) -> Corrected:
    return Corrected(fact.incident, stated(fact.changes))


PLAIN: Final[dict[type[Fact], Callable[[Any], Reported | Corrected]]] = {
    IncidentReported: _reported,
    IncidentCorrected: _corrected,
}
# The incidents that a fact speaks of; the fold needs their present state.
ADDRESSED: Final[dict[type[Fact], Callable[[Any], tuple[str, ...]]]] = {
    **dict.fromkeys((IncidentReported, IncidentCorrected, IncidentRetracted), lambda fact: (fact.incident,)),
    IncidentsMerged: lambda fact: (fact.survivor, *fact.merged),
    IncidentsSplit: lambda fact: (fact.survivor, *fact.split),
    StatementIssued: lambda fact: fact.incidents,
}


def known_before(records: Sequence[Read | Bad], meet: Meet, stored: Stored) -> dict[str, First]:
    """The events that were applied before under ids that these records bear."""
    suspects = meet([it.event.identity for it in records if isinstance(it, Read)])
    return stored(suspects) if suspects else {}


def first_of(it: Read) -> First:
    """What is to be remembered of an event that is applied now."""
    event = it.event
    return First(it.record.offset, event.timeline, event.recorded_at, event.type, (it.record.value or b"").decode())


def check_same(it: Read, first: First) -> None:
    """Check that an event which came again says what it said before.

    Raises:
        Conflicting: same id, other content.
    """
    again = first_of(it)
    if again[1:] == first[1:]:
        return
    same_envelope = again[1:4] == first[1:4]
    if same_envelope and fact_of(first.type, first.payload.encode()) == fact_of(first.type, it.record.value or b""):
        return  # other white space or order of keys
    what = "payload" if same_envelope else "timeline, recorded time or type"
    raise Conflicting(f"the content applied at offset {first.offset} under id {it.event.event_id}", f"another {what}")
