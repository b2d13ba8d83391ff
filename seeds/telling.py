"""The forms of a theatre as events, each with its place in the files. Pure.

What a document tells became known at noon (UTC) of the day of its publication. Events known from one instant on come in
the order of `ORDER`, incidents among them by when they happened, everything else as it stands in its file.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple

from pydantic import ValidationError

from events import ids, model
from events.codec import payload
from events.errors import Faulty
from events.log import Event
from events.marked import Path
from events.plainly import faults
from events.values import EPOCH, Source, iso
from seeds import forms
from seeds.drafts import Draft, drafts
from seeds.files import Files
from seeds.sheet import Sheet

REGISTER: Final = Source(feed="register")
ORDER: Final[tuple[type[model.Fact], ...]] = (
    model.TimelineOpened,
    model.DocumentRegistered,
    model.SiteRegistered,
    model.ActorRegistered,
    model.IncidentReported,
    model.IncidentCorrected,
    model.IncidentsMerged,
    model.IncidentsSplit,
    model.IncidentRetracted,
    model.StatementIssued,
    model.PostureChanged,
    model.TallyAsserted,
)


class Placed(NamedTuple):
    """An event, and where it stands in the files."""

    event: Event
    draft: Draft


def told(files: Files, sheets: Mapping[str, Sheet]) -> tuple[list[Placed], list[str]]:
    """The events in the order of the log, and what is wrong with those that are none.

    Raises:
        Faulty: the timeline would not be opened before everything else.
    """
    noon = {it.id: _noon(it.published) for it in files.documents.documents}
    drafted = list(drafts(files))
    opened_at = _opened_at(files, drafted, noon, sheets)
    placed = [Placed(_opening(files.theatre, opened_at), Draft("theatre", (), model.TimelineOpened, {}))]
    wrong = []
    for draft in drafted:
        where = sheets[draft.file]
        try:
            placed.append(Placed(_event(files.theatre.timeline, draft, _recorded_at(draft, noon, opened_at)), draft))
        except ValidationError as error:
            wrong += said_plainly(where, draft.path, error)
        except KeyError as error:
            wrong.append(
                where.fault((*draft.path, "document"), f"expected a document of documents.yaml, found {error}")
            )
    return sorted(placed, key=_position), wrong


def said_plainly(sheet: Sheet, path: Path, error: ValidationError) -> list[str]:
    """Every fault of a part of a file, one line each."""
    return [sheet.fault((*path, *it.path), f"expected {it.expected}, found {it.found}") for it in faults(error)]


def _position(placed: Placed) -> tuple[datetime, int, datetime]:
    event, draft = placed
    return event.recorded_at, ORDER.index(type(event.fact)), draft.occurred or EPOCH


def _opened_at(
    files: Files, drafted: list[Draft], noon: Mapping[str, datetime], sheets: Mapping[str, Sheet]
) -> datetime:
    known = [*noon.values(), *(it.told.recorded_at for it in drafted if it.told and it.told.recorded_at)]
    opened_at = files.theatre.opened_at or min(known, default=None)
    if opened_at is None or opened_at > min(known, default=opened_at):
        said = "expected an instant not after what became known first, or at least one document"
        raise Faulty(sheets["theatre"].fault(("opened_at",), f"{said}, found {opened_at}"))
    return opened_at


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _opening(theatre: forms.Theatre, at: datetime) -> Event:
    note = {"note": theatre.note} if theatre.note else {}
    fact = model.TimelineOpened(source=REGISTER, title=theatre.title, clock=theatre.clock, **note)
    return Event(ids.event_id(theatre.timeline, fact.kind), theatre.timeline, at, fact)


def _recorded_at(draft: Draft, noon: Mapping[str, datetime], opened_at: datetime) -> datetime:
    if draft.fact is model.DocumentRegistered:
        return noon[draft.said["document"]]
    if draft.told is None:
        return opened_at
    return draft.told.recorded_at or noon[draft.told.document or ""]


def _event(timeline: str, draft: Draft, recorded_at: datetime) -> Event:
    """The event of a draft. Its id is derived from what identifies it at its source.

    An entry of a register is identified by what it says: edited, it is another event, which replaces the first one.
    What a source told is identified by thing, source and place: edited, it conflicts with what the log has; that
    takes a correction.
    """
    if draft.told is None:
        fact = draft.fact(source=REGISTER, **draft.said)
        return Event(ids.event_id(timeline, fact.kind, payload(fact).decode()), timeline, recorded_at, fact)
    note = {"note": draft.told.note} if draft.told.note else {}
    fact = draft.fact(source=_source(draft.told), **draft.said, **note)
    where = [draft.told.document] if draft.told.document else [draft.told.feed, iso(recorded_at)]
    identity = [fact.kind, fact.subject(), *where, *draft.told.places]
    return Event(ids.event_id(timeline, *map(str, identity)), timeline, recorded_at, fact)


def _source(told: forms.Told) -> Source:
    stated = {name: getattr(told, name) for name in told.model_fields_set & Source.model_fields.keys()}
    return Source(**stated)
