"""A projection version on its way into the log: which timelines lack the newest one, and the event that adopts it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from events import ids
from events.errors import NotFound
from events.log import Event
from events.model import ProjectionAdopted
from events.values import Source, iso
from projections import semantics
from projections.store.reader import Reader

OPERATOR: Final = Source(feed="operator")


class Lag(NamedTuple):
    """A timeline that is told by an older version than this code's newest."""

    timeline: str
    now: datetime | None  # the clock of a replayed timeline, which the replayer alone moves on; None: it is live
    present: int
    newest: int
    says: str  # what the newest says otherwise

    def __str__(self) -> str:
        return f"{self.timeline}: projection version {self.present} -> {self.newest}, {self.says}"


def lagging(reader: Reader, timeline: str | None = None) -> list[Lag]:
    """The timelines, or the one that is named, whose version is below this code's newest.

    Raises:
        NotFound: there is no timeline of that name.
    """
    rows = [row for row in reader.rows("timelines") if timeline in {None, row["timeline"]}]
    if timeline is not None and not rows:
        known = ", ".join(row["timeline"] for row in reader.rows("timelines")) or "none"
        raise NotFound(f"expected the timeline {timeline!r} among those that are open, found {known}")
    return list(_behind(rows, semantics.newest()))


def _behind(rows: Iterable[dict[str, Any]], newest: int) -> Iterable[Lag]:
    says = semantics.VERSIONS[newest].says
    for row in rows:
        if row["projection_version"] < newest:
            now = None if row["clock_kind"] == "live" else datetime.fromisoformat(row["clock"])
            yield Lag(row["timeline"], now, row["projection_version"], newest, says)


def adoption(it: Lag, who: str, why: str, now: datetime) -> Event:
    """The event that adopts the newest version; its id holds who and why, as all that an event says follows from it."""
    at = it.now or now.replace(microsecond=now.microsecond // 1000 * 1000)
    fact = ProjectionAdopted(source=OPERATOR, who=who, why=why, projection_version=it.newest)
    return Event(ids.event_id(it.timeline, fact.kind, str(it.newest), iso(at), who, why), it.timeline, at, fact)
