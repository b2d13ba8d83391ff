"""The catalogue: every fact that can be told, one closed class each. To add one, write a class, list it in `FACTS`.

Longer than other modules on purpose: it is the contract, and is read from top to bottom.
"""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, StrictBool, field_validator, model_validator

from events.bounds import bounded
from events.values import Attributed, Country, Day, Id, Instant, Line, Occurred, Quantity, Source, Text, Value


class Fact(Value):
    """What an event says. Its type on the wire is `tocsin.<thing>.<what happened>.v<version>`."""

    kind: ClassVar[str]  # "<thing>.<what happened>"
    version: ClassVar[int] = 1
    subject_field: ClassVar[str | None] = None  # the field that names what the fact is about; None: its timeline

    source: Source
    note: Text | None = None

    @classmethod
    def type(cls) -> str:
        """The CloudEvents type of this class's present version."""
        return f"tocsin.{cls.kind}.v{cls.version}"

    def subject(self) -> str | None:
        """The id of what the fact is about, None for the timeline itself."""
        return getattr(self, self.subject_field) if self.subject_field else None

    def happened(self) -> Occurred | None:
        """When the thing that is told of happened; None where that is the telling itself."""
        return getattr(self, "occurred", None)


class ByHand(Fact):
    """A fact that a person may have told; why stands in its `note` or its `reason`."""

    who: Line | None = None  # who told it; None: it came from a file or a feed


# -- the stage


class TimelineOpened(Fact):
    """A timeline begins, in the partition where it lives from then on."""

    kind = "timeline.opened"
    title: Line
    clock: Literal["live", "replayed"]  # who ticks it: the worker that holds it, or the replayer


class SiteRegistered(Fact):
    """A place that incidents can happen at; said again, it replaces what was said before."""

    kind = "site.registered"
    subject_field = "site"
    site: Id
    name: Line
    aliases: tuple[Line, ...] = Field(default=(), max_length=50)
    site_kind: Id
    country: Country
    admin1: Line | None = None
    lat: Annotated[float, Field(ge=-90, le=90, strict=True)] | None = None  # degrees, WGS 84, approximate
    lon: Annotated[float, Field(ge=-180, le=180, strict=True)] | None = None
    unnamed: StrictBool = False  # the source does not say which; stands for "somewhere there"


class ActorRegistered(Fact):
    """Somebody who can do or say things; said again, it replaces what was said before."""

    kind = "actor.registered"
    subject_field = "actor"
    actor: Id
    name: Line
    aliases: tuple[Line, ...] = Field(default=(), max_length=50)
    actor_kind: Id
    member_of: tuple[Id, ...] = Field(default=(), max_length=50)


class DocumentRegistered(Fact):
    """A source document became known. An inferred day of publication shows its ground and its bounds."""

    kind = "document.registered"
    subject_field = "document"
    document: Id
    title: Line | None = None
    published: Day
    inferred: StrictBool = False
    basis: Line
    earliest: Day | None = None  # the first and the last day it can have been
    latest: Day | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not (self.earliest or self.published) <= self.published <= (self.latest or self.published):
            msg = "expected earliest <= published <= latest"
            raise ValueError(msg)
        return self


# -- incidents


class Report(Value):
    """What is claimed to have happened; a field that is left out is not spoken of."""

    incident_class: Id | None = Field(default=None, alias="class")
    occurred: Occurred | None = None
    site: Id | None = None
    actor: Attributed | None = None
    weapons: tuple[Id, ...] | None = Field(default=None, max_length=20)
    munitions: Quantity | None = None
    targets: Quantity | None = None
    wounded: dict[Id, Quantity] | None = Field(default=None, max_length=20)  # by whose they are: us, civilian …
    killed: dict[Id, Quantity] | None = Field(default=None, max_length=20)
    outcome: Id | None = None
    confidence: Literal["low", "medium", "high"] | None = None

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)  # on the wire it is `class` and no other

    def __eq__(self, other: object) -> bool:
        """Whether both say the same; a field taken back (None) is not a field left out."""
        return isinstance(other, Report) and self.stated() == other.stated()

    def __hash__(self) -> int:
        """A hash that agrees with equality; quantities by party have none."""
        return hash((self.incident_class, self.occurred, self.site, self.actor, self.weapons))

    def stated(self) -> dict[str, Any]:
        """The fields that are spoken of, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class IncidentReported(ByHand):
    """A source's account of an incident: the first one creates it, a later one adds to it."""

    kind = "incident.reported"
    subject_field = "incident"
    incident: Id
    report: Report

    def happened(self) -> Occurred | None:
        """When the incident happened, if the report says so."""
        return self.report.occurred


class IncidentCorrected(ByHand):
    """Fields that were wrong, as they should read; `null` takes one back. Outranks every report until the next one."""

    kind = "incident.corrected"
    subject_field = "incident"
    incident: Id
    changes: Report

    @field_validator("changes")
    @classmethod
    def _some(cls, changes: Report) -> Report:
        taken_back = {name for name, value in changes.stated().items() if value is None}
        if lost := sorted(taken_back & {"incident_class", "occurred", "site"}):
            msg = f"expected no null for what an incident must have, found {', '.join(lost)}"
            raise ValueError(msg)
        if not changes.model_fields_set:
            msg = "expected at least one change"
            raise ValueError(msg)
        return changes

    def happened(self) -> Occurred | None:
        """When the incident happened, if the correction says so."""
        return self.changes.occurred


class IncidentsMerged(ByHand):
    """Several incidents were one: the survivor stands for all of them."""

    kind = "incidents.merged"
    subject_field = "survivor"
    survivor: Id
    merged: tuple[Id, ...] = Field(min_length=1, max_length=100)
    reason: Text


class IncidentsSplit(ByHand):
    """A merge is undone: these incidents stand again for themselves."""

    kind = "incidents.split"
    subject_field = "survivor"
    survivor: Id
    split: tuple[Id, ...] = Field(min_length=1, max_length=100)
    reason: Text


class IncidentRetracted(ByHand):
    """It never happened."""

    kind = "incident.retracted"
    subject_field = "incident"
    incident: Id
    reason: Text


# -- what surrounds them


class Scope(Value):
    """What a claimed total covers; a field that is left out does not narrow it."""

    country: Country | None = None
    site: Id | None = None
    actor: Id | None = None


class Counts(Value):
    """What a claimed total counts, in terms of incidents; a field that is left out does not narrow it."""

    measure: Literal["incidents", "sites", "wounded", "killed"]  # sites: different ones with such an incident
    incident_class: Id | None = Field(default=None, alias="class")
    site_kind: Id | None = None
    party: Id | None = None  # whose wounded or killed

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if (self.party is not None) != (self.measure in {"wounded", "killed"}):
            msg = "expected a party with, and only with, wounded or killed"
            raise ValueError(msg)
        return self


class TallyAsserted(ByHand):
    """A total that a source claims. Never added to our counters: reconciled with them."""

    kind = "tally.asserted"
    subject_field = "assertion"
    assertion: Id
    metric: Id
    total: Quantity
    counts: Counts | None = None  # None: as was said last of its metric; if never, no incidents itemise it
    scope: Scope = Scope()
    since: Day  # first day that is covered
    as_of: Day  # last day that is covered
    asserted_by: Line | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.since > self.as_of:
            msg = "expected since <= as_of"
            raise ValueError(msg)
        return self


class StatementKind(StrEnum):
    """What somebody does by speaking."""

    THREAT = "threat"
    WARNING = "warning"
    CLAIM = "claim"
    DENIAL = "denial"
    CONDEMNATION = "condemnation"
    DEMAND = "demand"
    DIPLOMACY = "diplomacy"
    ORDER = "order"
    ASSESSMENT = "assessment"


class StatementIssued(Fact):
    """Somebody said something of weight, perhaps about incidents."""

    kind = "statement.issued"
    subject_field = "statement"
    statement: Id
    statement_kind: StatementKind
    occurred: Occurred
    actor: Id
    summary: Text
    incidents: tuple[Id, ...] = Field(default=(), max_length=100)


class PostureChanged(Fact):
    """A standing level of forces or of alert, as a source gives it."""

    kind = "posture.changed"
    subject_field = "posture"
    posture: Id
    what: Id
    strength: Quantity | None = None
    level: Line | None = None
    actor: Id | None = None
    country: Country | None = None
    site: Id | None = None
    occurred: Occurred | None = None


class ClockTicked(Fact):
    """Time passed, and nothing else."""

    kind = "clock.ticked"


# -- what operators do


class Decision(Fact):
    """Something an operator did: who, and why."""

    who: Line
    why: Text


class RulesAdopted(Decision):
    """From here on these rules, and only these, are evaluated in this timeline."""

    kind = "rules.adopted"
    rules: tuple[dict[str, JsonValue], ...] = Field(max_length=200)  # normalised, see projections/rules/spec.py
    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # sha256 of the normalised content

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        bounded(list(self.rules), depth=10)
        return self


class AlertAcknowledged(Decision):
    """Somebody looks after an alert."""

    kind = "alert.acknowledged"
    subject_field = "alert"
    alert: Id


class AlertsSilenced(Decision):
    """A rule, or one group of it, is not to page anybody until an instant."""

    kind = "alerts.silenced"
    subject_field = "silence"
    silence: Id
    rule: Id
    group: tuple[Line, ...] | None = Field(default=None, max_length=10)  # None: every group
    until: Instant  # exclusive


class SilenceLifted(Decision):
    """A silence ends before its time."""

    kind = "silence.lifted"
    subject_field = "silence"
    silence: Id


class ProjectionAdopted(Decision):
    """From here on this version of the projection's code tells what follows from the facts."""

    kind = "projection.adopted"
    projection_version: Annotated[int, Field(ge=1, le=1_000_000, strict=True)]


FACTS: Final[tuple[type[Fact], ...]] = (
    TimelineOpened,
    SiteRegistered,
    ActorRegistered,
    DocumentRegistered,
    IncidentReported,
    IncidentCorrected,
    IncidentsMerged,
    IncidentsSplit,
    IncidentRetracted,
    TallyAsserted,
    StatementIssued,
    PostureChanged,
    ClockTicked,
    RulesAdopted,
    AlertAcknowledged,
    AlertsSilenced,
    SilenceLifted,
    ProjectionAdopted,
)
BY_TYPE: Final[dict[str, type[Fact]]] = {fact.type(): fact for fact in FACTS}
