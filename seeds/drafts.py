"""What a theatre's files say, as drafts of events: which fact, with which fields, told by whom. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from events import model
from events.marked import Path
from events.values import Value
from seeds import forms
from seeds.files import Files, Incidents

TOLD = forms.Told.model_fields.keys()


class Draft(NamedTuple):
    """An event to be: its fields are checked when it is made."""

    file: str  # without its ending
    path: Path  # where in the file
    fact: type[model.Fact]
    said: dict[str, Any]  # the fields of the fact
    told: forms.Told | None = None  # None: it is an entry of a register
    occurred: datetime | None = None  # by which incidents are ordered that became known together


def drafts(files: Files) -> Iterator[Draft]:
    """Every event of a theatre but its opening, in the order of the files."""
    yield from _registers(files)
    yield from _incidents(files.incidents)
    yield from _about_incidents(files.incidents)
    for at, statement in enumerate(files.statements.statements):
        said = {"statement": statement.id, "statement_kind": statement.kind, **_said(statement, "id", "kind")}
        yield Draft("statements", ("statements", at), model.StatementIssued, said, statement)
    for at, posture in enumerate(files.postures.postures):
        said = {"posture": posture.id, **_said(posture, "id")}
        yield Draft("postures", ("postures", at), model.PostureChanged, said, posture)
    for at, assertion in enumerate(files.assertions.assertions):
        meant = files.assertions.metrics.get(assertion.metric)
        said = {"assertion": assertion.id, **({"counts": meant} if meant else {}), **_said(assertion, "id")}
        yield Draft("assertions", ("assertions", at), model.TallyAsserted, said, assertion)


def _registers(files: Files) -> Iterator[Draft]:
    for at, document in enumerate(files.documents.documents):
        said = {"document": document.id, **_said(document, "id"), **_note(document)}
        yield Draft("documents", ("documents", at), model.DocumentRegistered, said)
    for at, site in enumerate(files.sites.sites):
        said = {"site": site.id, "site_kind": site.kind, **_said(site, "id", "kind"), **_note(site)}
        yield Draft("sites", ("sites", at), model.SiteRegistered, said)
    for at, actor in enumerate(files.actors.actors):
        said = {"actor": actor.id, "actor_kind": actor.kind, **_said(actor, "id", "kind"), **_note(actor)}
        yield Draft("actors", ("actors", at), model.ActorRegistered, said)


def _incidents(file: Incidents) -> Iterator[Draft]:
    for at, incident in enumerate(file.incidents):
        path: Path = ("incidents", at)
        first = incident.reports[0].occurred
        for number, account in enumerate(incident.reports):
            said = {"incident": incident.id, "report": account.stated()}
            when = account.occurred or first
            earliest = when.earliest if when else None
            yield Draft("incidents", (*path, "reports", number), model.IncidentReported, said, account, earliest)
        for number, account in enumerate(incident.corrections):
            said = {"incident": incident.id, "changes": account.stated()}
            yield Draft("incidents", (*path, "corrections", number), model.IncidentCorrected, said, account)


def _about_incidents(file: Incidents) -> Iterator[Draft]:
    for at, merge in enumerate(file.merges):
        yield Draft("incidents", ("merges", at), model.IncidentsMerged, _said(merge), merge)
    for at, split in enumerate(file.splits):
        yield Draft("incidents", ("splits", at), model.IncidentsSplit, _said(split), split)
    for at, retraction in enumerate(file.retractions):
        yield Draft("incidents", ("retractions", at), model.IncidentRetracted, _said(retraction), retraction)


def _said(form: Value, *but: str) -> dict[str, Any]:
    """The fields of a form that are filled in, but those that say who told it."""
    return {name: getattr(form, name) for name in form.model_fields_set - TOLD - set(but)}


def _note(form: forms.Form) -> dict[str, Any]:
    return {"note": form.note} if form.note else {}
