"""Episodes by the oracle (law 3), evidence of alerts (law 6): rules as SQL over incidents, sharing no code."""

import json
from importlib.resources import files
from typing import Any, Final, NamedTuple

from projections.store.verify.found import Verdict
from projections.store.verify.snapshot import Snapshot, text

ORACLE: Final = files("projections.store").joinpath("oracle.sql").read_text()
KNOWS: Final = 1  # the projection version that this SQL is about
ASKED_A_RULE: Final = 500  # alerts; finding the evidence of one looks at all incidents of its group


class Terms(NamedTuple):
    """A rule in force, as the oracle wants it."""

    timeline: str
    rule: str
    content: dict[str, Any]
    measure: str
    levels: list[int]
    severities: list[str]
    clear: int
    since: str | None  # a day
    window: int | None  # µs; None: everything so far
    keep: int  # µs
    content_hash: str


def episodes(it: Snapshot) -> Verdict:
    """Whether the episodes are those that SQL finds over the incidents that the events make."""
    it.make("derived")
    it.make("facets")
    it.con.execute(MADE)
    rules = _terms(it, "retired_at IS NULL")
    unknown = [
        f"rule {one.rule} of {one.timeline}: its measure is {one.measure}, the SQL here knows count"
        for one in rules
        if one.measure != "count"
    ]
    for one in rules:
        _ask(it, one)
    count, shown = it.compare("episode", ["timeline", "rule", "group_key", "opened_at"], "FROM found_episodes", STORED)
    looked_at = f"{it.size('episodes')} episodes of {len(rules)} rules"
    return Verdict("episodes", it.partition, looked_at, count, shown, [*_beyond(it), *unknown])


MADE: Final = """
    CREATE OR REPLACE TEMP TABLE found_episodes (timeline VARCHAR, rule VARCHAR, group_key VARCHAR,
        opened_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, value BIGINT, peak_at TIMESTAMPTZ, severity VARCHAR)
"""
STORED: Final = f"""
    SELECT timeline, rule, group_key, opened_at, ended_at, value, peak_at, severity FROM episodes
    WHERE timeline IN (SELECT timeline FROM timelines WHERE projection_version = {KNOWS})
"""


def evidence(it: Snapshot) -> Verdict:
    """Whether what the newest message of each alert says of its evidence is what stood then."""
    it.make("derived")
    it.make("past_facets")
    it.make("newest_messages")
    it.con.execute("CREATE OR REPLACE TEMP TABLE evidence (alert_id UUID, count BIGINT, hash VARCHAR)")
    for one in _terms(it, "true"):
        _look(it, one)
    looked_at = "SELECT * FROM newest_messages WHERE alert_id IN (SELECT alert_id FROM evidence)"
    said = f"SELECT alert_id, count, hash FROM ({looked_at})"
    count, shown = it.compare("evidence of alert", ["alert_id"], "FROM evidence", said)
    of_all = f"{it.size('evidence')} of {it.size('alerts')} alerts"
    return Verdict("evidence", it.partition, of_all, count, shown, _beyond(it))


def _terms(it: Snapshot, which: str) -> list[Terms]:
    ours = f"{which} AND timeline IN (SELECT timeline FROM timelines WHERE projection_version = {KNOWS})"
    rows = it.con.execute(text("rule_terms", which=ours)).fetchall()
    return [Terms(row[0], row[1], json.loads(row[2]), *row[3:]) for row in rows]


def _beyond(it: Snapshot) -> list[str]:
    """The timelines that can not be judged: they are told by another projection version."""
    query = f"SELECT timeline, projection_version FROM timelines WHERE projection_version <> {KNOWS} ORDER BY timeline"
    return [
        f"timeline {name}: its projection version is {version}, the SQL here knows {KNOWS}"
        for name, version in it.con.execute(query).fetchall()
    ]


def _look(it: Snapshot, one: Terms) -> None:
    """Put the evidence of the alerts of one rule into `evidence`."""
    it.con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE asked AS
        SELECT *, peak_at - to_microseconds(?::BIGINT) AS low FROM newest_messages
        WHERE timeline = ? AND rule = ? AND content_hash = ? ORDER BY hash(alert_id) LIMIT {ASKED_A_RULE}
        """,
        [one.window, one.timeline, one.rule, one.content_hash],
    )
    conditions, values = looks_at(one.content, one.window)
    it.con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE looked_at AS
        SELECT {group_key(one.content["by"])} AS grp, timeline, number, occurred_from, from_offset, until_offset
        FROM past_facets WHERE timeline = ? AND {conditions} AND {_begun(one)}
            AND grp IN (SELECT grp FROM asked)
        """,
        [one.timeline, *values],
    )
    it.con.execute(f"INSERT INTO evidence {text('evidence')}")


def _begun(one: Terms) -> str:
    return f"occurred_from >= TIMESTAMPTZ '{one.since} 00:00:00+00'" if one.since else "true"


def _ask(it: Snapshot, one: Terms) -> None:
    """Put the episodes of one rule into `found_episodes`."""
    conditions, values = looks_at(one.content, one.window)
    it.con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE standing AS
        SELECT {group_key(one.content["by"])} AS grp, 0::BIGINT AS number, occurred_from AS t, 1::BIGINT AS x,
            '' AS value
        FROM facets WHERE timeline = ? AND {conditions}
        """,
        [one.timeline, *values],
    )
    since = f"TIMESTAMPTZ '{one.since} 00:00:00+00'" if one.since else "NULL"
    asked = ORACLE.replace("$since", since).replace("$learn", "NULL").replace("$clock", "getvariable('clock')")
    it.con.execute("SET VARIABLE clock = (SELECT clock FROM timelines WHERE timeline = ?)", [one.timeline])
    told = {"timeline": one.timeline, "rule": one.rule, "severities": one.severities}
    it.con.execute(
        f"""
        INSERT INTO found_episodes
        SELECT $timeline, $rule, grp, opened_at, ended_at, value, peak_at, ($severities::VARCHAR[])[reached]
        FROM ({asked})
        """,
        told
        | {
            "measure": one.measure,
            "preceding": 0,
            "levels": one.levels,
            "clear": one.clear,
            "win": one.window,
            "keep": one.keep,
        },
    )


def looks_at(content: dict[str, Any], window: int | None) -> tuple[str, list[Any]]:
    """Which rows of `facets` a rule looks at, as a condition and the values of its parameters."""
    conditions, values = ["true"], list[Any]()
    for clause, wanted in (("where", "{}"), ("not", "NOT coalesce({}, false)")):
        for name, any_of in (content.get(clause) or {}).items():
            test = "list_has_any(weapons, ?::VARCHAR[])" if name == "weapon" else f"list_contains(?::VARCHAR[], {name})"
            conditions.append(wanted.format(test))
            values.append(any_of if isinstance(any_of, list) else [any_of])
    if window is not None:
        conditions.append("epoch_us(occurred_until) - epoch_us(occurred_from) <= ?")
        values.append(window)
    conditions += [f"{name} IS NOT NULL" for name in content["by"]]
    return " AND ".join(conditions), values


def group_key(by: list[str]) -> str:
    """The expression of a group's key: a JSON list as the tables write it."""
    parts = " || ', ' || ".join(f"to_json({name})::VARCHAR" for name in by)
    return f"'[' || {parts} || ']'" if by else "'[]'"
