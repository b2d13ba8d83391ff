"""Episodes by the oracle (law 3), evidence of alerts (law 6): rules as SQL over incidents, sharing no code."""

import json
from importlib.resources import files
from typing import Any, Final, NamedTuple

from projections.store.verify.found import Verdict
from projections.store.verify.looking import looked_at
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
    of: str | None  # what is summed or told apart; how many windows a surge is held against
    levels: list[int]
    severities: list[str]
    clear: int
    since: str | None  # a day
    window: int | None  # µs; None: everything so far
    keep: int  # µs
    learn: str | None  # a day
    content_hash: str


def episodes(it: Snapshot) -> Verdict:
    """Whether the episodes are those that SQL finds over the incidents that the events make."""
    it.make("derived")
    it.make("umbrellas")
    it.make("facets")
    it.con.execute(MADE)
    rules = _terms(it, "retired_at IS NULL")
    for one in rules:
        _ask(it, one)
    count, shown = it.compare("episode", ["timeline", "rule", "group_key", "opened_at"], "FROM found_episodes", STORED)
    looked_at = f"{it.size('episodes')} episodes of {len(rules)} rules"
    return Verdict("episodes", it.partition, looked_at, count, shown, _beyond(it))


MADE: Final = """
    CREATE OR REPLACE TEMP TABLE found_episodes (timeline VARCHAR, rule VARCHAR, group_key VARCHAR,
        opened_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, value BIGINT, peak_at TIMESTAMPTZ, severity VARCHAR)
"""
STORED: Final = f"""
    SELECT timeline, rule, group_key, opened_at, ended_at, value, peak_at, severity FROM episodes
    WHERE timeline IN (SELECT timeline FROM timelines WHERE projection_version = {KNOWS})
"""


def evidence(it: Snapshot) -> Verdict:
    """Whether what the newest message of each alert says of its evidence, and of its value, is what stood then."""
    it.make("derived")
    it.make("umbrellas")
    it.make("past_facets")
    it.make("newest_messages")
    it.con.execute(EVIDENT)
    for one in _terms(it, "true"):
        _look(it, one)
    looked_at = "SELECT * FROM newest_messages WHERE alert_id IN (SELECT alert_id FROM evidence)"
    said = f"SELECT alert_id, count, hash, low, best, high, at_least FROM ({looked_at})"
    count, shown = it.compare("evidence of alert", ["alert_id"], "FROM evidence", said)
    of_all = f"{it.size('evidence')} of {it.size('alerts')} alerts"
    return Verdict("evidence", it.partition, of_all, count, shown, _beyond(it))


EVIDENT: Final = """
    CREATE OR REPLACE TEMP TABLE evidence (alert_id UUID, count BIGINT, hash VARCHAR,
        low BIGINT, best BIGINT, high BIGINT, at_least VARCHAR[])
"""


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
        SELECT *, peak_at - to_microseconds(?::BIGINT) AS after FROM newest_messages
        WHERE timeline = ? AND rule = ? AND content_hash = ? ORDER BY hash(alert_id) LIMIT {ASKED_A_RULE}
        """,
        [one.window, one.timeline, one.rule, one.content_hash],
    )
    query, values = looked_at("past_facets", one.content, one.measure, one.of, one.window)
    it.con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE looked_at AS
        SELECT * FROM ({query}) WHERE timeline = ? AND {_begun(one)} AND grp IN (SELECT grp FROM asked)
        """,
        [*values, one.timeline],
    )
    it.con.execute(f"INSERT INTO evidence {_learning(one, text('evidence'))}", {"measure": one.measure})


def _begun(one: Terms) -> str:
    return f"occurred_from >= {_day(one.since)}" if one.since else "true"


def _learning(one: Terms, query: str) -> str:
    return query.replace("$learn", _day(one.learn))


def _day(day: str | None) -> str:
    return f"TIMESTAMPTZ '{day} 00:00:00+00'" if day else "NULL"


def _ask(it: Snapshot, one: Terms) -> None:
    """Put the episodes of one rule into `found_episodes`."""
    query, values = looked_at("facets", one.content, one.measure, one.of, one.window)
    it.con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE standing AS
        SELECT grp, number, occurred_from AS t, x, value FROM ({query}) WHERE timeline = ?
        """,
        [*values, one.timeline],
    )
    since = _day(one.since)
    asked = _learning(one, ORACLE.replace("$since", since)).replace("$clock", "getvariable('clock')")
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
            "preceding": int(one.of or 0) if one.measure == "surge" else 0,
            "levels": one.levels,
            "clear": one.clear,
            "win": one.window,
            "keep": one.keep,
        },
    )
