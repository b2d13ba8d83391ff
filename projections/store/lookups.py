"""What the tables know, as the fold's own values. Always `fetchall`: an unfinished result blocks the writer."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import duckdb

from projections import semantics
from projections.claims import HowMany
from projections.incidents import NOTHING, Incident, Site
from projections.known import Key, Known, Timeline, umbrellas_of
from projections.reading import First, Said

VERSION_COLUMNS: Final = """
    v.number, v.identity, v.timeline, v.incident_id, v.version, v.class, epoch_us(v.occurred_from),
    epoch_us(v.occurred_until), v.precision, v.site, v.actor, v.attribution, v.weapons, v.outcome, v.confidence,
    v.quantities, v.corrected, v.retracted, v.merged_into
"""


def registers(con: duckdb.DuckDBPyConnection, known: Known) -> None:
    """Bring back timelines, sites, actors and documents, and the next free number; have incidents looked up here.

    Raises:
        ProjectionHalted: a timeline is of a projection version that this code does not know.
    """
    known.at_site, known.by_actors = partial(at_site, con, known), partial(by_actors, con, known)
    query = "SELECT timeline, title, clock_kind, epoch_us(clock), event_offset, projection_version FROM timelines"
    known.timelines |= {name: Timeline(*rest) for name, *rest in con.execute(query).fetchall()}
    for name, it in known.timelines.items():
        semantics.of(it.projection_version, name)
    rows = con.execute("SELECT timeline, site, site_kind, country, admin1 FROM sites").fetchall()
    known.sites |= {(timeline, rest[0]): Site(*rest) for timeline, *rest in rows}
    members = con.execute("SELECT timeline, actor, member_of FROM actors").fetchall()
    known.actors |= {(timeline, actor): [it for it in above.split(",") if it] for timeline, actor, above in members}
    known.umbrellas |= umbrellas_of(known.actors)
    known.documents |= set(con.execute("SELECT timeline, document FROM documents").fetchall())
    known.next_number = con.execute("SELECT coalesce(max(number) + 1, 0) FROM incident_versions").fetchall()[0][0]


def missing(known: Known, events: Iterable[Said]) -> dict[int, Key]:
    """The incidents that events speak of and `known` lacks, by fingerprint."""
    named = ((fingerprint, (it.timeline, name)) for it in events for fingerprint, name in it.incidents)
    return {fingerprint: key for fingerprint, key in named if key not in known.incidents}


def incidents(con: duckdb.DuckDBPyConnection, known: Known, wanted: Iterable[tuple[int, Key]]) -> None:
    """Bring incidents, by fingerprint and key, into `known` as they are believed to be now."""
    by_identity = dict(wanted)
    query = f"""
        SELECT {VERSION_COLUMNS} FROM incident_versions v
        WHERE v.known_until IS NULL AND v.identity IN (SELECT unnest($1::BIGINT[]))
    """  # noqa: S608
    keys = set(by_identity.values())
    for row in con.execute(query, [list(by_identity)]).fetchall():
        if (row[2], row[3]) in keys:
            known.incidents[row[2], row[3]] = _placed(row, known)


def by_number(con: duckdb.DuckDBPyConnection, numbers: Collection[int]) -> dict[int, tuple[str, int]]:
    """(incident_id, version) of incidents, by number."""
    query = """
        SELECT number, incident_id, version FROM incident_versions
        WHERE known_until IS NULL AND number IN (SELECT unnest($1::BIGINT[]))
    """
    return {number: (name, version) for number, name, version in con.execute(query, [list(numbers)]).fetchall()}


def at_site(con: duckdb.DuckDBPyConnection, known: Known, timeline: str, site: str) -> list[Incident]:
    """Every incident at a site, standing or not, as stored."""
    query = f"""
        SELECT {VERSION_COLUMNS} FROM incident_versions v
        WHERE v.known_until IS NULL AND v.timeline = $1 AND v.site = $2
    """  # noqa: S608
    return [_placed(row, known) for row in con.execute(query, [timeline, site]).fetchall()]


def by_actors(con: duckdb.DuckDBPyConnection, known: Known, timeline: str, actors: Collection[str]) -> list[Incident]:
    """Every incident that is said to be by one of these actors, standing or not, as stored."""
    query = f"""
        SELECT {VERSION_COLUMNS} FROM incident_versions v
        WHERE v.known_until IS NULL AND v.timeline = $1 AND v.actor IN (SELECT unnest($2::VARCHAR[]))
    """  # noqa: S608
    return [_placed(row, known) for row in con.execute(query, [timeline, sorted(actors)]).fetchall()]


def standing(con: duckdb.DuckDBPyConnection, known: Known, timeline: str) -> Iterable[Incident]:
    """Every standing incident of a timeline, as stored, in order of number."""
    query = f"""
        SELECT {VERSION_COLUMNS} FROM incident_versions v
        WHERE v.known_until IS NULL AND v.stands AND v.timeline = $1 ORDER BY v.number
    """  # noqa: S608
    return [_placed(row, known) for row in con.execute(query, [timeline]).fetchall()]


def _placed(row: tuple[Any, ...], known: Known) -> Incident:
    timeline, site, actor = row[2], row[9], row[10]
    umbrellas = known.umbrellas[timeline, actor] if actor is not None else ()
    return incident_of(row, known.sites[timeline, site], umbrellas)


def incident_of(row: Sequence[Any], where: Site, umbrellas: tuple[str, ...]) -> Incident:
    """An incident from its columns in the order of `VERSION_COLUMNS`."""
    number, identity, timeline, name, version, kind, at, until, precision, _, actor, attribution, weapons, *rest = row
    outcome, confidence, quantities, corrected, retracted, merged_into = rest
    how_many = json.loads(quantities) if quantities else {}
    return Incident(
        number,
        identity,
        timeline,
        name,
        version,
        kind,
        at,
        until,
        precision,
        *where,
        actor,
        attribution,
        tuple(weapons.split(",")) if weapons else (),
        _quantity(how_many.get("munitions")),
        _quantity(how_many.get("targets")),
        _by_party(how_many.get("wounded")),
        _by_party(how_many.get("killed")),
        outcome,
        confidence,
        frozenset(corrected.split(",")) if corrected else frozenset(),
        retracted,
        merged_into,
        umbrellas,
    )


def _quantity(said: dict[str, Any] | None) -> HowMany | None:
    return HowMany(**said) if said else None


def _by_party(said: dict[str, dict[str, Any]] | None) -> Mapping[str, HowMany]:
    return {party: HowMany(**it) for party, it in said.items()} if said else NOTHING


def duplicates(con: duckdb.DuckDBPyConnection, wanted: Collection[int]) -> dict[str, First]:
    """What was applied under ids with these fingerprints, by event_id."""
    query = """
        SELECT event_id::VARCHAR, event_offset, timeline, epoch_us(recorded_at), type, payload::VARCHAR
        FROM events WHERE identity IN (SELECT unnest($1::BIGINT[]))
    """
    return {name: First(*rest) for name, *rest in con.execute(query, [list(wanted)]).fetchall()}


def reminders(con: duckdb.DuckDBPyConnection) -> dict[str, int | None]:
    """When time alone can next change something in each timeline; none where it can not."""
    query = """
        SELECT timeline, epoch_us(min(due_at)) FROM due JOIN timelines USING (timeline)
        WHERE due_at > clock GROUP BY timeline
    """
    return dict(con.execute(query).fetchall())
