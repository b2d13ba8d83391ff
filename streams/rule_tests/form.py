"""The form of a file of rule tests: what a person may write. Closed: a field that is not here is a fault. Pure."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
)

from events.together import Check, Draft, Together, Wrong
from events.values import Attribution, Country, Id, Instant, Line, Text, Value
from projections.rules.durations import normal
from projections.rules.values import OrAlone
from projections.rules.words import Kind, Reason, State
from seeds.forms import By, What
from seeds.words import When

NOON: Final = "12:00:00"  # when something became known of which only the day is said, as in a theatre
MIDNIGHT: Final = "00:00:00"
OF_INCIDENTS: Final = {"at" if name == "occurred" else it.alias or name for name, it in What.model_fields.items()}
VERBS: Final = ("report", "correct", "retract", "merge", "split", "tick")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_LINE: Final = re.compile(r"[^\x00-\x1f\x7f]*")
_INSTANT: Final[TypeAdapter[datetime]] = TypeAdapter(Instant)


def _moment(words: Any, time: str) -> datetime:
    of_day = isinstance(words, str) and _DAY.fullmatch(words)
    try:
        found = _INSTANT.validate_json(json.dumps(f"{words}T{time}Z" if of_day else words))
    except ValidationError as error:
        raise ValueError("expected a day or an instant: 2023-10-17, 2023-10-17T05:30:00Z") from error
    if found.microsecond % 1_000:
        raise ValueError("expected whole milliseconds")
    return found


def known_at(words: Any) -> datetime:
    """When something became known, as it is written.

    Raises:
        ValueError: it is no instant and no day.
    """
    return _moment(words, NOON)


def _attributed(words: Any) -> Any:
    """An actor, or its name alone."""
    return {"id": words, "attribution": Attribution.ATTRIBUTED.value} if isinstance(words, str) else words


def _value(words: Any) -> int | str:
    """Checked here, because of a union pydantic tells every branch's complaint."""
    if isinstance(words, int) and not isinstance(words, bool):
        return words
    try:
        return normal(words)
    except (TypeError, ValueError) as error:
        raise ValueError("expected a whole number, or of silence a duration like 2d") from error


def _one_line(words: Any) -> Any:
    """Checked here, because pydantic tells the pattern."""
    if isinstance(words, str) and not _LINE.fullmatch(words):
        raise ValueError("expected one line of text, without control characters")
    return words


def _some(what: str) -> AfterValidator:
    """At least one: told where the list stands, and not with all that it stands in."""

    def check(those: tuple[Any, ...]) -> tuple[Any, ...]:
        if not those:
            raise ValueError(f"expected at least one {what}")
        return those

    return AfterValidator(check)


KnownAt = Annotated[datetime, PlainValidator(known_at)]
OneLine = Annotated[Line, BeforeValidator(_one_line)]
WorldTime = Annotated[datetime, PlainValidator(partial(_moment, time=MIDNIGHT))]
Severity = Literal["watch", "warning", "critical"]


# -- what does not fit together


def _verbs(it: Draft) -> list[str]:
    return [verb for verb in VERBS if verb in it.said]


def _one_verb(it: Draft) -> Iterator[Wrong]:
    verbs = _verbs(it)
    if len(verbs) > 1 or (it.closed and not verbs):
        yield Wrong((), f"exactly one of {', '.join(VERBS)}", it.said)
    for verb in verbs:
        if not it.said[verb] and it.sound(verb):
            yield Wrong((verb,), "true" if verb == "tick" else "the incident, or incidents", it.said[verb])


def _of_incidents(it: Draft) -> Iterator[Wrong]:
    verbs = _verbs(it)
    if len(verbs) == 1 and verbs[0] not in ("report", "correct") and it.said.keys() & OF_INCIDENTS:
        yield Wrong((), f"nothing of an incident with {verbs[0]}", it.said)


def _whole(it: Draft) -> Iterator[Wrong]:
    """The incident that others are merged into, or split from."""
    for verb, whole in (("merge", "into"), ("split", "from")):
        there = it.said.get(whole) is not None
        if len(_verbs(it)) == 1 and there != (verb in it.said) and (there or it.closed):
            yield Wrong((), "into with, and only with, merge; from with, and only with, split", it.said)
            return


def _any_field(it: Draft) -> Iterator[Wrong]:
    if it.closed and not it.said:
        yield Wrong((), "at least one field", it.said)


def _any_list(it: Draft) -> Iterator[Wrong]:
    if it.closed and it.said.get("episodes") is None and it.said.get("messages") is None:
        yield Wrong((), "episodes, or messages, or both", it.said)


class Fact(What, Together):
    """One thing that became known; `at` is when it happened."""

    checks: ClassVar[tuple[Check, ...]] = (_one_verb, _of_incidents, _whole)

    known: KnownAt
    report: Id | None = None
    correct: Id | None = None
    retract: Id | None = None
    merge: tuple[Id, ...] | None = None
    into: Id | None = None
    split: tuple[Id, ...] | None = None
    from_: Id | None = Field(default=None, alias="from")
    tick: Literal[True] | None = None
    reason: Text = "as the test says"
    occurred: When | None = Field(default=None, alias="at")
    actor: Annotated[By | None, BeforeValidator(_attributed)] = None

    @property
    def verb(self) -> str:
        """What it does."""
        return next(it for it in VERBS if it in self.model_fields_set)


class Episode(Together):
    """An episode as it should be; what is not said may be anything."""

    rule: Id | None = None
    group: dict[Id, Line] | None = None
    severity: Severity | None = None
    opened: WorldTime | None = None
    ended: WorldTime | None = None  # null: not over
    value: Annotated[int | str, BeforeValidator(_value)] | None = None  # of silence a duration
    peak: WorldTime | None = None

    checks: ClassVar[tuple[Check, ...]] = (_any_field,)


class Message(Episode):
    """A message as it should be."""

    kind: Kind | None = None
    state: State | None = None
    reason: Reason | None = None
    late: bool | None = None
    known: KnownAt | None = None
    evidence: tuple[Id, ...] | None = None  # in any order
    annotations: dict[str, str] | None = None


class Expected(Together):
    """What is expected at a clock: all episodes as they are then, the messages since the expectation before it."""

    known: KnownAt
    episodes: tuple[Episode, ...] | None = None
    messages: tuple[Message, ...] | None = None

    checks: ClassVar[tuple[Check, ...]] = (_any_list,)


class Site(Value):
    """Where something happens."""

    country: Country = "ZZ"  # of no country
    kind: Id = "unknown"
    admin1: Line | None = None


class Actor(Value):
    """Whom something is laid to."""

    member_of: Annotated[tuple[Id, ...], OrAlone()]  # the umbrellas it belongs to


class Case(Value):
    """One test."""

    name: OneLine
    rule: Id | None = None  # the only one that is evaluated; else all of the file
    sites: dict[Id, Site] = Field(default={})
    actors: dict[Id, Actor] = Field(default={})
    facts: Annotated[tuple[Fact, ...], _some("fact")]
    expect: Annotated[tuple[Expected, ...], _some("expectation")]


class TestFile(Value):
    """A file of tests."""

    __test__ = False  # of rules, not of ours

    rules: OneLine  # a file, or a folder, as seen from the file of tests
    tests: Annotated[tuple[Case, ...], _some("test")]
