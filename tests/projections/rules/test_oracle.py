"""Law 3, the other half: SQL over the standing incidents finds the episodes of the definition, after every event."""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.model import FOREVER, SEVERITIES, Episode, Member, Rule
from projections.rules.words import Measure
from tests.projections.rules import reference
from tests.projections.rules.histories import INSTANTS, Step, examples, rules, standing_after, steps

ORACLE = files("projections.store").joinpath("oracle.sql").read_text()
BASE, UNIT = 1_698_000_000_000_000, 3_600_000_000  # µs; the tests count in hours, across a change of clocks


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'America/New_York'; SET threads = 1")
    con.execute("CREATE TABLE standing (grp VARCHAR, number BIGINT, t TIMESTAMPTZ, x BIGINT, value VARCHAR)")
    yield con
    con.close()


def instant(at: int) -> str:
    return f"make_timestamptz({BASE + at * UNIT})"


def hours(micros: int | None) -> Any:
    return None if micros is None else (micros - BASE) // UNIT


def by_sql(con: duckdb.DuckDBPyConnection, rule: Rule, members: Iterable[Member], clock: int) -> list[Episode]:
    """The oracle's answer, in hours."""
    con.execute("DELETE FROM standing")
    sums = rule.measure is Measure.SUM
    rows = [f"('g', {it.number}, {instant(it.at)}, {it.weight if sums else 1}, '{it.value}')" for it in members]
    if rows:
        con.execute(f"INSERT INTO standing VALUES {', '.join(rows)}")
    unit = UNIT if rule.measure is Measure.SILENCE else 1  # of levels and values
    parameters = {
        "measure": rule.measure.value,
        "preceding": rule.preceding,
        "levels": [level * unit for level in rule.levels],
        "clear": rule.clear_below * unit,
        "win": None if rule.window == FOREVER else rule.window * UNIT,
        "keep": rule.keep_firing * UNIT,
    }
    asked = ORACLE
    for name, at in (("$since", rule.since), ("$learn", rule.learn_until), ("$clock", clock)):
        asked = asked.replace(name, instant(at) if at >= 0 else "NULL")
    query = f"SELECT epoch_us(opened_at), epoch_us(ended_at), value, epoch_us(peak_at), reached FROM ({asked})"
    found = con.execute(query, parameters).fetchall()
    ranks = [SEVERITIES.index(name) + 1 for name in rule.severities]
    return [
        Episode(hours(o), hours(e), value // unit, hours(p), ranks[reached - 1]) for o, e, value, p, reached in found
    ]


@examples(30)
@given(rule=rules(), history=steps(longest=10))
def test_sql_finds_what_the_definition_says(con: duckdb.DuckDBPyConnection, rule: Rule, history: list[Step]) -> None:
    """Given any history, when the oracle is asked after each event, then it finds the episodes of the definition."""
    for place, step in enumerate(history):
        standing = standing_after(history[: place + 1]).values()

        assert by_sql(con, rule, standing, step.clock) == reference.episodes(rule, standing, step.clock)


@examples(300)
@given(
    rule=rules(),
    said=st.lists(st.tuples(INSTANTS, st.sampled_from("abc"), st.integers(1, 3)), max_size=14),
    clock=st.integers(0, 32),
)
def test_sql_finds_what_the_definition_says_of_any_incidents(
    con: duckdb.DuckDBPyConnection, rule: Rule, said: list[tuple[int, str, int]], clock: int
) -> None:
    """Given any incidents and clock, when the oracle is asked, then it finds the episodes of the definition."""
    members = [Member(at, number, value, weight) for number, (at, value, weight) in enumerate(said)]

    assert by_sql(con, rule, members, clock) == reference.episodes(rule, members, clock)
