"""Sites and actors as they were registered at any offset of a timeline. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from events.model import ActorRegistered, Fact, SiteRegistered
from projections.incidents import Site
from projections.known import Known

T = TypeVar("T")
Since = tuple[list[int], list[T]]  # offsets, and what is so from each on


class Registered:
    """What registrations said, and since when."""

    def __init__(self, timeline: str, told: Iterable[tuple[int, Fact]]) -> None:
        """Take in the registrations of a timeline, in log order, with their offsets."""
        self._sites: dict[str, Since[Site]] = {}
        self._umbrellas: dict[str, Since[tuple[str, ...]]] = {}
        self._regrouped: Since[list[str]] = ([], [])
        known = Known()
        for offset, fact in told:
            match fact:
                case SiteRegistered():
                    site = Site(fact.site, fact.site_kind, fact.country, fact.admin1)
                    _put(self._sites.setdefault(fact.site, ([], [])), offset, site)
                case ActorRegistered():
                    self._actor(known, timeline, offset, fact)
                case _:
                    pass

    def _actor(self, known: Known, timeline: str, offset: int, fact: ActorRegistered) -> None:
        new = known.regrouped(timeline, fact.actor, fact.member_of)
        if new and (timeline, fact.actor) in known.actors:
            _put(self._regrouped, offset, [name for _, name in new])
        known.actors[timeline, fact.actor] = fact.member_of
        known.umbrellas |= new
        for (_, name), those in new.items():
            _put(self._umbrellas.setdefault(name, ([], [])), offset, those)

    def site(self, name: str, offset: int) -> Site:
        """A site, after the event at an offset."""
        return _at(self._sites[name], offset)

    def umbrellas(self, actor: str | None, offset: int) -> tuple[str, ...]:
        """An actor and all above it, after the event at an offset; nothing of nobody."""
        return _at(self._umbrellas[actor], offset) if actor is not None else ()

    def regrouped(self, start: int, end: int) -> Iterator[tuple[int, Sequence[str]]]:
        """The events at offsets in [start, end) that moved actors which were there, and these actors."""
        offsets, actors = self._regrouped
        places = slice(bisect_left(offsets, start), bisect_left(offsets, end))
        return zip(offsets[places], actors[places], strict=True)


def _put(these: Since[T], offset: int, what: T) -> None:
    these[0].append(offset)
    these[1].append(what)


def _at(these: Since[T], offset: int) -> T:
    offsets, those = these
    return those[0] if len(offsets) == 1 else those[bisect_right(offsets, offset) - 1]
