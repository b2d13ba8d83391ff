"""What the tables know of rules and their groups, for the evaluator. The tables as of before the batch at hand."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import duckdb

from projections import semantics
from projections.claims import HowMany
from projections.history import Held
from projections.incidents import Incident
from projections.known import Known
from projections.rows import Row, group_key
from projections.rules.alerts import Alert, Heard
from projections.rules.begin import Stretch
from projections.rules.compiling import compile_rules
from projections.rules.matching import summed
from projections.rules.model import SEVERITIES, Episode, Group, Member, Rule
from projections.rules.outcome import Key
from projections.rules.words import Measure
from projections.store import lookups
from projections.store.conditions import COLUMNS, conditions_of
from projections.store.had import Had

# Fields of which an incident has several: whether it has that of a wanted group `w`.
OF_GROUP: Final = {
    "weapon": "list_contains(string_split(v.weapons, ','), w.weapon)",
    "member_of": "(w.member_of, v.actor) IN (FROM below)",
}
BELOW: Final = """, below(umbrella, actor) AS (
    SELECT member_of, member_of FROM wanted
    UNION SELECT b.umbrella, a.actor
    FROM actors a JOIN below b ON list_contains(string_split(a.member_of, ','), b.actor) WHERE a.timeline = ?
)"""


class TableGroups:
    """The groups of one partition's file."""

    def __init__(self, con: duckdb.DuckDBPyConnection, known: Known) -> None:
        self._con, self._known = con, known
        self._incidents = Had(con, "incident_versions", ("timeline", "site", "class"))
        self._episodes = Had(con, "episode_versions", ("timeline", "rule", "group_key"))

    def written(self, rows: Mapping[str, Collection[Row]]) -> None:
        """Note the rows of a batch that was written, by table."""
        self._incidents.take(rows.get("incident_versions", ()))
        self._episodes.take(rows.get("episode_versions", ()))

    def in_force(self, timeline: str) -> tuple[list[Row], list[Rule]]:
        """The rows of the rules in force in the order of their adoption, and the rules."""
        query = """
            SELECT timeline, rule, adopted_offset, epoch_us(adopted_at), NULL, place, title, content_hash,
                content::VARCHAR FROM rules WHERE timeline = ? AND retired_at IS NULL ORDER BY place
        """
        rows = self._con.execute(query, [timeline]).fetchall()
        return rows, compile_rules([json.loads(row[8]) for row in rows])

    def version(self, timeline: str) -> int:
        """The projection version of a timeline; the first while its opening is not written yet."""
        found = self._con.execute("SELECT projection_version FROM timelines WHERE timeline = ?", [timeline]).fetchall()
        return int(found[0][0]) if found else semantics.FIRST

    def reminders(self, timeline: str) -> list[tuple[Key, int]]:
        """When time alone can next change which groups."""
        query = "SELECT rule, group_key, epoch_us(due_at) FROM due WHERE timeline = ? AND due_at IS NOT NULL"
        rows = self._con.execute(query, [timeline]).fetchall()
        return [((rule, _group(group)), at) for rule, group, at in rows]

    def members(
        self, timeline: str, rule: Rule, wanted: Mapping[Group, Collection[Stretch]]
    ) -> Mapping[Group, list[Member]]:
        """The standing incidents of these groups of a rule in stretches of time, in order of (instant, number)."""
        found: dict[Group, list[Member]] = {group: [] for group in wanted}
        may_have = [group for group in wanted if self._may_have_members(timeline, rule, group)]
        ends = [end for group in may_have for end in wanted[group]]
        if not ends:
            return found
        conditions, values = conditions_of(rule, timeline)
        more, made = _members(rule)
        same = [f"{OF_GROUP.get(name) or f'{COLUMNS[name]} = w.{name}'} AND" for name in rule.by]
        query = f"""
            WITH RECURSIVE wanted AS ({_columns(rule.by)}) {BELOW if "member_of" in rule.by else ""}
            SELECT {", ".join(("epoch_us(v.occurred_from)", "v.number", more, *(f"w.{name}" for name in rule.by)))}
            FROM incident_versions v JOIN sites s USING (timeline, site)
            JOIN wanted w ON {" ".join(same)} v.occurred_from > w.after AND v.occurred_from <= w.until
            WHERE v.known_until IS NULL AND v.stands AND v.timeline = ? AND v.occurred_from > make_timestamptz(?)
            {"".join(f" AND {it}" for it in conditions)} ORDER BY v.occurred_from, v.number
        """  # noqa: S608
        groups = [group for group in may_have for _ in wanted[group]]
        given = [list(column) for column in (*zip(*groups, strict=True), *zip(*ends, strict=True))]
        under = [timeline] * ("member_of" in rule.by)
        parameters = [*given, *under, timeline, min(after for after, _ in ends), *values]
        for at, number, said, *group in self._con.execute(query, parameters).fetchall():
            found[tuple(group)].extend(made(at, number, said))
        return found

    def _may_have_members(self, timeline: str, rule: Rule, group: Group) -> bool:
        """Whether an incident of one of the rule's classes was ever at the group's site, where both are told."""
        classes = dict(rule.where).get("class")
        if classes is None or "site" not in rule.by:
            return True
        site = group[rule.by.index("site")]
        return any((timeline, site, one) in self._incidents for one in classes)

    def standing(self, timeline: str) -> Iterable[Incident]:
        """Every standing incident, in order of number."""
        return lookups.standing(self._con, self._known, timeline)

    def alerts(self, timeline: str, keys: Collection[Key] | None) -> Mapping[Key, Held]:
        """The episodes of these groups, of all when None, and the alerts that stand for them."""
        if keys is not None:
            keys = [key for key in keys if (timeline, key[0], group_key(key[1])) in self._episodes]
            if not keys:
                return {}
        query = """
            SELECT e.rule, e.group_key, e.severity, epoch_us(e.opened_at), epoch_us(e.ended_at), e.value,
                epoch_us(e.peak_at), a.alert_id::VARCHAR, epoch_us(a.raised_at), a.messages, a.late,
                e.number
            FROM episode_versions e LEFT JOIN alerts a USING (alert_id) WHERE e.known_until IS NULL AND e.timeline = $1
            AND ($4 OR (e.rule, e.group_key) IN (SELECT (unnest($2::VARCHAR[]), unnest($3::VARCHAR[]))))
            ORDER BY e.opened_at
        """
        wanted = ([], []) if keys is None else ([rule for rule, _ in keys], [group_key(group) for _, group in keys])
        found: dict[Key, Held] = {}
        rows = self._con.execute(query, [timeline, *wanted, keys is None]).fetchall()
        for rule, group, severity, opened, ended, value, peak_at, *alert, number in rows:
            held = found.setdefault((rule, _group(group)), Held([], {}, {}))
            held.episodes.append(Episode(opened, ended, value, peak_at, SEVERITIES.index(severity) + 1))
            held.standing[opened] = Alert(*alert) if alert[0] else None
            held.versions[opened] = number
        return found

    def heard(self, timeline: str) -> Heard:
        """The severity whose topic was told last of an alert, by the alert's id, where any was."""
        query = """
            SELECT alert_id::VARCHAR, last(split_part(topics, ',', 2)[len('alerts.') + 1:] ORDER BY event_offset, seq)
            FROM alert_messages WHERE timeline = ? AND topics <> 'alerts' GROUP BY alert_id
        """
        return dict(self._con.execute(query, [timeline]).fetchall())

    def next_version(self) -> int:
        """The number that the next version of an episode gets."""
        [(number,)] = self._con.execute("SELECT coalesce(max(number) + 1, 0) FROM episode_versions").fetchall()
        return int(number)

    def versions(self, numbers: Collection[int]) -> Mapping[int, tuple[str, int]]:
        """(incident_id, version) of incidents, by number."""
        return lookups.by_number(self._con, numbers)


def _members(rule: Rule) -> tuple[str, Callable[[int, int, Any], Iterable[Member]]]:
    """What makes members of an incident, as SQL, and the members made of it; the twin of `matching.members_for`."""
    match rule.measure:
        case Measure.DISTINCT | Measure.NEW if rule.of == "weapon":
            return "v.weapons", lambda at, number, said: [
                Member(at, number, it) for it in sorted(set(said.split(","))) if it
            ]
        case Measure.DISTINCT | Measure.NEW:
            return COLUMNS[rule.of], lambda at, number, said: [] if said is None else [Member(at, number, said)]
        case Measure.SUM:
            return "v.quantities", lambda at, number, said: summed(at, number, _quantity(rule, said), rule.bound)
        case _:
            return "NULL", lambda at, number, _: [Member(at, number)]


def _quantity(rule: Rule, quantities: str | None) -> HowMany | None:
    name, _, party = rule.of.partition(".")
    said = json.loads(quantities or "{}").get(name)
    said = said.get(party) if said and party else said
    return HowMany(**said) if said else None


def _columns(by: Collection[str]) -> str:
    """Groups and stretches as a table, of one list for each column."""
    names = [f"unnest(?::VARCHAR[]) AS {name}" for name in by]
    ends = [f"make_timestamptz(unnest(?::BIGINT[])) AS {name}" for name in ("after", "until")]
    return f"SELECT {', '.join((*names, *ends))}"


def _group(text: str) -> Group:
    return tuple(json.loads(text))
