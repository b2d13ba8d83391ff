"""Facts that a person tells by hand: from what they typed to an event that says who told it, and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from events import ids
from events.codec import payload
from events.errors import ConfigInvalid
from events.log import Event
from events.model import Fact
from events.plainly import faults
from events.values import Occurred, Quantity, iso
from projections.store.reader import Reader, Rows
from streams.rules import timeline_of

FEED: Final = "operator"  # the source of what comes from no document
UNSAID: Final = "unspecified"  # whose the wounded and killed are, when that is not said
OPTIONS: Final = {"class": "class", "incident_class": "class", "occurred": "on", "weapons": "weapon", "places": "place"}


class Here(NamedTuple):
    """Where something is told, and when."""

    timeline: str
    partition: int
    at: datetime  # when it becomes known: now, or the clock of a replayed timeline, which the replayer alone moves on


def here(reader: Reader, timeline: str | None, now: datetime) -> Here:
    """The timeline that is meant.

    Raises:
        NotFound: there is no such one.
        ConfigInvalid: there are several and none is named.
    """
    row = timeline_of(reader, timeline)
    clock = datetime.fromisoformat(row["clock"])
    at = clock if row["clock_kind"] == "replayed" else max(now, clock)
    return Here(row["timeline"], row["partition"], at.replace(microsecond=at.microsecond // 1_000 * 1_000))


def fact(kind: type[Fact], said: Mapping[str, Any], source: Mapping[str, Any]) -> Fact:
    """A fact of what was typed; what was not typed is not said.

    Raises:
        ConfigInvalid: every fault, by option.
    """
    found = {name: value for name, value in source.items() if value is not None and value != ()}
    whence = found if "document" in found else {"feed": FEED, **found}
    try:
        return kind.model_validate({**stated(said), "source": whence})
    except ValidationError as error:
        raise ConfigInvalid(
            [f"--{_option(it.path)}: expected {it.expected}, found {it.found}" for it in faults(error)]
        ) from error


def stated(said: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed of several options."""
    return {name: value for name, value in said.items() if value is not None and value not in ((), {})}


def _option(path: Sequence[str | int]) -> str:
    """The option that a field stands for."""
    names = [it for it in path if isinstance(it, str) and it not in ("report", "changes", "source", "scope", "actor")]
    name = names[0] if names else str(path[-1] if path else "")
    return OPTIONS.get(name, name).replace("_", "-")


def report(said: Mapping[str, Any], taken_back: Sequence[str] = ()) -> dict[str, Any]:
    """The report in what was typed: an actor with its ground, quantities by whose they are."""
    found = stated(said)
    actor, ground = found.pop("actor", None), found.pop("attribution", None)
    if actor or ground:
        found["actor"] = {"actor": actor, "attribution": ground or "attributed"}
    return found | dict.fromkeys(taken_back)


def event(where: Here, said: Fact) -> Event:
    """The event; told again at another instant it is another one."""
    identity = ids.event_id(where.timeline, said.kind, iso(where.at), payload(said).decode())
    return Event(identity, where.timeline, where.at, said)


def incident_id(reader: Reader, where: Here, site: str, occurred: Occurred) -> str:
    """An id for a new incident, from site and day; numbered when there is one of that name already."""
    stem = f"inc-{occurred.earliest.date().isoformat()}-{site}"
    known = {it["incident_id"] for it in reader.rows("near", timeline=where.timeline, stem=stem, **NOWHERE)}
    numbers = (f"{stem}-{number}" for number in range(2, len(known) + 3))
    return stem if stem not in known else next(it for it in numbers if it not in known)


def near(reader: Reader, where: Here, site: str, occurred: Occurred) -> Rows:
    """The standing incidents at a site that may be the one that is told of: their times overlap."""
    span = {"since": iso(occurred.earliest), "until": iso(occurred.latest)}
    return reader.rows("near", timeline=where.timeline, stem=None, site=site, **span)


NOWHERE: Final[Mapping[str, None]] = {"site": None, "since": None, "until": None}


def parties(words: Sequence[tuple[str, Quantity]]) -> dict[str, Quantity] | None:
    """Quantities by whose they are."""
    return dict(words) or None
