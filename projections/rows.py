"""Rows of the tables, made of what is known. Pure; the order of the values is that of the columns in `schema.sql`."""

import base64
import json
from collections.abc import Iterable
from typing import Final, cast

from events.errors import EventRejected
from events.log import Record
from events.model import (
    ActorRegistered,
    AlertsSilenced,
    Decision,
    DocumentRegistered,
    Fact,
    PostureChanged,
    SiteRegistered,
    StatementIssued,
    TallyAsserted,
)
from events.values import EPOCH, Occurred, Quantity, micros
from projections.claims import Corrected, Reported
from projections.incidents import Incident
from projections.known import Timeline
from projections.reading import First, Read, Said

Row = tuple[object, ...]
EPOCH_DAY: Final = EPOCH.date().toordinal()
IDENTITY: Final = 2  # its place in a row of `events`


def event_row(it: Read, known_at: int) -> Row:
    """A row of `events`."""
    event_id, identity, timeline, recorded_at, type_, subject, _, source, causation_id, correlation_id, _, _ = it.event
    said = (it.record.offset, event_id, identity, timeline, type_, recorded_at, known_at, subject, source)
    return (*said, causation_id, correlation_id, (it.record.value or b"").decode())


def first_in(row: Row) -> First:
    """What is to be remembered of an event that was applied, from its row."""
    offset, _, _, timeline, type_, recorded_at, *_, payload = row
    return First(cast(int, offset), cast(str, timeline), cast(int, recorded_at), cast(str, type_), cast(str, payload))


def version_row(it: Incident, offset: int, change: str, known_from: int, known_until: int | None) -> Row:
    """A row of `incident_versions`."""
    return (
        it.number,
        it.version,
        it.identity,
        it.timeline,
        it.incident_id,
        offset,
        change,
        known_from,
        known_until,
        it.stands,
        it.retracted,
        it.merged_into,
        it.incident_class,
        it.at,
        it.until,
        it.precision,
        it.site,
        it.country,
        it.actor,
        it.attribution,
        ",".join(it.weapons),
        it.outcome,
        it.confidence,
        quantities(it),
        ",".join(sorted(it.corrected)),
    )


def quantities(it: Incident) -> str | None:
    """The quantities of an incident as JSON, None when it has none."""
    if not (it.wounded or it.killed or it.munitions or it.targets):
        return None
    found: dict[str, object] = {
        what: {party: how_many._asdict() for party, how_many in by_party.items()}
        for what, by_party in (("wounded", it.wounded), ("killed", it.killed))
        if by_party
    }
    both = (("munitions", it.munitions), ("targets", it.targets))
    return json.dumps(found | {what: how_many._asdict() for what, how_many in both if how_many})


def rejected_row(record: Record, why: EventRejected, known_at: int | None) -> Row:
    """A row of `rejected`."""
    headers = json.dumps([[name, base64.b64encode(raw or b"").decode()] for name, raw in record.headers])
    said = (why.reason.value, why.expected, why.found, why.field)
    return (record.offset, *said, known_at, record.timestamp, record.key, record.value, headers)


def group_key(group: tuple[str, ...]) -> str:
    """A group of a rule as text: a JSON list of its values."""
    return json.dumps(group, ensure_ascii=False)


def timeline_row(name: str, it: Timeline) -> Row:
    """A row of `timelines`."""
    return (name, it.title, it.clock_kind, it.clock, it.opened_offset, it.projection_version)


def store_row(event: Said, offset: int) -> tuple[str, Row] | None:
    """The table and row that keep a fact as it is; None for facts that are kept otherwise."""
    fact, timeline = event.fact, event.timeline
    match fact:
        case Reported() | Corrected():
            return None
        case SiteRegistered(aliases=aliases, lat=lat, lon=lon, unnamed=unnamed):
            it = (timeline, fact.site, fact.name, "|".join(aliases), fact.site_kind, fact.country, fact.admin1)
            return "sites", (*it, lat, lon, unnamed, offset)
        case ActorRegistered(aliases=aliases, member_of=member_of):
            names = ("|".join(aliases), fact.actor_kind, ",".join(member_of))
            return "actors", (timeline, fact.actor, fact.name, *names, offset)
        case DocumentRegistered():
            days: list[object] = [
                day and day.toordinal() - EPOCH_DAY for day in (fact.published, fact.earliest, fact.latest)
            ]
            said = (timeline, fact.document, fact.title, days[0], fact.inferred, fact.basis)
            return "documents", (*said, *days[1:], offset)
        case _:
            return _told_row(fact, timeline, offset)


def _told_row(fact: Fact, timeline: str, offset: int) -> tuple[str, Row] | None:
    match fact:
        case TallyAsserted(scope=scope):
            days = [day.toordinal() - EPOCH_DAY for day in (fact.since, fact.as_of)]
            counts = fact.counts and fact.counts.model_dump_json(exclude_unset=True)
            what = (timeline, fact.assertion, fact.metric, counts)
            said = (*_bounds(fact.total), scope.country, scope.site, scope.actor)
            return "assertions", (*what, *said, *days, fact.asserted_by, offset)
        case StatementIssued(occurred=when):
            said = (timeline, fact.statement, fact.statement_kind.value, *_when(when), when.precision.value)
            return "statements", (*said, fact.actor, fact.summary, ",".join(fact.incidents), offset)
        case PostureChanged():
            said = (timeline, fact.posture, fact.what, *_bounds(fact.strength), fact.level, fact.actor, fact.country)
            return "postures", (*said, fact.site, *_when(fact.occurred), offset)
        case Decision():
            until = micros(fact.until) if isinstance(fact, AlertsSilenced) else None
            said = (timeline, fact.type(), fact.subject(), fact.who, fact.why)
            return "decisions", (*said, until, offset)
        case _:
            return None


def _bounds(quantity: Quantity | None) -> Iterable[object]:
    return (quantity.low, quantity.best, quantity.high, quantity.qualifier.value) if quantity else (None,) * 4


def _when(occurred: Occurred | None) -> Iterable[int | None]:
    return (micros(occurred.earliest), micros(occurred.latest)) if occurred else (None, None)
