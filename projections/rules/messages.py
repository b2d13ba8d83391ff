"""The message that tells of an alert: its JSON as people and programs get it. Pure; see DESIGN §8.

Every message carries the whole state of its alert after the event, so the newest one of each alert is the truth.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field

from events.values import Id, Instant, Line, Value, instant, iso
from projections.rules.durations import written
from projections.rules.model import FOREVER, SEVERITIES, Bounds, Rule
from projections.rules.outcome import Told
from projections.rules.templates import render
from projections.rules.words import Kind, Measure, Reason, State, Status

SHOWN: Final = 200  # incidents that a message names; all of them by query
BOUNDS: Final = ("low", "best", "high")
Incident = tuple[str, int]  # incident_id and version
Severity = Literal["watch", "warning", "critical"]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Number = Annotated[int, Field(strict=True)]
UUID = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class RuleName(Value):
    """The rule that tells, in the version that did; of an alert that is gone, the one that it stood under."""

    id: Id
    title: Line
    content_hash: Hash
    status: Literal[Status.EXPERIMENTAL] | None = None  # left out: stable


class Amount(Value):
    """The value at the peak, from the bounds of what it sums; all the same for a count. Of silence, in seconds."""

    low: Number
    best: Number
    high: Number | None
    at_least: tuple[Literal["best", "high"], ...] = ()  # not stated by all: the next lower one stood in. Left out: none
    bound: Literal["low", "high"] | None = None  # the one that reached the threshold. Left out: best
    unit: Literal["s"] | None = None  # seconds, of silence. Left out: a number of what is counted or summed


class IncidentVersion(Value):
    """An incident as it was when the message was made."""

    incident_id: Id
    version: Annotated[int, Field(ge=1, strict=True)]


class Evidence(Value):
    """The incidents that make the value at the peak; of an alert that is gone, those that made it.

    In order of when they happened; of an alert that is gone, of when they were first told.
    """

    count: Annotated[int, Field(ge=0, strict=True)]
    hash: Hash  # of all of them with their versions, see `evidence_hash`
    incidents: Annotated[tuple[IncidentVersion, ...], Field(max_length=SHOWN)]  # the newest, where there are more


class Position(Value):
    """Where an event stands in the log."""

    partition: Annotated[int, Field(ge=0, strict=True)]
    offset: Annotated[int, Field(ge=0, strict=True)]


class Cause(Value):
    """The event that made us tell, and what it was about it."""

    event_id: UUID
    position: Position
    reason: Reason


class AlertMessage(Value):
    """What is said of an alert: the data of a CloudEvent of type `tocsin.alert.<kind>.v1`."""

    alert_id: UUID
    seq: Annotated[int, Field(ge=0, strict=True)]  # its number among the messages of this alert
    kind: Kind
    timeline: Id
    rule: RuleName
    group: dict[str, str]  # `by` name -> value; empty for the whole timeline
    severity: Severity  # the highest level that the episode reached
    level_now: Severity | None  # what the value reaches at the clock; null: below the lowest level
    state: State
    opened_at: Instant
    ended_at: Instant | None  # null: not over
    window: str | dict[Literal["since"], str]
    value: Amount
    peak_at: Instant
    threshold: Number  # of the severity; of silence, in seconds
    evidence: Evidence
    cause: Cause
    references: tuple[UUID, ...]  # ids of the messages that this one amends
    late: bool  # it was over, or its rule was new, when the alert was first told
    merged_into: UUID | None  # the alert that stands for its episode now
    labels: dict[str, str] = Field(default={})  # left out where the rule has none
    annotations: dict[str, str]
    known_at: Instant  # the clock of the timeline after the event


class Place(NamedTuple):
    """The event that is told about, where it stands, and the clock after it."""

    timeline: str
    event_id: str
    partition: int
    offset: int
    clock: int  # µs


def body(told: Told, behind: dict[str, Any], place: Place) -> dict[str, Any]:
    """The data of a message, as `AlertMessage` has it; `behind` is what it says of its `evidence`."""
    message, rule = told.message, told.rule
    episode, alert = message.episode, message.alert
    return {
        "alert_id": alert.alert_id,
        "seq": alert.messages - 1,
        "kind": message.kind.value,
        "timeline": place.timeline,
        "rule": _named(rule),
        "group": dict(zip(rule.by, told.group, strict=True)),
        "severity": episode.severity,
        "level_now": _level_now(rule, told.value_now),
        "state": message.state.value,
        "opened_at": _iso(episode.opened_at),
        "ended_at": None if episode.ended_at is None else _iso(episode.ended_at),
        "window": _window(rule),
        "value": amount(rule, episode.value, told.bounds),
        "peak_at": _iso(episode.peak_at),
        "threshold": rule.threshold(episode.level) // rule.unit,
        "evidence": behind,
        "cause": {
            "event_id": place.event_id,
            "position": {"partition": place.partition, "offset": place.offset},
            "reason": told.reason.value,
        },
        "references": list(message.references),
        "late": alert.late,
        "merged_into": message.merged_into,
        **({"labels": dict(rule.labels)} if rule.labels else {}),
        "annotations": annotations(told),
        "known_at": _iso(place.clock),
    }


def amount(rule: Rule, value: int, bounds: Bounds | None) -> dict[str, Any]:
    """A value by its bounds, if it is a sum. What says nothing is left out: messages of counts stay what they were."""
    if bounds is None:
        unit = {"unit": "s"} if rule.measure is Measure.SILENCE else {}
        return {**dict.fromkeys(BOUNDS, value // rule.unit), **unit}
    sums = dict(zip(BOUNDS, bounds, strict=False))
    at_least = {"at_least": those} if (those := fell(bounds)) else {}
    bound = {} if rule.bound == "best" else {"bound": rule.bound}
    return {**sums, **at_least, **bound}


def fell(bounds: Bounds | None) -> list[str]:
    """The bounds of a sum that are at least so much, because not all that is added up states them."""
    if bounds is None:
        return []
    return [name for name, many in (("best", bounds.best_fell), ("high", bounds.high_fell)) if many]


def _named(rule: Rule) -> dict[str, str]:
    """What came later is left out where it says nothing: a log that is read again tells the same bytes."""
    status = {} if rule.status is Status.STABLE else {"status": rule.status.value}
    return {"id": rule.rule_id, "title": rule.title, "content_hash": rule.content_hash, **status}


def evidence(incidents: Sequence[Incident]) -> dict[str, Any]:
    """What a message says of the incidents behind its value, which are in order."""
    return evidence_of(len(incidents), evidence_hash(incidents), incidents[-SHOWN:])


def evidence_of(count: int, made: str, newest: Iterable[Incident]) -> dict[str, Any]:
    """The same, of how many there are, the hash of all, and those that are shown."""
    shown = [{"incident_id": name, "version": version} for name, version in newest]
    return {"count": count, "hash": made, "incidents": shown}


def evidence_hash(incidents: Iterable[Incident]) -> str:
    """The SHA-256, in hex, of `[[incident_id, version], ...]` as JSON without spaces, sorted."""
    return hashlib.sha256(json.dumps(sorted(incidents), separators=(",", ":")).encode()).hexdigest()


def annotations(told: Told) -> dict[str, str]:
    """The texts of a rule, their gaps filled."""
    rule, episode = told.rule, told.message.episode
    if not rule.annotations:
        return {}
    fields = {
        "rule": rule.rule_id,
        "title": rule.title,
        "severity": episode.severity,
        "threshold": _told(rule, rule.threshold(episode.level)),
        "value": "at least " * (rule.bound in fell(told.bounds)) + _told(rule, episode.value),
        "window": _words(rule),
        "opened_at": _iso(episode.opened_at),
        "peak_at": _iso(episode.peak_at),
        **dict(zip(rule.by, told.group, strict=True)),
    }
    return {name: render(template, fields) for name, template in rule.annotations}


def _told(rule: Rule, amount: int) -> str:
    """A value, or a threshold, as it reads in a text."""
    return written(amount) if rule.measure is Measure.SILENCE else str(amount)


def _window(rule: Rule) -> str | dict[str, str]:
    if rule.since > -FOREVER:
        return {"since": _iso(rule.since)[:10]}
    return "all" if rule.window == FOREVER else written(rule.window)


def _words(rule: Rule) -> str:
    """The window as it reads after "within"."""
    match _window(rule):
        case {"since": day}:
            return f"the time since {day}"
        case "all":
            return "all time"
        case length:
            return str(length)


def _level_now(rule: Rule, value: int) -> str | None:
    level = rule.level(value)
    return SEVERITIES[level - 1] if level else None


def _iso(micros: int) -> str:
    return iso(instant(micros))
