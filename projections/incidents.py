"""What is believed of an incident: the fold of its events, in log order. Pure.

The rules, here and nowhere else: a field comes from the newest report that states it (silence erases nothing), a
correction outranks reports until a newer correction, `null` in a correction takes a field back. Newest = later in the
log. A merge changes only the merged ones: they stop standing, and what still addresses them is kept there, to show
again after a split. The survivor keeps its own fields; the reports of the merged become evidence for it.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from events.errors import Inapplicable
from projections.claims import NOBODY, HowMany, Stated

NOTHING: Final[Mapping[str, HowMany]] = {}
NONE_CORRECTED: Final[frozenset[str]] = frozenset()


class Site(NamedTuple):
    """What rules and counters look at of a site."""

    site: str
    site_kind: str
    country: str
    admin1: str | None


class Incident(NamedTuple):
    """The thing in the world, as it is believed to be after `version` of its events."""

    number: int  # ours, unique in a partition, ascending in order of creation
    identity: int  # fingerprint of timeline and id
    timeline: str
    incident_id: str
    version: int  # how many events made it what it is
    incident_class: str
    at: int  # µs; the earliest instant it can have happened at
    until: int  # µs; exclusive end of when it can have happened; equals `at` for an instant
    precision: str
    site: str
    site_kind: str
    country: str
    admin1: str | None
    actor: str | None
    attribution: str
    weapons: tuple[str, ...]
    munitions: HowMany | None
    targets: HowMany | None
    wounded: Mapping[str, HowMany]  # by whose they are
    killed: Mapping[str, HowMany]
    outcome: str | None
    confidence: str | None
    corrected: frozenset[str]  # the fields of the report that a correction has settled
    retracted: bool
    merged_into: str | None
    umbrellas: tuple[str, ...] = ()  # its actor and all above it, as they are registered; no part of a version

    @property
    def stands(self) -> bool:
        """Whether it counts: neither retracted nor merged away."""
        return not self.retracted and self.merged_into is None


def created(
    number: int, key: tuple[int, str, str], stated: Stated, site: Site, umbrellas: tuple[str, ...] = ()
) -> Incident:
    """The incident that a first report creates; the caller has checked class, occurred and site.

    Args:
        number: its number in this partition.
        key: the fingerprint of its timeline and id, and these two.
        stated: what the report states.
        site: where it says that it happened.
        umbrellas: who it says did it, and all above.
    """
    said = stated.get
    seen = (stated["incident_class"], *stated["occurred"], *site, *(said("actor") or NOBODY), said("weapons") or ())
    many = (said("munitions"), said("targets"), said("wounded") or NOTHING, said("killed") or NOTHING)
    rest = (said("outcome"), said("confidence"), NONE_CORRECTED, False, None, umbrellas)
    return Incident._make((number, *key, 1, *seen, *many, *rest))


def missing(stated: Stated) -> list[str]:
    """The fields that a first report must state and this one does not."""
    needed = {"class": "incident_class", "occurred": "occurred", "site": "site"}
    return [name for name, field in needed.items() if stated.get(field) is None]


def reported(now: Incident, stated: Stated, site: Site | None) -> Incident:
    """The incident after another report; what a correction settled stays."""
    kept = {name: it for name, it in stated.items() if it is not None and name not in now.corrected}
    return _with(now, kept, site)


def corrected(now: Incident, stated: Stated, site: Site | None) -> Incident:
    """The incident after a correction."""
    return _with(now, stated, site)._replace(corrected=now.corrected.union(stated))


def retracted(now: Incident) -> Incident:
    """The incident after it was found that it never happened."""
    return now._replace(version=now.version + 1, retracted=True)


def merged(now: Incident, survivor: str) -> Incident:
    """The incident after it was found to be the same as another."""
    return now._replace(version=now.version + 1, merged_into=survivor)


def split(now: Incident) -> Incident:
    """The incident after its merge was undone."""
    return now._replace(version=now.version + 1, merged_into=None)


def moved(now: Incident, site: Site) -> Incident:
    """The incident after its site was registered anew."""
    return now._replace(version=now.version + 1, site_kind=site.site_kind, country=site.country, admin1=site.admin1)


def _with(now: Incident, stated: Stated, site: Site | None) -> Incident:
    fields: dict[str, Any] = {"version": now.version + 1}
    for name, value in stated.items():
        fields |= _fields(name, value, site)
    return now._replace(**fields)


def _fields(name: str, value: Any, site: Site | None) -> dict[str, Any]:
    """The incident's fields that a field of a report sets."""
    match name:
        case "occurred":
            return dict(zip(("at", "until", "precision"), value, strict=True))
        case "site" if site is not None:
            return site._asdict()
        case "actor":
            return dict(zip(("actor", "attribution"), value or NOBODY, strict=True))
        case "weapons":
            return {"weapons": value or ()}
        case "wounded" | "killed":
            return {name: value or NOTHING}
        case _:
            return {name: value}


def unretracted(now: Incident | None, incident_id: str) -> Incident:
    """The incident, checked to be known and not retracted.

    Raises:
        Inapplicable: it is unknown or retracted.
    """
    if now is None:
        raise Inapplicable("an incident that was reported before", repr(incident_id), "incident")
    if now.retracted:
        raise Inapplicable("an incident that is not retracted", repr(incident_id), "incident")
    return now
