"""What the fold knows of a partition: timelines, registers, and the incidents that the events at hand speak of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from events.errors import Inapplicable
from projections.incidents import Incident, Site
from projections.semantics import FIRST

Key = tuple[str, str]  # (timeline, id)


@dataclass(slots=True)
class Timeline:
    """A timeline of this partition."""

    title: str
    clock_kind: str  # live | replayed
    clock: int  # µs; the greatest recorded_at applied so far
    opened_offset: int
    projection_version: int = FIRST  # that it adopted last


class Live(NamedTuple):
    """How a live timeline stands, for whoever ticks it."""

    timeline: str
    clock: int  # µs
    due: int | None  # µs; the next instant at which time alone can change something; None: never, as things stand


@dataclass(slots=True)
class Known:
    """The state that the fold reads and moves on. Incidents are a cache: `fetch` brings those of the events at hand."""

    timelines: dict[str, Timeline] = field(default_factory=dict)
    sites: dict[Key, Site] = field(default_factory=dict)
    actors: set[Key] = field(default_factory=set)
    documents: set[Key] = field(default_factory=set)
    incidents: dict[Key, Incident] = field(default_factory=dict)
    next_number: int = 0
    at_site: Callable[[str, str], list[Incident]] = lambda _timeline, _site: []  # every incident there, as stored

    def forget(self, kept: int) -> None:
        """Forget the incidents that were looked at longest ago, when there are more than `kept`."""
        if len(self.incidents) > kept:
            self.incidents = dict(list(self.incidents.items())[kept // 2 :])

    def site(self, timeline: str, site: str) -> Site:
        """A registered site.

        Raises:
            Inapplicable: it is not registered.
        """
        found = self.sites.get((timeline, site))
        if found is None:
            raise _unregistered("site", site)
        return found

    def check_actor(self, timeline: str, actor: str | None) -> None:
        """Check that an actor, if any is named, is registered.

        Raises:
            Inapplicable: it is not.
        """
        if actor is not None and (timeline, actor) not in self.actors:
            raise _unregistered("actor", actor)

    def check_document(self, timeline: str, document: str | None) -> None:
        """Check that the document a fact comes from, if it is one, is registered.

        Raises:
            Inapplicable: it is not.
        """
        if document is not None and (timeline, document) not in self.documents:
            raise _unregistered("document", document)


def _unregistered(what: str, name: str) -> Inapplicable:
    return Inapplicable(f"a {what} that was registered before in this timeline", repr(name), what)
