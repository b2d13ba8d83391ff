"""Totals that sources assert, against our incidents: the gap, what explains it, and how the incidents are sorted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from events.codec import from_record
from events.errors import EventRejected
from events.log import Event, Record
from projections.apply import apply_batch
from projections.assertions import CATEGORIES, Bounds, bounds, explanations, gap
from projections.store.file import PartitionFile
from tests import facts
from tests.projections import logs

UNBOUND = ("no upper bound told of ours", 0, None)
NONE = dict.fromkeys(CATEGORIES, 0)
numbers = st.integers(0, 100)


@st.composite
def ordered(draw: st.DrawFn, *, certain: bool = False) -> Bounds:
    """Bounds in their order, any of them unknown unless certain."""
    three = sorted(draw(st.tuples(numbers, numbers, numbers)))
    known = (True,) * 3 if certain else draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
    return Bounds(*(value if here else None for value, here in zip(three, known, strict=True)))


class TestGap:
    """How much more a source asserts than we itemise."""

    @given(asserted=ordered(), ours=ordered(certain=True))
    def test_its_bounds_are_in_order(self, asserted: Bounds, ours: Bounds) -> None:
        """Given any bounds, then those of the gap that are known do not fall."""
        known = [it for it in gap(asserted, ours) if it is not None]

        assert known == sorted(known)

    @given(truth=numbers, hidden=numbers)
    def test_it_is_exact_where_both_sides_are(self, truth: int, hidden: int) -> None:
        """Given an exact total and exact incidents, then the gap is their difference on every bound."""
        assert gap(Bounds(*[truth + hidden] * 3), Bounds(*[truth] * 3)) == Bounds(hidden, hidden, hidden)

    @given(
        asserted=ordered(), ours=ordered(certain=True), some=st.fixed_dictionaries(dict.fromkeys(CATEGORIES, numbers))
    )
    def test_what_is_said_of_it_can_account_for_it(self, asserted: Bounds, ours: Bounds, some: dict[str, int]) -> None:
        """Given a gap, then the explanations together may be as large as it, and what is certain is not larger."""
        found, best = explanations(asserted, ours, some), gap(asserted, ours).best

        if not best:
            assert found == []
            return
        assert sum(it.least for it in found) <= abs(best)
        assert any(it.most is None for it in found) or sum(it.most or 0 for it in found) >= abs(best)

    @pytest.mark.parametrize(
        ("asserted", "ours", "categories", "reasons"),
        [
            ((61, 61, 61), (4, 10, 10), {}, [("not itemised here", 51, 57)]),
            ((29, 29, 29), (4, 8, 8), {"outside": 2}, [("not itemised here", 21, 25), ("outside the scope", 0, 2)]),
            ((3, 3, 3), (0, 5, 5), {"edge": 2}, [("at the edge of the period", 0, 2)]),
            ((1, 1, 1), (0, 4, 4), {"claimed": 1}, [("claimed only", 0, 1), ("not counted by the source", 2, 3)]),
            ((24, 24, None), (0, 3, None), {}, [("not itemised here", 0, None), UNBOUND]),
            ((3, 3, 3), (3, 3, 3), {"outside": 7}, []),
        ],
        ids=["more", "more, some elsewhere", "less, coarse", "less, claimed", "no upper bound", "no gap"],
    )  # fmt: skip
    def test_is_explained_by_what_was_found(
        self, asserted: tuple[Any, ...], ours: tuple[Any, ...], categories: dict[str, int], reasons: list[Any]
    ) -> None:
        """Given a total, ours and the incidents by category, then the explanations are those expected."""
        found = explanations(Bounds(*asserted), Bounds(*ours), NONE | categories)

        assert [(it.reason, it.least, it.most) for it in found] == reasons


# -- the views


def projected(folder: Path, records: Sequence[Record]) -> duckdb.DuckDBPyConnection:
    file = PartitionFile(folder / "p0.duckdb", 0, 1)
    apply_batch(file, records, 0, len(records))
    file.count()
    return file.con


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = con.execute(query)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def reconciled(folder: Path, *events: Event, believed: str = "now") -> dict[str, Any]:
    """The one assertion of these events, reconciled."""
    con = projected(folder, facts.records(facts.staged(*events)))
    [row] = rows(con, f"SELECT * FROM reconciliation WHERE believed = '{believed}'")
    return row


WOUNDED = {"measure": "wounded", "party": "us"}
ATTACKS = {"measure": "incidents", "class": "attack"}


@pytest.mark.parametrize(
    ("said", "category", "ours"),
    [
        ({"day": "2023-10-20"}, "itemised", (1, 1, 1)),
        ({"day": "2023-10-20", "actor": "militia"}, "claimed", (0, 1, 1)),
        ({"day": "2023-10-20", "site": "somewhere"}, "unnamed", (0, 1, 1)),
        ({"day": "2023-10-17"}, "edge", (0, 1, 1)),
        ({"day": "2023-11-01"}, "edge", (0, 1, 1)),
        ({"day": "2023-10-14", "last_day": "2023-10-19"}, "edge", (0, 0, 1)),
        ({"day": "2023-10-30", "last_day": "2023-11-03"}, "edge", (0, 1, 1)),
        ({"day": "2023-10-20", "site": "south"}, "outside", (0, 0, 0)),
        ({"day": "2023-10-16"}, None, (0, 0, 0)),
        ({"day": "2023-11-02"}, None, (0, 0, 0)),
        ({"day": "2023-10-20", "incident_class": "context"}, None, (0, 0, 0)),
    ],
    ids=[
        "plain", "claimed", "unnamed site", "first day", "last day", "begins before", "ends after", "other country",
        "before", "after", "other class",
    ],
)  # fmt: skip
def test_an_incident_is_in_one_category(
    tmp_path: Path, said: dict[str, Any], category: str | None, ours: tuple[int, int, int]
) -> None:
    """Given a total of attacks in one country and one incident, then its category and our three numbers follow."""
    stage = [facts.site("somewhere", unnamed=True), facts.site("south", "SY")]
    total = facts.asserted(counts=ATTACKS, scope={"country": "IQ"})

    row = reconciled(tmp_path, *stage, facts.reported("a", **said), total)

    assert bounds(row, "our_") == Bounds(*ours)
    assert {name for name in CATEGORIES if row[name]} == ({category} if category else set())


def test_different_sites_are_counted_once_and_unnamed_ones_perhaps(tmp_path: Path) -> None:
    """Given two attacks on one base and two at an unnamed site, then one base for certain, and three at most."""
    bases = facts.asserted(metric="bases-attacked", counts={"measure": "sites", "site_kind": "base"})
    told = [facts.reported(name, day="2023-10-20", site="north") for name in "ab"]
    told += [facts.reported(name, day="2023-10-20", site="somewhere") for name in "cd"]

    row = reconciled(tmp_path, facts.site("somewhere", kind="area", unnamed=True), *told, bases)

    assert bounds(row, "our_") == Bounds(1, 1, 3)


def test_a_toll_adds_up_by_bound(tmp_path: Path) -> None:
    """Given 2 and at least 3 wounded of ours and others of theirs, then 5, without an upper bound."""
    wounded = facts.asserted(metric="wounded-us", counts={"measure": "wounded", "party": "us"})
    told = [facts.reported("a", day="2023-10-20", wounded={"us": 2, "civilian": 9})]
    told += [facts.reported("b", day="2023-10-21", wounded={"us": "at least 3"}), facts.reported("c", day="2023-10-21")]

    row = reconciled(tmp_path, *told, wounded)

    assert (bounds(row, "our_"), row["considered"]) == (Bounds(5, 5, None), 2)


def test_a_metric_that_nobody_explained_is_outside_what_is_itemised(tmp_path: Path) -> None:
    """Given a total of something unknown, then there is no number of ours and no gap: not zero."""
    row = reconciled(tmp_path, facts.reported("a", day="2023-10-20"), facts.asserted(metric="omens"))

    assert (row["measure"], row["our_best"], row["gap"]) == (None, None, None)


def test_a_metric_means_what_was_said_of_it_last(tmp_path: Path) -> None:
    """Given two totals of one metric of which one says what it counts, then both count that."""
    first = facts.asserted("one", counts=ATTACKS)
    con = projected(
        tmp_path, facts.records(facts.staged(facts.reported("a", day="2023-10-20"), first, facts.asserted("two")))
    )

    found = rows(con, "SELECT assertion, our_best FROM reconciliation WHERE believed = 'now' ORDER BY assertion")

    assert [it["our_best"] for it in found] == [1, 1]


def test_then_is_where_sites_and_actors_belonged_when_it_was_asserted(tmp_path: Path) -> None:
    """Given a site and an actor registered anew after the assertion, then only now has them where they belong now."""
    later = "2023-11-09T12:00:00Z"
    told = [facts.reported("a", day="2023-10-20"), facts.reported("b", day="2023-10-21", site="south", actor="militia")]
    total = facts.asserted(counts=ATTACKS, scope={"country": "IQ", "actor": "umbrella"})
    moved = [facts.site("north", "SY", at=later), facts.site("south", "IQ", at=later)]
    joined = [facts.actor("militia", member_of=["umbrella"], at=later)]
    everything = [facts.site("south", "SY"), facts.actor("umbrella"), *told, total, *moved, *joined]

    then = reconciled(tmp_path / "then", *everything, believed="then")
    now = reconciled(tmp_path / "now", *everything)

    assert (then["our_best"], then["outside"]) == (0, 2)
    assert (now["our_best"], now["outside"]) == (1, 1)


def test_then_is_what_was_believed_when_it_was_asserted(tmp_path: Path) -> None:
    """Given an attack that is retracted, and one that is told, after the assertion, then only now says so."""
    later = "2023-11-09T12:00:00Z"
    told = [
        facts.reported("a", day="2023-10-20"),
        facts.reported("b", day="2023-10-21"),
        facts.asserted(counts=ATTACKS),
    ]
    told += [
        facts.retracted("a", at=later),
        facts.retracted("b", at=later),
        facts.reported("c", day="2023-10-22", at=later),
    ]

    con = projected(tmp_path, facts.records(facts.staged(*told)))
    found = rows(con, "SELECT believed, our_best FROM reconciliation ORDER BY believed DESC")

    assert [(it["believed"], it["our_best"]) for it in found] == [("then", 2), ("now", 1)]


# -- any history


def event_of(record: Record) -> Event | None:
    try:
        return from_record(record)
    except EventRejected:
        return None


@st.composite
def histories(draw: st.DrawFn, *meanings: dict[str, str]) -> tuple[list[Record], int]:
    """A log of one timeline with an assertion in it: log, and its place."""
    stage = [it for it in map(event_of, draw(logs.logs(timelines=("one",)))) if it]
    place = draw(st.integers(5, len(stage)))
    at = logs.START + timedelta(days=draw(st.integers(-40, 40)))
    days = sorted(draw(st.tuples(*[st.integers(1, 28)] * 2)))
    total = facts.asserted(
        timeline="one", at=at, counts=draw(st.sampled_from(meanings or (ATTACKS, WOUNDED))),
        scope=draw(st.sampled_from([{}, {"country": "IQ"}, {"site": "north"}, {"actor": "army"}])),
        since=datetime(2023, 10, days[0]).date(), as_of=datetime(2023, 10, days[1]).date(),  # noqa: DTZ001
    )  # fmt: skip
    stage.insert(place, total)
    return list(facts.records(stage)), place


@settings(max_examples=15)
@given(history=histories())
def test_the_categories_part_the_incidents_considered(
    history: tuple[list[Record], int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Given any log, then each incident considered is in one category, and our three numbers are in order."""
    con = projected(tmp_path_factory.mktemp("parts"), history[0])

    for row in rows(con, "SELECT * FROM reconciliation"):
        assert sum(row[name] for name in CATEGORIES) == row["considered"]
        known = [it for it in bounds(row, "our_") if it is not None]
        assert known == sorted(known)


@settings(max_examples=15)
@given(history=histories(ATTACKS))
def test_our_best_is_what_the_counters_say(
    history: tuple[list[Record], int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Given any log, then our best number of incidents is the sum of the counter's days in the period."""
    con = projected(tmp_path_factory.mktemp("counters"), history[0])
    found = rows(con, "SELECT * FROM reconciliation WHERE believed = 'now'")
    assume(found)  # whom it speaks of may be registered after it: then it is set aside
    [row] = found
    dimension = next((name for name in ("country", "site", "actor") if row[name]), "all")
    query = f"""
        SELECT coalesce(sum(incidents), 0)::BIGINT AS counted FROM counters
        WHERE dimension = '{dimension}' AND key = '{row[dimension] if dimension != "all" else ""}'
          AND class = 'attack' AND day BETWEEN '{row["since"]}' AND '{row["as_of"]}'
    """

    assert rows(con, query) == [{"counted": row["our_best"]}]


@settings(max_examples=15)
@given(history=histories())
def test_then_is_the_now_of_the_log_as_far_as_it_was_known(
    history: tuple[list[Record], int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Given any log, then what was believed at the assertion is what its prefix up to that clock believes now."""
    records, place = history
    query = "SELECT * EXCLUDE (believed, event_offset) FROM reconciliation WHERE believed = '{}'"

    con = projected(tmp_path_factory.mktemp("whole"), records)
    [known] = rows(con, f"SELECT known_at FROM events WHERE event_offset = {place}") or [None]
    assume(known)  # else the assertion was set aside
    [last] = rows(con, f"SELECT max(event_offset) AS at FROM events WHERE known_at <= '{known['known_at']}'")
    prefix = projected(tmp_path_factory.mktemp("prefix"), records[: last["at"] + 1])

    assert rows(con, query.format("then")) == rows(prefix, query.format("now"))
