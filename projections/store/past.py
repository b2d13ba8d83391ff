"""What the events of a timeline did to its incidents, one by one: from the versions in a snapshot, without a fold.

`incident_versions` has every state an incident was ever in, so an event's change is two of its rows. What rules look at
of its site and of the umbrellas of its actor is as it was registered by then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self

from events.codec import fact_of
from events.model import ActorRegistered, SiteRegistered
from projections.fold import Change
from projections.incidents import Incident
from projections.registered import Registered
from projections.rules.model import Filter, Rule
from projections.rules.outcome import Moment
from projections.store.conditions import COLUMNS, conditions_of
from projections.store.lookups import VERSION_COLUMNS, incident_of
from projections.store.verify.snapshot import Snapshot

AT_ONCE: Final = 40_000  # offsets; groups are gone through one by one, so many at once take a fifth less time
SITE, ACTOR = (VERSION_COLUMNS.replace("\n", " ").replace(" ", "").split(",").index(it) for it in ("v.site", "v.actor"))
REGISTERED: Final = """
    SELECT event_offset, type, payload::VARCHAR FROM events
    WHERE timeline = $1 AND regexp_full_match(type, $2) ORDER BY event_offset"""
EVENTS: Final = """
    SELECT event_offset, event_id::VARCHAR, epoch_us(known_at) FROM events
    WHERE timeline = $1 AND event_offset >= $2 AND event_offset < $3 ORDER BY event_offset"""
# an incident is new, and some rule may look at it; or it was there before
MADE: Final = f"""
    SELECT {VERSION_COLUMNS}, v.event_offset FROM incident_versions v
    WHERE v.timeline = ? AND v.event_offset >= ? AND v.event_offset < ? AND (v.version > 1 OR {{looked_at}})
    ORDER BY v.event_offset, v.number"""  # noqa: S608
BEFORE: Final = f"""
    SELECT {VERSION_COLUMNS}, a.event_offset FROM incident_versions v JOIN (
        SELECT number, version - 1 AS version, event_offset FROM incident_versions
        WHERE timeline = $1 AND event_offset >= $2 AND event_offset < $3 AND version > 1
    ) a USING (number, version)"""  # noqa: S608


# every incident by some actors, as it stood before an event
BY: Final = f"""
    SELECT {VERSION_COLUMNS} FROM (
        FROM incident_versions WHERE timeline = $1 AND event_offset < $2
        QUALIFY row_number() OVER (PARTITION BY number ORDER BY version DESC) = 1
    ) v WHERE v.actor IN (SELECT unnest($3::VARCHAR[])) ORDER BY v.number"""  # noqa: S608


class Past:
    """A timeline's past in one snapshot; for one thread. It stays whole when a newer snapshot takes its place."""

    def __init__(self, path: Path, timeline: str) -> None:
        """Open it.

        Raises:
            Unreadable: it is no file of ours, or of another version.
        """
        self._snapshot, self.timeline = Snapshot(path), timeline
        self._con = self._snapshot.con
        types = rf"tocsin\.({SiteRegistered.kind}|{ActorRegistered.kind})\.v\d+"
        rows = self._con.execute(REGISTERED, [timeline, types]).fetchall()
        told = ((offset, fact_of(type_, payload.encode())) for offset, type_, payload in rows)
        self._registered = Registered(timeline, told)

    @property
    def end(self) -> int:
        """Everything below is in it."""
        return int(self._snapshot.next_offset)

    def moments(self, rules: Sequence[Rule], at_once: int = AT_ONCE) -> Iterator[tuple[int, list[Moment]]]:
        """All events in log order, some at a time, as far as they matter to these rules; and how far that is."""
        looked_at, values = _looked_at(rules, self.timeline)
        made = MADE.format(looked_at=looked_at)
        for start in range(0, self.end, at_once):
            end = min(start + at_once, self.end)
            bounds: list[Any] = [self.timeline, start, end]
            changes = self._changes(self._con.execute(made, [*bounds, *values]).fetchall(), bounds)
            changes |= {it: self._regrouped(it, who) for it, who in self._registered.regrouped(start, end)}
            events = self._con.execute(EVENTS, bounds).fetchall()
            yield end, [Moment(name, clock, changes.get(offset, ())) for offset, name, clock in events]

    def _changes(self, rows: Sequence[Sequence[Any]], bounds: Sequence[Any]) -> dict[int, list[Change]]:
        stood = [self._incident(row, row[-1] - 1) for row in self._con.execute(BEFORE, bounds).fetchall()]
        known = {(it.number, it.version + 1): it for it in stood}
        found: dict[int, list[Change]] = {}
        for row in rows:
            after = self._incident(row, row[-1])
            found.setdefault(row[-1], []).append(Change(known.get((after.number, after.version)), after))
        return found

    def _regrouped(self, offset: int, actors: Sequence[str]) -> list[Change]:
        """What an actor that belongs elsewhere from now on did; no versions tell of it."""
        rows = self._con.execute(BY, [self.timeline, offset, actors]).fetchall()
        return [Change(self._incident([*row, 0], offset - 1), self._incident([*row, 0], offset)) for row in rows]

    def _incident(self, row: Sequence[Any], offset: int) -> Incident:
        """An incident, where it happened and who stands above its actor as of an offset."""
        there = self._registered
        return incident_of(row[:-1], there.site(row[SITE], offset), there.umbrellas(row[ACTOR], offset))

    def close(self) -> None:
        self._snapshot.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _looked_at(rules: Sequence[Rule], timeline: str) -> tuple[str, list[Any]]:
    """A condition that holds for every version that a rule looks at; what registers said then is not asked."""
    asked = [conditions_of(_without_registers(rule), timeline) for rule in rules]
    found = [f"({' AND '.join(conditions) or 'true'})" for conditions, _ in asked]
    return f"(v.stands AND ({' OR '.join(found) or 'false'}))", [it for _, values in asked for it in values]


def _without_registers(rule: Rule) -> Rule:
    by = tuple(it for it in rule.by if not _of_register(it))
    return replace(rule, by=by, where=_plain(rule.where), excluded=_plain(rule.excluded))


def _plain(those: Filter) -> Filter:
    return tuple(it for it in those if not _of_register(it[0]))


def _of_register(name: str) -> bool:
    return name == "member_of" or COLUMNS.get(name, "").startswith("s.")
