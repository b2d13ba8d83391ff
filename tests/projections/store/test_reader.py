"""Reading the published snapshots: one view over all partitions, whole while the worker goes on."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from events.log import Written
from events.values import Source
from projections import semantics
from projections.rules import yaml_file
from projections.rules.spec import content_hash
from projections.store.attaching import attach
from projections.store.reader import NothingPublished, Reader, Unreadable, opened, published
from streams.cli.alert_words import amount, value
from tests import facts
from tests.published import publish

TALLIES = dict.fromkeys(("timelines", "sites", "kinds", "classes", "countries"))
TIMELINE: dict[str, Any] = {
    **dict.fromkeys(("timelines", "sites", "classes", "kinds", "since", "before")),
    "everything": False,
}
COUNTERS: dict[str, Any] = {"by": "total", "dimension": "all", **dict.fromkeys(("timelines", "classes", "keys"))}


def subjects(reader: Reader, **chosen: Any) -> list[str]:
    return [row["subject"] for row in reader.rows("timeline", **{**TIMELINE, **chosen})]


def test_all_partitions_are_one_view(tmp_path: Path) -> None:
    """Given two partitions with a timeline each, when tallied, then both are there with their partition."""
    for partition, timeline in enumerate(("one", "two")):
        publish(tmp_path, facts.staged(facts.reported("a", timeline=timeline)), partition, 2)

    with Reader(tmp_path / "snapshots") as reader:
        rows = reader.rows("tallies", **TALLIES)

    assert [(row["partition"], row["timeline"], row["site"], row["incidents"]) for row in rows] == [
        (0, "one", "north", 1),
        (1, "two", "north", 1),
    ]


def test_a_view_of_a_snapshot_stands_on_its_own_tables(tmp_path: Path) -> None:
    """Given two partitions, when a view is read that joins tables, then it joins none across partitions."""
    for partition, timeline in enumerate(("one", "two")):
        publish(tmp_path, facts.staged(facts.reported("a", timeline=timeline)), partition, 2)

    with Reader(tmp_path / "snapshots") as reader:
        assert sorted(subjects(reader)) == ["a", "a"]


def test_what_is_open_stays_whole_when_a_newer_snapshot_takes_its_place(tmp_path: Path) -> None:
    """Given an open reader, when a newer snapshot is published, then it reads the old one until it is refreshed."""
    folder = publish(tmp_path, facts.staged(facts.reported("a")))

    with Reader(folder) as reader:
        before = reader.as_of
        publish(tmp_path, [facts.site("south"), facts.reported("b", site="south")])

        assert subjects(reader) == ["a"]
        assert reader.as_of == before
        assert reader.refresh()
        assert subjects(reader) == ["a", "b"]
        assert not reader.refresh()


def test_every_snapshot_that_is_opened_while_the_worker_publishes_is_whole(tmp_path: Path) -> None:
    """Given a writer that publishes after every batch, when readers open and close beside it, then all add up."""
    folder = publish(tmp_path, facts.staged(facts.reported("i0")))
    batches = [[facts.reported(f"i{number}")] for number in range(1, 40)]
    with ThreadPoolExecutor(1) as writer:
        writing = [writer.submit(publish, tmp_path, batch) for batch in batches]
        positions = []
        while len(positions) < 10 or not writing[-1].done():
            with Reader(folder) as reader:
                positions.append(reader.as_of[0].next_offset)
                events = len(reader.rows("timeline", **{**TIMELINE, "everything": True}))
                assert events == positions[-1]
                assert reader.rows("tallies", **TALLIES)[0]["incidents"] == events - 2  # opening and site

    assert all(it.result() for it in writing)
    assert positions == sorted(positions)


class Replacing:
    """A connection under whose hands another snapshot takes the place of the one that it attaches, once."""

    def __init__(self, other: Path, place: Path, error: duckdb.Error | None) -> None:
        self.con, self.others, self.place, self.error = duckdb.connect(":memory:"), [other], place, error

    def execute(self, statement: str) -> duckdb.DuckDBPyConnection:
        found = self.con.execute(statement)
        if self.others:
            self.others.pop().rename(self.place)
            if self.error:
                self.con.execute("DETACH it")
                raise self.error
        return found


@pytest.mark.parametrize("error", [None, duckdb.IOException("Could not read enough bytes")])
def test_a_snapshot_that_is_replaced_while_it_is_attached_is_attached_anew(
    tmp_path: Path, error: duckdb.Error | None
) -> None:
    """Given a file that changes between the two times that DuckDB opens it, when attached, then it is the newer one."""
    place = publish(tmp_path, facts.staged(facts.reported("a"))) / "p0.duckdb"
    older = place.rename(tmp_path / "older")
    publish(tmp_path, [facts.reported("b")])
    newer = place.rename(tmp_path / "newer")
    older.rename(place)
    con = Replacing(newer, place, error)

    attach(con, place, "it")  # type: ignore[arg-type]

    assert con.execute("SELECT next_offset FROM it.checkpoint").fetchall() == [(4,)]


def test_a_reader_says_as_of_which_position_and_clock_it_speaks(tmp_path: Path) -> None:
    """Given three events applied, when read, then as-of is the next offset and the clock of the timeline."""
    folder = publish(tmp_path, facts.staged(facts.reported("a", at="2023-11-01T12:00:00Z")), 1, 2)

    with Reader(folder) as reader:
        assert [tuple(it) for it in reader.as_of] == [(1, 2, 3, {"test": "2023-11-01T12:00:00Z"})]
        assert reader.missing == [0]


def test_nothing_published_says_what_to_start(tmp_path: Path) -> None:
    """Given no snapshot, when a reader is opened, then the error names the verb that makes one."""
    with pytest.raises(NothingPublished, match="tocsin up"):
        Reader(tmp_path / "snapshots")


def test_an_empty_log_can_be_read(tmp_path: Path) -> None:
    """Given a partition to which nothing was applied, when read, then there is nothing, and no error."""
    with Reader(publish(tmp_path, [])) as reader:
        assert reader.as_of[0].clocks == {}
        assert subjects(reader) == []


@pytest.mark.parametrize("version", [None, 999], ids=["no database", "another schema"])
def test_a_snapshot_that_is_not_ours_is_named(tmp_path: Path, version: int | None) -> None:
    """Given a file that is no database or of another schema, when opened, then the error names file and reason."""
    path = tmp_path / "p0.duckdb"
    if version is None:
        path.write_bytes(b"nothing of ours" * 1000)
    else:
        with duckdb.connect(str(path)) as con:
            con.execute(f"CREATE TABLE meta AS SELECT {version} AS schema_version")

    with pytest.raises(Unreadable, match=r"p0\.duckdb can not be read"):
        Reader(tmp_path)


# -- the timeline


def test_the_timeline_is_in_the_order_in_which_it_became_known(tmp_path: Path) -> None:
    """Given an old incident that is told last, when listed, then it is last, with the clock that knew it."""
    told = [
        facts.reported("new", day="2023-10-31", at="2023-11-01T12:00:00Z"),
        facts.reported("old", day="2020-01-03", at="2023-11-08T12:00:00Z"),
    ]

    with Reader(publish(tmp_path, facts.staged(*told))) as reader:
        rows = reader.rows("timeline", **TIMELINE)

    assert [(row["subject"], row["known_at"]) for row in rows] == [
        ("new", "2023-11-01T12:00:00Z"),
        ("old", "2023-11-08T12:00:00Z"),
    ]


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"since": "2023-10-18"}, ["b", "long"]),
        ({"before": "2023-10-18"}, ["a"]),
        ({"since": "2023-10-17", "before": "2023-10-18"}, ["a"]),
        ({"sites": ["south"]}, ["b", "long"]),
        ({"classes": ["context"]}, ["long"]),
        ({"kinds": ["site.registered"]}, ["north", "south"]),
        ({"timelines": ["another"]}, []),
    ],
    ids=["from", "to", "one day", "site", "class", "kind", "timeline"],
)
def test_the_timeline_is_narrowed_by_what_occurred(tmp_path: Path, chosen: dict[str, Any], found: list[str]) -> None:
    """Given three incidents, when listed by time, site, class, kind or timeline, then only those that fit are there."""
    told = [
        facts.reported("a", day="2023-10-17"),
        facts.reported("b", day="2023-10-20", site="south"),
        facts.reported("long", day="2023-10-18", last_day="2023-10-21", site="south", incident_class="context"),
    ]

    with Reader(publish(tmp_path, facts.staged(*told))) as reader:
        assert subjects(reader, **chosen) == found


def test_an_account_shows_what_became_of_its_incident(tmp_path: Path) -> None:
    """Given a merge and a retraction, when listed, then the reports say that their incidents do not stand, and why."""
    told = [facts.reported("a"), facts.reported("b"), facts.reported("c"), facts.merged("a", "b"), facts.retracted("c")]

    with Reader(publish(tmp_path, facts.staged(*told))) as reader:
        rows = reader.rows("timeline", **{**TIMELINE, "kinds": ["incident.reported"]})

    assert [(row["subject"], row["stands"], row["merged_into"], row["retracted"]) for row in rows] == [
        ("a", True, None, False),
        ("b", False, "a", False),
        ("c", False, None, True),
    ]


def test_every_event_shows_its_document_and_place(tmp_path: Path) -> None:
    """Given a report from a document, when listed, then document, its day and the places in it are there."""
    told = facts.reported("a", source=Source(document="doc-1", places=("para 5", "para 7")))

    with Reader(publish(tmp_path, facts.staged(told))) as reader:
        row = reader.rows("timeline", **TIMELINE)[0]

    assert (row["document"], row["published"], row["places"]) == ("doc-1", "2023-11-01", ["para 5", "para 7"])


def test_one_of_each_fact_can_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a log that holds every type of fact, when all of it is listed, then every event is there once."""
    events = facts.one_of_each()
    monkeypatch.setitem(semantics.VERSIONS, 2, semantics.VERSIONS[1])

    with Reader(publish(tmp_path, events)) as reader:
        rows = reader.rows("timeline", **{**TIMELINE, "everything": True})

    assert [row["event_id"] for row in rows] == [it.event_id for it in events]


# -- sums


def test_tallies_keep_bounds_and_unknowns_apart(tmp_path: Path) -> None:
    """Given "at least 2" and "dozens" wounded at one site, when tallied, then bounds are summed, gaps counted."""
    told = [facts.reported("a", wounded={"us": "at least 2"}), facts.reported("b", wounded={"us": "dozens"})]

    with Reader(publish(tmp_path, facts.staged(*told))) as reader:
        row = reader.rows("tallies", **TALLIES)[0]

    assert row["wounded"] == {"low": 26, "best": 2, "high": 0, "unknown": {"low": 0, "best": 1, "high": 2}}
    assert row["attribution"] == {"claimed": 0, "attributed": 0, "suspected": 0, "disputed": 0, "none": 2}


def test_a_site_without_standing_incidents_has_no_tally(tmp_path: Path) -> None:
    """Given an incident that was retracted, when tallied, then its site is not listed."""
    with Reader(publish(tmp_path, facts.staged(facts.reported("a"), facts.retracted("a")))) as reader:
        assert reader.rows("tallies", **TALLIES) == []


@pytest.mark.parametrize("dimension", ["all", "country", "site", "actor", "attribution", "weapon"])
def test_days_weeks_and_months_add_up_to_the_total(tmp_path: Path, dimension: str) -> None:
    """Given incidents over two months, when counted by any period, then the sum is the same."""
    days = ["2023-09-30", "2023-10-01", "2023-10-02", "2023-10-08", "2023-10-31"]
    told = [facts.reported(f"i{n}", day=day, actor="militia", weapons=("drone",)) for n, day in enumerate(days)]

    with Reader(publish(tmp_path, facts.staged(*told))) as reader:
        counted = {
            by: reader.rows("counters", **{**COUNTERS, "by": by, "dimension": dimension})
            for by in ("day", "week", "month", "total")
        }

    assert {by: sum(row["incidents"] for row in rows) for by, rows in counted.items()} == dict.fromkeys(counted, 5)
    assert [row["period"] for row in counted["week"]] == ["2023-09-25", "2023-10-02", "2023-10-30"]
    assert [row["period"] for row in counted["month"]] == ["2023-09-01", "2023-10-01"]


# -- the rest


def test_a_rejected_record_shows_position_reason_and_how_it_begins(tmp_path: Path) -> None:
    """Given a record that is no event, when listed, then its position, the reason and its first bytes are there."""
    bad = Written(3, 1_700_000_000_000, b"test", b"\xffno event", [])

    with Reader(publish(tmp_path, facts.staged(facts.reported("a")), then=[bad])) as reader:
        [row] = reader.rows("rejected", reasons=None, positions=None, whole=False)
        others = reader.rows("rejected", reasons=["conflicting"], positions=None, whole=False)

    assert (row["partition"], row["event_offset"], row["reason"]) == (0, 3, "malformed")
    assert bytes.fromhex(row["value"]) == b"\xffno event"
    assert row["record_timestamp"] == "2023-11-14T22:13:20Z"
    assert others == []


def test_every_column_is_in_the_dictionary_and_every_table_says_what_it_is(tmp_path: Path) -> None:
    """Given a snapshot, when the dictionary is read, then no table lacks a comment, nor does a column of a table."""
    con = opened(published(publish(tmp_path, [])))
    unsaid = con.execute("SELECT DISTINCT table_name FROM dictionary WHERE table_comment IS NULL").fetchall()
    columns = con.execute("SELECT count(*) FROM dictionary WHERE table_name = 'site_tallies'").fetchall()
    con.close()

    assert unsaid == []
    assert columns[0][0] > 20


@pytest.mark.parametrize("view", ["incidents", "episodes"])
def test_every_column_of_what_is_believed_now_says_what_it_is(tmp_path: Path, view: str) -> None:
    """Given a snapshot, when the dictionary is read of a view of versions, then each column is explained."""
    con = opened(published(publish(tmp_path, [])))
    said = con.execute("SELECT column_name, comment FROM dictionary WHERE table_name = ?", [view]).fetchall()
    con.close()

    assert len(said) > 10
    assert [name for name, comment in said if not comment] == []


MEASURED = """
rules:
  - {id: wounded, by: [site], measure: {sum: wounded.us}, window: 30d, levels: {watch: 5}}
  - {id: quiet, by: [site], measure: silence, levels: {watch: 36h, warning: 5d}}
"""


def test_an_alert_shows_its_value_in_its_unit_as_told_and_as_it_is_now(tmp_path: Path) -> None:
    """Given alerts of a sum, which grew without a word, and of silence, when listed, then each reads as it should."""
    events = [
        facts.opened(at=(at := "2023-10-01T00:00:00Z")),
        facts.site("north", at=at),
        facts.adopted(*(rules := yaml_file.read(MEASURED)), content_hash=content_hash(rules), at=at),
        facts.reported("a", day="2023-10-03", wounded={"us": "at least 5"}, at="2023-10-03T12:00:00Z"),
        facts.reported("b", day="2023-10-03", wounded={"us": 2}, at="2023-10-03T12:00:00Z"),
        facts.ticked("2023-10-04T12:00:00Z"),
    ]

    with Reader(publish(tmp_path, events)) as reader:
        sums, silence = reader.rows("alerts", **dict.fromkeys(("timelines", "states", "severities")))

    assert sums["value"] == {"low": 7, "best": 7, "high": 7}
    assert sums["told_value"] == {"low": 5, "best": 5, "high": 5, "at_least": ["high"]}
    assert [value(it) for it in (sums, silence)] == ["7 ≥ 5, told 5", "36h ≥ 36h"]
    assert amount({"low": 5, "best": 6, "high": 6, "at_least": ["high"], "bound": "high"}) == "at least 6"
