"""What is checked across a theatre's files: everything that an event names is known before it. Pure."""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from events import model
from events.log import Event
from events.marked import Path
from events.values import iso

FIRST: Final = ("incident_class", "occurred", "site")  # what the first report of an incident must state


class Reference(NamedTuple):
    """Something that an event names."""

    path: Path  # in the form
    what: str
    name: str


class Known:
    """What was told so far, in the order of the log."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._names: set[tuple[str, str]] = set()  # (what, name)

    def take(self, event: Event) -> Iterator[tuple[Path, str]]:
        """Whatever does not fit what was told before the event, which from here on was told too."""
        fact = event.fact
        for it in references(fact):
            if (it.what, it.name) not in self._names:
                yield it.path, f"expected {_known(it.what)}, found {it.name!r}"
        yield from self._introduced(event)
        if event.event_id in self._ids:
            yield (), "expected another place or document than an event of the same thing has, found the same"
        self._ids.add(event.event_id)

    def _introduced(self, event: Event) -> Iterator[tuple[Path, str]]:
        fact = event.fact
        what = INTRODUCED.get(type(fact))
        if what is None:
            return
        new = (what, str(fact.subject()))
        if isinstance(fact, model.IncidentReported):
            missing = [name.removeprefix("incident_") for name in FIRST if getattr(fact.report, name) is None]
            if new not in self._names and missing:
                told = f"the first report to become known ({iso(event.recorded_at)}) to state class, occurred and site"
                yield (), f"expected {told}, found no {', '.join(missing)}"
        elif new in self._names:
            yield ("id",), f"expected once, found again: {new[1]!r}"
        self._names.add(new)


def _known(what: str) -> str:
    if what == "incident":
        return "an incident that was reported before"
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what} that is listed before"


INTRODUCED: Final[dict[type[model.Fact], str]] = {
    model.DocumentRegistered: "document",
    model.SiteRegistered: "site",
    model.ActorRegistered: "actor",
    model.IncidentReported: "incident",
    model.StatementIssued: "statement",
    model.TallyAsserted: "assertion",
    model.PostureChanged: "posture",
}


def references(fact: model.Fact) -> list[Reference]:
    """Everything that a fact names and that must be known before it."""
    found = NAMED[type(fact)](fact) if type(fact) in NAMED else []
    source = Reference(("document",), "document", fact.source.document or "")
    return [it for it in (source, *found) if it.name]


def _report(report: model.Report) -> list[Reference]:
    who = report.actor.actor if report.actor else None
    return [Reference(("site",), "site", report.site or ""), Reference(("actor", "id"), "actor", who or "")]


def _all(path: str, what: str, *names: str) -> list[Reference]:
    return [Reference((path,), what, name) for name in names]


NAMED: Final[dict[type[model.Fact], Callable[[Any], list[Reference]]]] = {
    model.ActorRegistered: lambda it: _all("member_of", "actor", *it.member_of),
    model.IncidentReported: lambda it: _report(it.report),
    model.IncidentCorrected: lambda it: _all("incident", "incident", it.incident) + _report(it.changes),
    model.IncidentsMerged: lambda it: (
        _all("survivor", "incident", it.survivor) + _all("merged", "incident", *it.merged)
    ),
    model.IncidentsSplit: lambda it: _all("survivor", "incident", it.survivor) + _all("split", "incident", *it.split),
    model.IncidentRetracted: lambda it: _all("incident", "incident", it.incident),
    model.TallyAsserted: lambda it: (
        _all("scope", "site", it.scope.site or "") + _all("scope", "actor", it.scope.actor or "")
    ),
    model.StatementIssued: lambda it: _all("actor", "actor", it.actor) + _all("incidents", "incident", *it.incidents),
    model.PostureChanged: lambda it: _all("site", "site", it.site or "") + _all("actor", "actor", it.actor or ""),
}
