"""One event onto what is known: which incidents changed. Raises before it changes anything."""

from collections.abc import Callable
from typing import Final, NamedTuple

from events.errors import ConfigInvalid, Inapplicable
from events.model import (
    ActorRegistered,
    AlertAcknowledged,
    AlertsSilenced,
    ClockTicked,
    DocumentRegistered,
    Fact,
    IncidentRetracted,
    IncidentsMerged,
    IncidentsSplit,
    PostureChanged,
    ProjectionAdopted,
    RulesAdopted,
    SilenceLifted,
    SiteRegistered,
    StatementIssued,
    TallyAsserted,
    TimelineOpened,
)
from projections import incidents, semantics
from projections.claims import NOBODY, Corrected, Reported, Stated
from projections.incidents import Incident, Site
from projections.known import Known, Timeline
from projections.reading import Said
from projections.rules.compiling import compile_rules
from projections.rules.spec import content_hash

MOST_FAULTS: Final = 100  # of rules that are refused; all of them could be more than a dead letter holds


class Change(NamedTuple):
    """What an event did to one incident."""

    before: Incident | None  # None: it was not known
    after: Incident


def fold(known: Known, event: Said, offset: int) -> list[Change]:
    """Move `known` on by one event; what it did to incidents.

    Raises:
        Inapplicable: the event does not fit what is known; `known` is as it was.
        ProjectionHalted: it adopts a projection version that this code does not know; `known` is as it was.
    """
    timeline = known.timelines.get(event.timeline)
    opening = isinstance(event.fact, TimelineOpened)
    if opening == (timeline is not None):
        expected = "a timeline that is not open yet" if opening else "a timeline that was opened in this partition"
        raise Inapplicable(expected, repr(event.timeline), "timeline")
    if not isinstance(event.fact, DocumentRegistered):
        known.check_document(event.timeline, event.document)
    changes = STEPS[type(event.fact)](known, event, offset)
    for change in changes:
        known.incidents[change.after.timeline, change.after.incident_id] = change.after
    now = known.timelines[event.timeline]
    now.clock = max(now.clock, event.recorded_at)
    return changes


# -- the stage


def _opened(known: Known, event: Said, offset: int) -> list[Change]:
    fact: TimelineOpened = event.fact  # type: ignore[assignment]
    known.timelines[event.timeline] = Timeline(fact.title, fact.clock, event.recorded_at, offset)
    return []


def _site(known: Known, event: Said, _: int) -> list[Change]:
    fact: SiteRegistered = event.fact  # type: ignore[assignment]
    site = Site(fact.site, fact.site_kind, fact.country, fact.admin1)
    before = known.sites.get((event.timeline, fact.site))
    if before is None or before == site:
        known.sites[event.timeline, fact.site] = site
        return []
    there = {it.incident_id: it for it in known.at_site(event.timeline, fact.site)}
    there |= {it.incident_id: it for it in known.incidents.values() if it.timeline == event.timeline}
    known.sites[event.timeline, fact.site] = site  # only now: stored incidents take theirs from here
    return [Change(it, incidents.moved(it, site)) for it in _by_number(there) if it.site == fact.site]


def _by_number(those: dict[str, Incident]) -> list[Incident]:
    return sorted(those.values(), key=lambda it: it.number)


def _actor(known: Known, event: Said, _: int) -> list[Change]:
    fact: ActorRegistered = event.fact  # type: ignore[assignment]
    for umbrella in fact.member_of:
        known.check_actor(event.timeline, umbrella)
    regrouped = known.regrouped(event.timeline, fact.actor, fact.member_of)
    new = (event.timeline, fact.actor) not in known.actors
    there = {} if new or not regrouped else _by(known, event.timeline, {name for _, name in regrouped})
    known.actors[event.timeline, fact.actor] = fact.member_of
    known.umbrellas |= regrouped  # only now: stored incidents take theirs from here
    return [Change(it, known.under(it)) for it in _by_number(there)]


def _by(known: Known, timeline: str, actors: set[str]) -> dict[str, Incident]:
    """Every incident that is said to be by one of these actors, standing or not."""
    there = {it.incident_id: it for it in known.by_actors(timeline, actors)}
    there |= {it.incident_id: it for it in known.incidents.values() if it.timeline == timeline}
    return {name: it for name, it in there.items() if it.actor in actors}


def _document(known: Known, event: Said, _: int) -> list[Change]:
    fact: DocumentRegistered = event.fact  # type: ignore[assignment]
    known.documents.add((event.timeline, fact.document))
    return []


# -- incidents


def _reported(known: Known, event: Said, _: int) -> list[Change]:
    fact: Reported = event.fact  # type: ignore[assignment]
    name, stated = fact
    site = _checked(known, event.timeline, stated)
    now = known.incidents.get((event.timeline, name))
    if now is not None:
        return [Change(now, known.under(incidents.reported(incidents.unretracted(now, name), stated, site)))]
    if gaps := incidents.missing(stated):
        raise Inapplicable("a first report to state class, occurred and site", f"no {', '.join(gaps)}", "report")
    assert site is not None  # noqa: S101  (not missing)
    known.next_number += 1
    [(identity, _name)] = event.incidents
    key, actor = (identity, event.timeline, name), (stated.get("actor") or NOBODY)[0]
    umbrellas = known.umbrellas[event.timeline, actor] if actor is not None else ()
    return [Change(None, incidents.created(known.next_number - 1, key, stated, site, umbrellas))]


def _corrected(known: Known, event: Said, _: int) -> list[Change]:
    fact: Corrected = event.fact  # type: ignore[assignment]
    name, stated = fact
    site = _checked(known, event.timeline, stated)
    now = incidents.unretracted(known.incidents.get((event.timeline, name)), name)
    return [Change(now, known.under(incidents.corrected(now, stated, site)))]


def _checked(known: Known, timeline: str, stated: Stated) -> Site | None:
    if actor := stated.get("actor"):
        known.check_actor(timeline, actor[0])
    site = stated.get("site")
    return known.site(timeline, site) if site is not None else None


def _retracted(known: Known, event: Said, _: int) -> list[Change]:
    fact: IncidentRetracted = event.fact  # type: ignore[assignment]
    now = incidents.unretracted(known.incidents.get((event.timeline, fact.incident)), fact.incident)
    return [Change(now, incidents.retracted(now))]


def _merged(known: Known, event: Said, _: int) -> list[Change]:
    fact: IncidentsMerged = event.fact  # type: ignore[assignment]
    if fact.survivor in fact.merged or len(set(fact.merged)) < len(fact.merged):
        raise Inapplicable("the survivor and the merged to be different incidents", repr(fact.merged), "merged")
    those = [known.incidents.get((event.timeline, name)) for name in (fact.survivor, *fact.merged)]
    for it, name in zip(those, (fact.survivor, *fact.merged), strict=True):
        if (into := incidents.unretracted(it, name).merged_into) is not None:
            raise Inapplicable(f"{name!r} to stand for itself", f"it was merged into {into!r}", "merged")
    return [Change(it, incidents.merged(it, fact.survivor)) for it in those[1:] if it is not None]


def _split(known: Known, event: Said, _: int) -> list[Change]:
    fact: IncidentsSplit = event.fact  # type: ignore[assignment]
    those = {name: known.incidents.get((event.timeline, name)) for name in fact.split}
    for name, it in those.items():
        if it is None or it.merged_into != fact.survivor:
            raise Inapplicable(f"an incident that was merged into {fact.survivor!r}", repr(name), "split")
    return [Change(it, incidents.split(it)) for it in those.values() if it is not None]


# -- what surrounds them: kept as they are, if they refer to what is known


def _asserted(known: Known, event: Said, _: int) -> list[Change]:
    fact: TallyAsserted = event.fact  # type: ignore[assignment]
    known.check_actor(event.timeline, fact.scope.actor)
    if fact.scope.site is not None:
        known.site(event.timeline, fact.scope.site)
    return []


def _stated(known: Known, event: Said, _: int) -> list[Change]:
    fact: StatementIssued = event.fact  # type: ignore[assignment]
    known.check_actor(event.timeline, fact.actor)
    for name in fact.incidents:
        if (event.timeline, name) not in known.incidents:
            raise Inapplicable("an incident that was reported before", repr(name), "incidents")
    return []


def _posture(known: Known, event: Said, _: int) -> list[Change]:
    fact: PostureChanged = event.fact  # type: ignore[assignment]
    known.check_actor(event.timeline, fact.actor)
    if fact.site is not None:
        known.site(event.timeline, fact.site)
    return []


def _kept(_known: Known, _event: Said, _offset: int) -> list[Change]:
    """What moves the clock and changes nothing else here."""
    return []


def _adopted(_known: Known, event: Said, _: int) -> list[Change]:
    fact: RulesAdopted = event.fact  # type: ignore[assignment]
    try:
        compile_rules(fact.rules)
    except ConfigInvalid as error:
        more = len(error.faults) - MOST_FAULTS
        found = "\n".join([*error.faults[:MOST_FAULTS], *([f"{more} more"] if more > 0 else [])])
        raise Inapplicable("rules that can be evaluated", found, "rules") from error
    if (found := content_hash(fact.rules)) != fact.content_hash:
        raise Inapplicable(f"the hash of the rules, {found}", fact.content_hash, "content_hash")
    return []


def _projection(known: Known, event: Said, _: int) -> list[Change]:
    fact: ProjectionAdopted = event.fact  # type: ignore[assignment]
    timeline, found = known.timelines[event.timeline], fact.projection_version
    if found <= (present := timeline.projection_version):
        raise Inapplicable(f"a version above that of the timeline, {present}", str(found), "projection_version")
    semantics.of(found, event.timeline)
    timeline.projection_version = found
    return []


STEPS: Final[dict[type[Fact | Reported | Corrected], Callable[[Known, Said, int], list[Change]]]] = {
    TimelineOpened: _opened,
    SiteRegistered: _site,
    ActorRegistered: _actor,
    DocumentRegistered: _document,
    Reported: _reported,
    Corrected: _corrected,
    IncidentRetracted: _retracted,
    IncidentsMerged: _merged,
    IncidentsSplit: _split,
    TallyAsserted: _asserted,
    StatementIssued: _stated,
    PostureChanged: _posture,
    RulesAdopted: _adopted,
    ProjectionAdopted: _projection,
    **dict.fromkeys((ClockTicked, AlertAcknowledged, AlertsSilenced, SilenceLifted), _kept),
}
