"""Law 6: every number opens to the incidents, reports and documents that make it, and the parts add up."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.log import Event, Record
from projections.apply import apply_batch
from projections.counters import SUMS
from projections.provenance import added, amounts, cells, differences, proof, unsourced
from projections.store.file import PartitionFile
from projections.store.provenance import Cells, Several, why_alert, why_counter, why_incident, why_tally
from projections.store.reader import Reader
from tests import facts
from tests.projections import logs
from tests.published import publish


def read(folder: Path, records: Sequence[Record]) -> Reader:
    """A log, applied and published."""
    file = PartitionFile(folder / "p0.duckdb", 0, 1)
    apply_batch(file, records, 0, len(records))
    assert file.begin_publish(folder / "snapshots" / "p0.duckdb").wait() == 0
    file.close()
    return Reader(folder / "snapshots")


def snapshot(folder: Path, *events: Event) -> Reader:
    return Reader(publish(folder, facts.staged(*events)))


def spoilt(reader: Reader, *statements: str) -> Reader:
    """The same snapshots, after somebody wrote into them."""
    path = reader.snapshots[0].path
    path.chmod(0o644)
    reader.close()
    with duckdb.connect(path) as con:
        for statement in statements:
            con.execute(statement)
    return Reader(reader.folder)


def kept(reader: Reader, query: str) -> list[Any]:
    with duckdb.connect(reader.snapshots[0].path, read_only=True) as con:
        return con.execute(query).fetchall()


class TestAnyHistory:
    """Of any log, whatever came in which order."""

    @settings(max_examples=5)
    @given(data=st.data())
    def test_every_tally_and_counter_opens_to_parts_that_add_up(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Given any log, when each tally and counter cell is opened, then its contributions add up to it."""
        with read(tmp_path_factory.mktemp("sums"), data.draw(logs.logs())) as reader:
            tallies = kept(reader, "SELECT DISTINCT site FROM site_tallies WHERE incidents > 0")
            counters = kept(reader, "SELECT DISTINCT dimension, key FROM counters WHERE incidents > 0")
            found = [why_tally(reader, site, Cells("site", site), 100) for (site,) in tallies]
            found += [why_counter(reader, Cells(dimension, key), 100) for dimension, key in counters]

        for one in found:
            assert one["agrees"]
            for cell in one["cells"]:
                assert len(cell["contributions"]) == cell["stored"]["incidents"] > 0
                assert (
                    sum(it["adds"]["wounded"]["low"] for it in cell["contributions"])
                    == cell["stored"]["wounded"]["low"]
                )

    @settings(max_examples=5)
    @given(data=st.data())
    def test_every_incident_opens_to_a_report_with_its_source(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Given any log, when each incident is opened, then each version has its event, and a report has its source."""
        with read(tmp_path_factory.mktemp("reports"), data.draw(logs.logs())) as reader:
            names = kept(reader, "SELECT timeline, incident_id FROM incident_versions WHERE version = 1")
            found = [why_incident(reader, name, [timeline]) for timeline, name in names]

        for one in found:
            assert one is not None
            assert one["agrees"]
            assert all(it["account"] for it in one["incident"]["versions"])

    @settings(max_examples=5)
    @given(data=st.data())
    def test_every_message_is_what_the_incidents_behind_it_say(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Given any log, when each alert is opened, then count, hash and value of each message are found again."""
        with read(tmp_path_factory.mktemp("alerts"), data.draw(logs.logs())) as reader:
            alerts = kept(reader, "SELECT alert_id::VARCHAR FROM alerts")
            found = [why_alert(reader, name, None) for (name,) in alerts]

        for one in found:
            assert one is not None
            assert [it["differences"] for it in one["alert"]["messages"]] == [[]] * len(one["alert"]["messages"])


class TestSums:
    """What is stored against what its parts say."""

    def test_a_wrong_sum_is_found_by_name_and_day(self, tmp_path: Path) -> None:
        """Given one bound of one day changed in the file, when the counter is opened, then that one is told."""
        whole = snapshot(tmp_path, facts.reported("a", wounded={"us": 2}), facts.reported("b", day="2023-10-19"))

        with spoilt(
            whole, "UPDATE counters SET wounded_high = 3 WHERE dimension = 'all' AND wounded_high = 2"
        ) as reader:
            found = why_counter(reader, Cells("all"), 100)

        assert not found["agrees"]
        assert found["cells"][0]["differences"] == [
            {"day": "2023-10-17", "sum": "wounded_high", "stored": 3, "summed": 2}
        ]

    def test_a_cell_that_is_gone_is_found_by_its_parts(self, tmp_path: Path) -> None:
        """Given a tally deleted from the file, when its site is opened, then its incident says that it is missing."""
        whole = snapshot(tmp_path, facts.reported("a"))

        with spoilt(whole, "DELETE FROM site_tallies") as reader:
            found = why_tally(reader, "north", Cells("site", "north"), 100)

        assert not found["agrees"]
        assert (found["cells"][0]["stored"]["incidents"], found["cells"][0]["summed"]["incidents"]) == (0, 1)

    def test_a_change_of_the_evidence_behind_an_alert_is_found(self, tmp_path: Path) -> None:
        """Given an alert, when an incident behind it is moved in the file, then count, hash and value do not hold."""
        rule = logs.adopted(facts.TIMELINE, facts.moment("2023-10-18T12:00:00Z"), 0)
        whole = snapshot(tmp_path, rule, facts.reported("a", at="2023-10-19T12:00:00Z"))

        with spoilt(whole, "UPDATE incident_versions SET site = 'south'") as reader:
            [(alert,)] = kept(reader, "SELECT alert_id::VARCHAR FROM alerts")
            found = why_alert(reader, alert[:8], None)

        assert found is not None
        assert not found["agrees"]
        assert {it["sum"] for it in found["alert"]["messages"][0]["differences"]} == {
            "count",
            "hash",
            "value",
            "incidents",
        }

    def test_only_so_many_parts_are_shown_but_all_are_summed(self, tmp_path: Path) -> None:
        """Given three incidents, when one may be shown, then two more are named and the sum is of three."""
        with snapshot(tmp_path, *(facts.reported(name) for name in "abc")) as reader:
            [cell] = why_tally(reader, "north", Cells("site", "north"), 1)["cells"]

        assert (len(cell["contributions"]), cell["more"], cell["summed"]["incidents"]) == (1, 2, 3)

    def test_days_are_compared_each_for_itself(self) -> None:
        """Given two days whose errors cancel out, when compared, then both are told."""
        one, two = dict.fromkeys(SUMS, 1), dict.fromkeys(SUMS, 2)

        found = differences({"d1": one, "d2": two}, {"d1": two, "d2": one}, ["incidents"])

        assert [(it["day"], it["stored"], it["summed"]) for it in found] == [("d1", 1, 2), ("d2", 2, 1)]

    def test_a_cell_of_zeros_is_none(self) -> None:
        """Given a cell from which every incident has gone, when asked for, then it is not there."""
        zero = {"partition": 0, "timeline": "t", "class": "attack", "day": None, **dict.fromkeys(SUMS, 0)}

        assert cells([zero], []) == []

    def test_amounts_keep_every_bound_and_its_unknowns(self) -> None:
        """Given sums by name, when grouped, then each bound and each number of unknowns is where it belongs."""
        found = amounts(added([{name: place for place, name in enumerate(SUMS)}]))

        assert found["wounded"] == {"low": 2, "best": 4, "high": 6, "unknown": {"low": 3, "best": 5, "high": 7}}
        assert found["killed"] == {"low": 8, "best": 10, "high": 12, "unknown": {"low": 9, "best": 11, "high": 13}}


class TestIncidents:
    """What an incident opens to."""

    def test_what_was_merged_is_evidence_of_the_survivor(self, tmp_path: Path) -> None:
        """Given a chain of merges, when the last survivor is opened, then each merged one stands below its own."""
        events = [*(facts.reported(name) for name in "abc"), facts.merged("b", "c"), facts.merged("a", "b")]
        with snapshot(tmp_path, *events) as reader:
            found = why_incident(reader, "a", None)

        assert found is not None
        [second] = found["incident"]["merged"]
        [third] = second["merged"]
        assert (second["incident_id"], third["incident_id"]) == ("b", "c")
        assert [it["change"] for it in third["versions"]] == ["reported", "merged"]

    def test_an_id_that_begins_several_is_told_so(self, tmp_path: Path) -> None:
        """Given two incidents, when their common beginning is asked for, then both are named; a whole id is itself."""
        with snapshot(tmp_path, facts.reported("inc"), facts.reported("inc-2"), facts.reported("inc-23")) as reader:
            with pytest.raises(Several, match=r"inc-2 .*, inc-23"):
                why_incident(reader, "inc-", None)
            exact = why_incident(reader, "inc-2", None)

        assert exact is not None
        assert exact["incident"]["incident_id"] == "inc-2"

    def test_one_that_nobody_reported_is_a_fault(self) -> None:
        """Given versions without a report that has a source, when asked, then it is unsourced."""
        account = {"document": None, "feed": None}

        assert unsourced({"versions": [{"change": "reported", "account": account}]})
        assert unsourced({"versions": [{"change": "reported", "account": None}]})
        assert not unsourced({"versions": [{"change": "reported", "account": {**account, "feed": "desk"}}]})


def test_a_message_that_names_a_stranger_is_found() -> None:
    """Given a message that names an incident which is not behind its value, when proved, then it is named."""
    evidence = {"count": 1, "hash": "x", "incidents": [{"incident_id": "z", "version": 1}]}
    told = {"evidence": evidence, "value": {"best": 1}}

    found = proof(told, [{"incident_id": "a", "version": 1}], {"count": 1, "hash": "x"}, {"best": 1})

    assert [it["sum"] for it in found] == ["incidents"]
    assert found[0]["stored"] == evidence["incidents"]
