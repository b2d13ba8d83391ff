"""Law 4: what was known at a time is what a fold of that much of the log holds."""

import itertools
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.log import Record
from events.values import micros
from projections.apply import apply_batch
from projections.store.file import PartitionFile
from projections.store.knowing import make_macros
from projections.store.provenance import Cells, why_alert, why_counter, why_incident, why_tally
from projections.store.reader import Reader, opened, published, text
from seeds.loader import folder_of
from streams.reading.learned import learned
from streams.writing.replay import theatre
from tests import facts
from tests.projections import logs
from tests.projections.test_apply import settings
from tests.published import publish

DAY = 86_400_000_000  # µs
counter = itertools.count()
ALL: dict[str, Any] = dict.fromkeys(
    (
        *("timelines", "sites", "kinds", "classes", "countries", "keys", "states", "severities", "reasons"),
        *("positions", "rules", "actors", "since", "before"),
    )
)
LISTINGS: dict[str, list[dict[str, Any]]] = {
    "timeline": [{"everything": True}],
    "incidents": [{"everything": True}],
    "tallies": [{}],
    "counters": [
        {"by": "day", "dimension": name} for name in ("all", "country", "site", "actor", "attribution", "weapon")
    ],
    "alerts": [{}],
    "alert_messages": [{}],
    "rejected": [{"whole": True}],
    "rules": [{}],
    "rules_history": [{}],
}
# Numbers of rows count both timelines' rows, and those of another stretch of the other are others.
NUMBERS = {"number", "identity"}


def projection(folder: Path, records: Sequence[Record], end: int) -> Path:
    """The folder of the snapshot of a fold."""
    home = folder / f"{next(counter)}"
    file = PartitionFile(home / "p0.duckdb", 0, 1)
    apply_batch(file, records, 0, end)
    assert file.begin_publish(home / "snapshots" / "p0.duckdb").wait() == 0
    file.close()
    return home / "snapshots"


def stretch(folder: Path, records: Sequence[Record], moment: int) -> list[Record]:
    """The records of each timeline before the first event that moved its clock past an instant (µs)."""
    con = opened(published(folder))
    rows = con.execute(
        "SELECT timeline, min(event_offset) FROM events WHERE epoch_us(recorded_at) > ? GROUP BY ALL", [moment]
    )
    ends = dict(rows.fetchall())
    con.close()
    return [it for it in records if it.offset < ends.get((it.key or b"").decode(), len(records))]


def everything(folder: Path, moment: int | None = None) -> dict[str, Any]:
    """What every listing says, and every table that can be asked."""
    with Reader(folder, moment) as reader:
        found: dict[str, Any] = {"clocks": [it.clocks for it in reader.as_of]}
        for name, several in LISTINGS.items():
            found[name] = [reader.rows(name, **_asked(name, chosen)) for chosen in several]
    return found | tables(folder, moment)


def _asked(name: str, chosen: dict[str, Any]) -> dict[str, Any]:
    return {**{it: value for it, value in ALL.items() if f"${it}" in text(name)}, **chosen}


def tables(folder: Path, moment: int | None) -> dict[str, list[str]]:
    con = opened(published(folder), moment, macros=moment is None)
    names = [row[0] for row in con.execute(NAMES).fetchall()]
    assert {"assertions", "episodes", "sites", "reports", "contributions"} < set(names)
    found = {f"table {name}": _rows(con, name) for name in names}
    con.close()
    return found


def trees(folder: Path, moment: int | None = None) -> dict[str, Any]:
    """What every tally, counter, incident and alert opens to."""
    with Reader(folder, moment) as reader:
        found: dict[str, Any] = {}
        for site in {it["site"] for it in reader.rows("tallies", **_asked("tallies", {}))}:
            found[f"tally {site}"] = why_tally(reader, site, Cells("site", site), 100)
        for chosen in LISTINGS["counters"]:
            name = chosen["dimension"]
            for key in {it["key"] for it in reader.rows("counters", **_asked("counters", chosen))}:
                found[f"counter {name} {key}"] = why_counter(reader, Cells(name, key), 100)
        for it in reader.rows("incidents", **_asked("incidents", {"everything": True})):
            told = why_incident(reader, it["incident_id"], [it["timeline"]])
            found[f"incident {it['timeline']} {it['incident_id']}"] = told
        for it in reader.rows("alerts", **_asked("alerts", {})):
            found[f"alert {it['alert_id']}"] = why_alert(reader, it["alert_id"], None)
    assert all(it["agrees"] for it in found.values())
    return found


NAMES = """
    SELECT DISTINCT replace(function_name, '_as_known_at', '') AS name FROM duckdb_functions()
    WHERE function_name LIKE '%_as_known_at' AND schema_name = 'main' ORDER BY name
"""


def _rows(con: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    told = con.execute(f"DESCRIBE FROM {name}").fetchall()
    columns = ", ".join(f'"{column}"' for column, *_ in sorted(told) if column not in NUMBERS)
    counted = "WHERE incidents > 0" if name == "site_tallies" else ""
    rows = con.execute(f"SELECT to_json(r)::VARCHAR FROM (SELECT {columns} FROM {name} {counted}) r").fetchall()
    return sorted(json.dumps(json.loads(row), sort_keys=True) for (row,) in rows)


class TestWhatWasKnown:
    @settings(max_examples=8)
    @given(data=st.data())
    def test_is_what_a_fold_of_that_much_of_the_log_holds(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Given any log and instant, when every listing is read as known then, then it is a fold of the prefix."""
        folder, records = tmp_path_factory.mktemp("known"), data.draw(logs.logs())
        whole = projection(folder, records, len(records))
        day = data.draw(st.integers(-20, 41))
        moment = micros(logs.START + timedelta(days=day)) - data.draw(st.integers(0, 1))
        before = projection(folder, stretch(whole, records, moment), len(records))

        known, folded = everything(whole, moment), everything(before)

        assert known.keys() == folded.keys()
        for name, rows in folded.items():
            assert known[name] == rows, name

    def test_is_that_of_every_document_of_the_seeds(self, tmp_path: Path) -> None:
        """Given the seeds, when read as known at the end of each day of theirs, then it is a fold of what was told."""
        events = theatre(folder_of("iraq-syria"))
        records = facts.records(events)
        whole = projection(tmp_path, records, len(records))

        for day in sorted({micros(it.recorded_at) // DAY for it in events}):
            moment = (day + 1) * DAY - 1
            before = projection(tmp_path, stretch(whole, records, moment), len(records))
            assert everything(whole, moment) == everything(before)

    @settings(max_examples=4)
    @given(data=st.data())
    def test_opens_to_what_a_fold_of_that_much_of_the_log_opens_to(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Given any log and instant, when what was known is opened, then it is as in a fold of the prefix."""
        folder, records = tmp_path_factory.mktemp("trees"), data.draw(logs.logs())
        whole = projection(folder, records, len(records))
        moment = micros(logs.START + timedelta(days=data.draw(st.integers(-10, 41))))
        before = projection(folder, stretch(whole, records, moment), len(records))

        assert trees(whole, moment) == trees(before)

    def test_opens_like_the_seeds_as_far_as_they_were_told(self, tmp_path: Path) -> None:
        """Given the seeds, when opened as known at the end of some days of theirs, then as a fold of what was told."""
        events = theatre(folder_of("iraq-syria"))
        records = facts.records(events)
        whole = projection(tmp_path, records, len(records))

        for day in sorted({micros(it.recorded_at) // DAY for it in events})[1::6]:
            moment = (day + 1) * DAY - 1
            before = projection(tmp_path, stretch(whole, records, moment), len(records))
            assert trees(whole, moment) == trees(before)

    def test_of_a_day_is_what_was_known_at_its_end(self, tmp_path: Path) -> None:
        """Given reports on two days, when SQL asks for a day, then it has what was told until its last instant."""
        folder = publish(
            tmp_path,
            facts.staged(
                facts.reported("a", at="2023-11-02T00:00:00Z"),
                facts.reported("b", at="2023-11-02T23:59:59Z"),
                facts.reported("c", at="2023-11-03T00:00:00Z"),
            ),
        )
        con = opened(published(folder), macros=True)

        def known(then: str) -> list[str]:
            return [
                it
                for (it,) in con.execute(f"SELECT incident_id FROM incidents_as_known_at({then}) ORDER BY 1").fetchall()
            ]

        assert known("'2023-11-02'") == known("DATE '2023-11-02'") == ["a", "b"]
        assert known("TIMESTAMPTZ '2023-11-02 00:00:00+00'") == known("'2023-11-02T02:00+02:00'") == ["a"]

    def test_says_what_lay_in_the_future_then(self, tmp_path: Path) -> None:
        """Given an incident dated after the clock, when the clock has passed it, then it was future only before."""
        folder = publish(
            tmp_path,
            facts.staged(
                facts.reported("a", day="2023-12-01", at="2023-11-02T00:00:00Z"),
                facts.ticked(at="2023-12-05T00:00:00Z"),
            ),
        )
        con = opened(published(folder), macros=True)

        found = [
            con.execute(f"SELECT future FROM incidents_as_known_at('{day}')").fetchall()
            for day in ("2023-12-03", "2023-12-05")
        ]

        assert found == [[(True,)], [(False,)]]

    def test_can_be_asked_over_all_partitions(self, tmp_path: Path) -> None:
        """Given two partitions, when tallies are asked as known then, then both are there with their partition."""
        for partition, timeline in enumerate(("one", "two")):
            publish(tmp_path, facts.staged(facts.reported("a", timeline=timeline)), partition, 2)
        con = opened(published(tmp_path / "snapshots"), macros=True)

        rows = con.execute(
            "SELECT partition, timeline, incidents FROM site_tallies_as_known_at('2023-11-01') ORDER BY ALL"
        )

        assert rows.fetchall() == [(0, "one", 1), (1, "two", 1)]

    def test_has_a_macro_with_a_comment_for_each_thing(self, tmp_path: Path) -> None:
        """Given a snapshot, when the macros are made, then each says what it is of."""
        con = opened(published(publish(tmp_path, facts.staged())))
        names = make_macros(con, [0])
        query = "SELECT function_name FROM duckdb_functions() WHERE comment LIKE 'What %' AND schema_name = 'main'"

        said = {name for (name,) in con.execute(query).fetchall()}

        assert said == {f"{name}_as_known_at" for name in names}


class TestWhatWasLearned:
    """Between two instants."""

    def test_is_told_in_words(self, tmp_path: Path) -> None:
        """Given incidents that are added, corrected, merged, split, withdrawn, told again, then each is called that."""
        first, then = {"at": "2023-11-01T12:00:00Z"}, {"at": "2023-11-05T12:00:00Z"}
        names = ("corrected", "merged", "survivor", "split", "withdrawn", "again", "same")
        folder = publish(
            tmp_path,
            [
                *facts.staged(*(facts.reported(name, **first) for name in names)),
                facts.merged("survivor", "split", **first),
                facts.corrected("corrected", day="2023-10-20", **then),
                facts.merged("survivor", "merged", **then),
                facts.split("survivor", "split", **then),
                facts.retracted("withdrawn", **then),
                facts.reported("again", **then),
                facts.reported("added", wounded={"us": 2}, **then),
            ],
        )
        day = micros(logs.START) // DAY * DAY + 16 * DAY  # 2023-11-02

        with Reader(folder, macros=True) as reader:
            rows = learned(reader, day, day + 10 * DAY, None)
            nothing = learned(reader, day, day + DAY, None)

        incidents = {it["incident_id"]: it["changes"] for it in rows if it["about"] == "incident"}
        assert incidents == {name: [name] for name in (set(names) | {"added"}) - {"survivor", "again", "same"}} | {
            "again": ["told again"]
        }
        (tally,) = [it for it in rows if it["about"] == "tally"]
        assert list(tally["fields"]) == ["wounded"]
        assert [it["low"] for it in tally["fields"]["wounded"]] == [0, 2]
        assert tally["sources"] == ["tests"]
        assert nothing == []
