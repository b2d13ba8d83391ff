"""What the fold knows of a partition: timelines, registers, and the incidents that the events at hand speak of."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice
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
    actors: dict[Key, Collection[str]] = field(default_factory=dict)  # -> the umbrellas that each says it belongs to
    umbrellas: dict[Key, tuple[str, ...]] = field(default_factory=dict)  # of actors: itself and all above it, sorted
    documents: set[Key] = field(default_factory=set)
    incidents: dict[Key, Incident] = field(default_factory=dict)
    next_number: int = 0
    at_site: Callable[[str, str], list[Incident]] = lambda _timeline, _site: []  # every incident there, as stored
    by_actors: Callable[[str, Collection[str]], list[Incident]] = lambda _timeline, _actors: []  # every one, as stored

    def forget(self, kept: int) -> None:
        """Forget the incidents that came longest ago, down to half of `kept`, when there are more than that."""
        if len(self.incidents) > kept:
            self.incidents = dict(islice(self.incidents.items(), len(self.incidents) - kept // 2, None))

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

    def under(self, it: Incident) -> Incident:
        """The incident, with its actor and all above it as they are registered now."""
        umbrellas = self.umbrellas[it.timeline, it.actor] if it.actor is not None else ()
        return it if it.umbrellas == umbrellas else it._replace(umbrellas=umbrellas)

    def regrouped(self, timeline: str, actor: str, member_of: Collection[str]) -> dict[Key, tuple[str, ...]]:
        """The umbrellas of all actors that have others once one belongs to these; nothing changes here."""
        if self.actors.get((timeline, actor)) is None:  # a new one, so nobody belongs to it
            above = {name for it in member_of for name in self.umbrellas[timeline, it]}
            return {(timeline, actor): tuple(sorted({actor, *above}))}
        direct = {name: those for (within, name), those in self.actors.items() if within == timeline}
        found = {(timeline, name): _above(name, direct | {actor: member_of}) for name in direct}
        return {key: those for key, those in found.items() if self.umbrellas[key] != those}

    def check_document(self, timeline: str, document: str | None) -> None:
        """Check that the document a fact comes from, if it is one, is registered.

        Raises:
            Inapplicable: it is not.
        """
        if document is not None and (timeline, document) not in self.documents:
            raise _unregistered("document", document)


def umbrellas_of(actors: Mapping[Key, Collection[str]]) -> dict[Key, tuple[str, ...]]:
    """Of each actor itself and all above it."""
    direct: dict[str, dict[str, Collection[str]]] = {}
    for (timeline, name), those in actors.items():
        direct.setdefault(timeline, {})[name] = those
    return {(timeline, name): _above(name, direct[timeline]) for timeline, name in actors}


def _above(actor: str, direct: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """An actor and all above it, sorted; two that belong to each other are above each other."""
    found, waiting = {actor}, [actor]
    while waiting:
        new = set(direct[waiting.pop()]) - found
        found |= new
        waiting += new
    return tuple(sorted(found))


def _unregistered(what: str, name: str) -> Inapplicable:
    return Inapplicable(f"a {what} that was registered before in this timeline", repr(name), what)
