"""Builders of facts, events and records: everything has a default, a test names only what matters.

Instants are text (`"2023-10-18T12:00:00Z"`) or datetimes; days are text (`"2023-10-17"`). Every builder takes the
envelope as keywords: `at`, `timeline`, `event_id`, `source`, `note`, `causation_id`, `correlation_id`. The id comes
from all else: the same call twice is the same event, another `event_id` makes it another one.

    facts.records(facts.staged(facts.reported("a", wounded={"us": "at least 2"}), facts.reported("b"), facts.merged()))
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from events import codec, ids, model
from events.log import Event, Written
from events.values import Attributed, Occurred, Precision, Quantity, Source, iso

TIMELINE = "test"
RECORDED_AT = "2023-11-01T12:00:00Z"
FEED = Source(feed="tests")
ENVELOPE = ("at", "timeline", "event_id", "causation_id", "correlation_id")
NO_RULES = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"  # sha256 of "[]"


def moment(text: str | datetime) -> datetime:
    """An aware UTC instant from text or from itself."""
    return text if isinstance(text, datetime) else datetime.fromisoformat(text).astimezone(UTC)


def days(first: str, last: str | None = None, precision: str | None = None) -> Occurred:
    """The whole days from the first to the last, both included."""
    bounds = [datetime.fromisoformat(f"{day}T00:00:00+00:00") for day in (first, last or first)]
    return Occurred.on(*bounds, Precision(precision) if precision else None)


def quantity(said: Any) -> Any:
    """A quantity from a source's words; what is none of them is left as it is."""
    return Quantity.said(said) if isinstance(said, str | int) else said


def told(fact: type[model.Fact], **said: Any) -> Event:
    """An event of any fact, from the fact's fields and the envelope's."""
    envelope = {name: said.pop(name) for name in ENVELOPE if name in said}
    made = fact(source=said.pop("source", FEED), **said)
    timeline, at = envelope.pop("timeline", TIMELINE), moment(envelope.pop("at", RECORDED_AT))
    identity = ids.event_id(timeline, made.type(), iso(at), codec.payload(made).decode())
    return Event(envelope.pop("event_id", identity), timeline, at, made, **envelope)


# -- the stage


def opened(clock: str = "live", **said: Any) -> Event:
    return told(model.TimelineOpened, clock=clock, **{"title": "A timeline for tests", **said})


def site(name: str = "north", /, country: str = "IQ", kind: str = "base", **said: Any) -> Event:
    return told(model.SiteRegistered, site=name, country=country, site_kind=kind, **{"name": f"Site {name}", **said})


def actor(name: str = "militia", /, kind: str = "militia", **said: Any) -> Event:
    return told(model.ActorRegistered, actor=name, actor_kind=kind, **{"name": f"Actor {name}", **said})


def document(name: str = "doc-1", /, published: str = "2023-11-01", **said: Any) -> Event:
    day = moment(f"{published}T00:00:00Z").date()
    return told(model.DocumentRegistered, document=name, published=day, **{"basis": "printed in it", **said})


# -- incidents


def report(**said: Any) -> model.Report:
    """A report in plain words: `day`, `last_day`, `actor="x"` (claimed) or `("x", "suspected")`, quantities as text."""
    if "day" in said:
        said["occurred"] = days(said.pop("day"), said.pop("last_day", None), said.pop("precision", None))
    if isinstance(said.get("actor"), str | tuple):
        who, ground = said["actor"] if isinstance(said["actor"], tuple) else (said["actor"], "claimed")
        said["actor"] = Attributed(actor=who, attribution=ground)
    for name in {"munitions", "targets"} & said.keys():
        said[name] = quantity(said[name])
    for name in {"wounded", "killed"} & said.keys():
        said[name] = said[name] and {whose: quantity(many) for whose, many in said[name].items()}
    return model.Report(**said)


def _split(said: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What belongs to the report, and what to the envelope and the fact."""
    outer = {name: said[name] for name in (*ENVELOPE, "source", "note") if name in said}
    return {name: value for name, value in said.items() if name not in outer}, outer


def reported(incident: str = "a", *, bare: bool = False, **said: Any) -> Event:
    """An incident as first told: an attack at `north` on 2023-10-17; `bare` states only what is named here."""
    defaults = {} if bare else {"incident_class": "attack", "site": "north"}
    if not bare and "occurred" not in said:
        defaults["day"] = "2023-10-17"
    inner, outer = _split(said)
    return told(model.IncidentReported, incident=incident, report=report(**{**defaults, **inner}), **outer)


def corrected(incident: str = "a", **changes: Any) -> Event:
    inner, outer = _split(changes)
    return told(model.IncidentCorrected, incident=incident, changes=report(**inner), **outer)


def merged(survivor: str = "a", *others: str, **said: Any) -> Event:
    return told(model.IncidentsMerged, survivor=survivor, merged=others or ("b",), **{"reason": "the same one", **said})


def split(survivor: str = "a", *others: str, **said: Any) -> Event:
    said = {"reason": "not the same one", **said}
    return told(model.IncidentsSplit, survivor=survivor, split=others or ("b",), **said)


def retracted(incident: str = "a", **said: Any) -> Event:
    return told(model.IncidentRetracted, incident=incident, **{"reason": "it never happened", **said})


# -- what surrounds them


def asserted(assertion: str = "tally-1", total: str | int = 61, **said: Any) -> Event:
    span = {"since": moment("2023-10-17T00:00:00Z").date(), "as_of": moment("2023-11-01T00:00:00Z").date()}
    said = {"metric": "attacks", **span, **said}
    return told(model.TallyAsserted, assertion=assertion, total=quantity(total), **said)


def stated(statement: str = "statement-1", kind: str = "threat", day: str = "2023-10-17", **said: Any) -> Event:
    spoken = {"actor": "militia", "summary": "They threaten.", "occurred": days(day), **said}
    return told(model.StatementIssued, statement=statement, statement_kind=model.StatementKind(kind), **spoken)


def posture(name: str = "posture-1", /, what: str = "troops", **said: Any) -> Event:
    return told(model.PostureChanged, posture=name, what=what, **said)


def ticked(at: str | datetime = RECORDED_AT, **said: Any) -> Event:
    return told(model.ClockTicked, at=at, **said)


# -- what operators do


def adopted(*rules: dict[str, Any], content_hash: str = NO_RULES, **said: Any) -> Event:
    return told(model.RulesAdopted, rules=rules, content_hash=content_hash, **{"who": "tests", "why": "to see", **said})


def acknowledged(alert: str = "alert-1", **said: Any) -> Event:
    return told(model.AlertAcknowledged, alert=alert, **{"who": "tests", "why": "seen", **said})


def silenced(silence: str = "silence-1", until: str = "2023-11-02T12:00:00Z", **said: Any) -> Event:
    said = {"who": "tests", "why": "drill", "rule": "r", **said}
    return told(model.AlertsSilenced, silence=silence, until=moment(until), **said)


def lifted(silence: str = "silence-1", **said: Any) -> Event:
    return told(model.SilenceLifted, silence=silence, **{"who": "tests", "why": "drill over", **said})


def upgraded(version: int = 2, **said: Any) -> Event:
    return told(model.ProjectionAdopted, projection_version=version, **{"who": "tests", "why": "a mended fold", **said})


# -- logs


def staged(*events: Event, clock: str = "live") -> list[Event]:
    """The events, after the opening and the registration of every document, site and actor that they speak of."""
    at = min([it.recorded_at for it in events], default=moment(RECORDED_AT)) - timedelta(milliseconds=1)
    stage: dict[Event, None] = {}
    for it in events:
        envelope = {"at": at, "timeline": it.timeline}
        stage[opened(clock, **envelope)] = None
        stage |= dict.fromkeys(document(name, **envelope) for name in {it.fact.source.document} - {None})
        if isinstance(it.fact, model.SiteRegistered | model.ActorRegistered):
            continue
        said = getattr(it.fact, "report", getattr(it.fact, "changes", getattr(it.fact, "scope", it.fact)))
        stage |= dict.fromkeys(site(name, **envelope) for name in {getattr(said, "site", None)} - {None})
        who = getattr(said, "actor", None)
        stage |= dict.fromkeys(actor(name, **envelope) for name in {getattr(who, "actor", who)} - {None})
    return [*stage, *events]


def records(events: Iterable[Event], start: int = 0) -> list[Written]:
    """The events as records at consecutive offsets from `start`, with their timestamps."""
    return [codec.to_record(event, offset) for offset, event in enumerate(events, start)]


def one_of_each() -> Sequence[Event]:
    """A log that holds every type of fact once, in an order that a strict fold accepts."""
    one, two = "2023-10-18T12:00:00Z", "2023-10-19T12:00:00Z"
    return [
        opened(at=one),
        document(at=one),
        site("north", at=one, aliases=("Nord",), lat=36.5, lon=44.3),
        actor("militia", at=one),
        adopted(at=one),
        reported("a", at=one, actor="militia", wounded={"us": "at least 2"}),
        reported("b", at=one, source=Source(document="doc-1", places=("para 5",))),
        corrected("a", at=two, killed={"us": 1}),
        merged("a", "b", at=two),
        split("a", "b", at=two),
        retracted("b", at=two),
        asserted(at=two),
        stated(at=two, incidents=("a",)),
        posture(at=two, level="maximum"),
        silenced(at=two),
        lifted(at=two),
        acknowledged(at=two),
        upgraded(at=two),
        ticked(two),
    ]
