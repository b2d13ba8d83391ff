"""From a test to events: the stage, the facts, and ticks for what is expected. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from events import ids, model
from events.log import Event
from events.marked import Path
from events.values import Occurred, Source, iso
from projections.rules.spec import Content, content_hash
from streams.rule_tests.form import Case, Expected, Fact, Site

SOURCE: Final = Source(feed="rule-test")
UNSAID: Final = {"incident_class": "incident", "site": "somewhere"}  # of the first report of an incident


class Step(NamedTuple):
    """An event and where in the test it stands; or an expectation, once all that is known by then was told."""

    path: Path
    what: Event | Expected


def steps(case: Case, timeline: str, rules: Sequence[Content]) -> Iterator[Step]:
    """A test from its first event to its last expectation.

    Raises:
        ValidationError: a fact can not be told so; those before it were.
    """
    beginning = min([it.known for it in case.facts] + [it.known for it in case.expect])
    yield from (Step((), _event(timeline, beginning, fact, f"stage {n}")) for n, fact in enumerate(_stage(case, rules)))
    waiting = list(enumerate(case.expect))
    first = set[str]()
    for number, fact in enumerate(case.facts):
        while waiting and waiting[0][1].known < fact.known:
            yield from _expecting(timeline, *waiting.pop(0))
        yield Step(("facts", number), _event(timeline, fact.known, told(fact, first), f"fact {number}"))
    for number, expected in waiting:
        yield from _expecting(timeline, number, expected)


def _expecting(timeline: str, number: int, it: Expected) -> Iterator[Step]:
    """The clock comes to where something is expected."""
    path: Path = ("expect", number)
    yield Step(path, _event(timeline, it.known, model.ClockTicked(source=SOURCE), f"expectation {number}"))
    yield Step(path, it)


def _stage(case: Case, rules: Sequence[Content]) -> Iterator[model.Fact]:
    yield model.TimelineOpened(source=SOURCE, title=case.name, clock="replayed")
    for name in dict.fromkeys([*case.sites, UNSAID["site"], *(it.site for it in case.facts if it.site)]):
        it = case.sites.get(name, Site())
        yield model.SiteRegistered(
            source=SOURCE, site=name, name=name, site_kind=it.kind, country=it.country, admin1=it.admin1
        )
    yield from _actors(case)
    yield model.RulesAdopted(
        source=SOURCE, who="rule-test", why=case.name, rules=tuple(rules), content_hash=content_hash(rules)
    )


def _actors(case: Case) -> Iterator[model.Fact]:
    """All that are named; then those that belong to others, whatever their order: an umbrella must be there before."""
    named = [it.actor.id for it in case.facts if it.actor and it.actor.id]
    umbrellas = [name for it in case.actors.values() for name in it.member_of]
    for name in dict.fromkeys([*named, *umbrellas, *case.actors]):
        yield _actor(name)
    for name, it in case.actors.items():
        yield _actor(name, it.member_of)


def _actor(name: str, member_of: tuple[str, ...] = ()) -> model.Fact:
    return model.ActorRegistered(source=SOURCE, actor=name, name=name, actor_kind="unknown", member_of=member_of)


def _event(timeline: str, at: datetime, fact: model.Fact, which: str) -> Event:
    return Event(ids.event_id(timeline, which, iso(at)), timeline, at, fact)


def told(it: Fact, first: set[str]) -> model.Fact:
    """The fact that is meant; `first` are the incidents that were told of before.

    Raises:
        ValidationError: it can not be told so.
    """
    match it.verb:
        case "report":
            fields = it.stated() if it.report in first else {**UNSAID, "occurred": _day(it.known), **it.stated()}
            first.add(it.report or "")
            return _made(model.IncidentReported, incident=it.report, report=fields)
        case "correct":
            return _made(model.IncidentCorrected, incident=it.correct, changes=it.stated())
        case "retract":
            return _made(model.IncidentRetracted, incident=it.retract, reason=it.reason)
        case "merge":
            return _made(model.IncidentsMerged, survivor=it.into, merged=it.merge, reason=it.reason)
        case "split":
            return _made(model.IncidentsSplit, survivor=it.from_, split=it.split, reason=it.reason)
        case _:
            return _made(model.ClockTicked)


def _made(kind: type[model.Fact], **said: Any) -> model.Fact:
    return kind.model_validate({"source": SOURCE, **said})


def _day(known: datetime) -> Occurred:
    return Occurred.on(known.replace(hour=0, minute=0, second=0, microsecond=0))
