"""The forms of a theatre's files: what a person may write. Closed: a field that is not here is a fault."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, field_validator, model_validator

from events.model import Counts, Report, Scope, StatementKind
from events.values import Attribution, Country, Credibility, Day, Id, Instant, Line, Reliability, Text, Value
from seeds.words import HowMany, When


class Form(Value):
    """A part of a file."""

    note: Text | None = None


class Theatre(Form):
    """theatre.yaml: the timeline itself."""

    timeline: Id
    title: Line
    clock: Literal["live", "replayed"] = "replayed"
    opened_at: Instant | None = None  # else the first instant at which anything became known


# -- registers


class Document(Form):
    """A source document. What it tells became known at noon (UTC) of the day of its publication."""

    id: Id
    published: Day
    basis: Line  # how the day is known
    title: Line | None = None
    inferred: StrictBool = False
    earliest: Day | None = None
    latest: Day | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.inferred != (self.earliest is not None and self.latest is not None):
            raise ValueError("expected earliest and latest with, and only with, an inferred day")
        return self


class Site(Form):
    """A place that incidents can happen at."""

    id: Id
    name: Line
    aliases: tuple[Line, ...] = ()
    kind: Id
    country: Country
    admin1: Line | None = None
    lat: Annotated[float, Field(ge=-90, le=90, strict=True)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180, strict=True)] | None = None
    unnamed: StrictBool = False


class Actor(Form):
    """Somebody who can do or say things. Umbrellas stand above their members."""

    id: Id
    name: Line
    aliases: tuple[Line, ...] = ()
    kind: Id
    member_of: tuple[Id, ...] = ()


# -- what is told


class Told(Form):
    """Who told it: a document (then it became known with the document) or a feed (then `recorded_at` says when)."""

    document: Id | None = None
    feed: Id | None = None
    places: tuple[Line, ...] = ()  # "para 7"
    recorded_at: Instant | None = None
    reliability: Reliability | None = None
    credibility: Credibility | None = None

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if (self.document is None) == (self.feed is None):
            raise ValueError("expected either a document or a feed")
        if self.feed is not None and self.recorded_at is None:
            raise ValueError("expected recorded_at with a feed")
        if self.recorded_at is not None and self.recorded_at.microsecond % 1_000:
            raise ValueError("expected recorded_at in whole milliseconds")
        return self


class By(Value):
    """Who is said to have done it."""

    id: Id | None = None
    attribution: Attribution


class What(Value):
    """What is said of an incident; what is left out is not spoken of."""

    incident_class: Id | None = Field(default=None, alias="class")
    occurred: When | None = None
    site: Id | None = None
    actor: By | None = None
    weapons: tuple[Id, ...] | None = None
    munitions: HowMany | None = None
    targets: HowMany | None = None
    wounded: dict[Id, HowMany] | None = None  # by whose they are: us, civilian …
    killed: dict[Id, HowMany] | None = None
    outcome: Id | None = None
    confidence: Literal["low", "medium", "high"] | None = None

    def stated(self) -> dict[str, Any]:
        """The fields of a report that are spoken of, be it to take one back."""
        said = {name: getattr(self, name) for name in self.model_fields_set & Report.model_fields.keys()}
        if self.actor is not None:
            said["actor"] = {"actor": self.actor.id, "attribution": self.actor.attribution}
        return said


class Account(What, Told):
    """What a source says of an incident."""


class Incident(Value):
    """An incident: every account of it, then what was wrong in them."""

    id: Id
    reports: tuple[Account, ...]
    corrections: tuple[Account, ...] = ()

    @field_validator("reports")
    @classmethod
    def _some(cls, reports: tuple[Account, ...]) -> tuple[Account, ...]:
        if not reports:  # `min_length` would also hide what is wrong with a report
            raise ValueError("expected at least one report")
        return reports


class Merge(Told):
    """Several incidents were one."""

    survivor: Id
    merged: tuple[Id, ...]
    reason: Text


class Split(Told):
    """A merge is undone."""

    survivor: Id
    split: tuple[Id, ...]
    reason: Text


class Retraction(Told):
    """It never happened."""

    incident: Id
    reason: Text


class Assertion(Told):
    """A total that a source claims."""

    id: Id
    metric: Id
    counts: Counts | None = None  # else what the file says of the metric
    total: HowMany
    scope: Scope = Scope()
    since: Day
    as_of: Day
    asserted_by: Line | None = None


class Statement(Told):
    """Somebody said something of weight."""

    id: Id
    kind: StatementKind
    occurred: When
    actor: Id
    summary: Text
    incidents: tuple[Id, ...] = ()


class Posture(Told):
    """A standing level of forces or of alert."""

    id: Id
    what: Id
    strength: HowMany | None = None
    level: Line | None = None
    actor: Id | None = None
    country: Country | None = None
    site: Id | None = None
    occurred: When | None = None
