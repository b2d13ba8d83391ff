"""The verbs that read, as a user calls them: one JSON array or a table on stdout, what they speak of on stderr."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from events.log import Written
from projections.store.reader import NothingPublished
from seeds.loader import folder_of
from streams.cli.alerts import alerts
from streams.cli.diff import diff
from streams.cli.incidents import incidents
from streams.cli.rejected import rejected
from streams.cli.rules import rules
from streams.cli.sql import sql
from streams.cli.status import ago, status
from streams.cli.tallies import counters, tallies
from streams.cli.timeline import timeline
from streams.cli.wording import bar, spoken, spread, when
from streams.reading.sandbox import QueryRefused
from streams.writing.replay import theatre
from tests.published import publish

LISTING: list[tuple[click.Command, list[str]]] = [
    (timeline, []),
    (incidents, ["--all"]),
    (tallies, []),
    (counters, []),
    (alerts, []),
    (alerts, ["--messages"]),
    (rejected, []),
    (sql, ["SELECT site FROM sites ORDER BY site"]),
]
NAMES = ["timeline", "incidents", "tallies", "counters", "alerts", "messages", "rejected", "sql"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the seeds are projected, and one record that is no event."""
    home, events = tmp_path_factory.mktemp("home"), theatre(folder_of("iraq-syria"))
    bad = Written(len(events), 1_700_000_000_000, b"iraq-syria", b"no event", [])
    publish(home, events, then=[bad])
    return home


def run(home: Path, verb: click.Command, *arguments: str) -> Result:
    return CliRunner().invoke(verb, arguments, env={"TOCSIN_HOME": str(home)}, catch_exceptions=False)


def listed(home: Path, verb: click.Command, *arguments: str) -> list[dict[str, Any]]:
    done = run(home, verb, *arguments, "--json")
    assert done.exit_code == 0
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


@pytest.mark.parametrize(("verb", "arguments"), LISTING, ids=NAMES)
def test_json_is_one_array_of_objects_and_nothing_else(home: Path, verb: click.Command, arguments: list[str]) -> None:
    """Given the seeds, when a verb lists as JSON, then stdout is one array of objects; stderr says as of when."""
    done = run(home, verb, *arguments, "--json")
    rows = json.loads(done.stdout)

    assert isinstance(rows, list)
    assert all(isinstance(row, dict) for row in rows)
    assert done.stdout.count("\n") == 1
    assert re.fullmatch(r"as of tocsin\.events/0:\d+; clock iraq-syria 2023-11-18T12:00:00Z\n", done.stderr)


@pytest.mark.parametrize(("verb", "arguments"), LISTING, ids=NAMES)
def test_a_table_has_a_line_for_every_object(home: Path, verb: click.Command, arguments: list[str]) -> None:
    """Given the seeds, when a verb lists for people into a pipe, then every object has a line of plain text."""
    lines = [line for line in run(home, verb, *arguments).stdout.splitlines() if line]
    rows = listed(home, verb, *arguments)

    assert len(lines) >= len(rows)
    assert not any("\x1b" in line for line in lines)


def test_a_tally_says_all_that_was_promised(home: Path) -> None:
    """Given the seeds, when tallied, then Al-Tanf's row holds count, grounds, toll in three bounds, first and last."""
    [row] = listed(home, tallies, "--site", "al-tanf")

    assert row == {
        "partition": 0,
        "timeline": "iraq-syria",
        "site": "al-tanf",
        "site_name": "Al-Tanf Garrison",
        "site_kind": "base",
        "country": "SY",
        "class": "attack",
        "incidents": 1,
        "coarse": 1,
        "attribution": {"claimed": 0, "attributed": 1, "suspected": 0, "disputed": 0, "none": 0},
        "wounded": {"low": 3, "best": 0, "high": 0, "unknown": {"low": 0, "best": 1, "high": 1}},
        "killed": {"low": 0, "best": 0, "high": 0, "unknown": {"low": 0, "best": 0, "high": 0}},
        "first_occurred": "2023-10-17T00:00:00Z",
        "last_occurred": "2023-10-17T00:00:00Z",
    }


def test_the_incidents_of_the_fact_sheet_are_tallied(home: Path) -> None:
    """Given 27 incidents of which two are one, when tallied by class, then 16 attacks, 5 strikes and 5 others stand."""
    rows = listed(home, tallies)

    by_class = {kind: sum(row["incidents"] for row in rows if row["class"] == kind) for kind in ("attack", "us-strike")}
    assert by_class == {"attack": 16, "us-strike": 5}
    assert sum(row["incidents"] for row in rows) == 26


def test_counters_by_site_and_tallies_are_the_same_sums(home: Path) -> None:
    """Given the seeds, when counted by site in total, then every count and toll is that of the tallies."""
    counted = listed(home, counters, "--by", "total", "--dimension", "site")
    tallied = listed(home, tallies)

    assert {(row["key"], row["class"]): (row["incidents"], row["wounded"], row["killed"]) for row in counted} == {
        (row["site"], row["class"]): (row["incidents"], row["wounded"], row["killed"]) for row in tallied
    }


def test_the_timeline_is_grouped_by_document_in_the_order_of_knowing(home: Path) -> None:
    """Given the seeds, when printed, then rules, the five documents and the curation stand in the order of knowing."""
    done = run(home, timeline)
    headings = [line for line in done.stdout.splitlines() if "events)" in line or "1 event)" in line]

    assert [" ".join(line.split()[:2]).rstrip(",") for line in headings] == [
        "2021-07-09 replayer",
        "2021-07-09 004_1061284f8022c502",
        "2021-07-10 curation",
        "2023-11-01 000_a32cf492ad84e1a9",
        "2023-11-08 002_dca7d12df0272a91",
        "2023-11-14 001_4baa8668a4f169ec",
        "2023-11-18 003_04e391e9412b19af",
    ]
    assert "published 2021-07-09" in headings[1]
    assert "published about 2023-11-01" in headings[3]


def test_the_timeline_shows_what_a_merge_and_a_correction_did(home: Path) -> None:
    """Given the seeds, when printed, then the merged one says of which it is part, the correction what changed."""
    text = run(home, timeline).stdout

    assert "[inc-2021-07-west; para 13] [part of inc-2021-07-07-rockets]" in text
    assert "killed corrected; at least 1200 israel killed" in text


def test_an_alert_names_the_incidents_that_are_its_evidence(home: Path) -> None:
    """Given the seeds, when alerts are listed, then each says rule, group, value, threshold, cause and incidents."""
    rows = listed(home, alerts)
    known = {row["incident_id"] for row in listed(home, sql, "SELECT incident_id FROM incidents")}

    assert rows
    for row in rows:
        told = {it["incident_id"] for it in row["evidence"]["incidents"]}
        assert told <= known
        assert len(told) == row["evidence"]["count"]
        assert row["cause"]["position"]["partition"] == row["partition"]
        assert row["value"]["best"] >= row["threshold"]


def test_a_line_names_three_incidents_and_counts_the_others(home: Path) -> None:
    """Given an alert of ten incidents, when alerts are listed, then three are named; JSON has all."""
    [wave] = [row for row in listed(home, alerts, "--state", "open") if row["rule"] == "wave-of-attacks"]
    [line] = [it for it in run(home, alerts, "--state", "open").stdout.splitlines() if "[wave-of-attacks: " in it]
    ids = [it["incident_id"] for it in wave["evidence"]["incidents"]]

    assert len(ids) == 10
    assert line.endswith(f"] {' '.join(ids[:3])} and 7 more")


def test_alerts_are_what_their_newest_messages_say(home: Path) -> None:
    """Given the seeds, when the messages are listed in order, then the newest of each alert is how it stands."""
    newest = {row["alert_id"]: row for row in listed(home, alerts, "--messages")}

    assert {key: (row["state"], row["severity"], row["evidence"]) for key, row in newest.items()} == {
        row["alert_id"]: (row["state"], row["severity"], row["evidence"]) for row in listed(home, alerts)
    }


def test_an_alert_shows_its_value_now_and_what_was_told_of_it(home: Path) -> None:
    """Given an episode that grew untold, when listed, then its value is that of the episode, with the told one."""
    [grown] = [row for row in listed(home, alerts, "--state", "open") if row["rule"] == "country-under-attack"]
    text = run(home, alerts, "--state", "open").stdout

    assert grown["value"] == {"low": 4, "best": 4, "high": 4}
    assert grown["told_value"] == {"low": 3, "best": 3, "high": 3}
    assert "[country-under-attack: 4 ≥ 3, told 3]" in text
    assert "[strikes-by-us-forces: 3 ≥ 3]" in text


def test_the_values_of_alerts_are_those_of_their_episodes(home: Path) -> None:
    """Given the seeds, when episodes are asked for, then each alert has the value and peak of its own."""
    query = "SELECT alert_id::VARCHAR AS id, value, as_text(peak_at) AS peak FROM episodes WHERE alert_id IS NOT NULL"
    episodes = {row["id"]: (row["value"], row["peak"]) for row in listed(home, sql, query)}
    shown = {row["alert_id"]: (in_tables(row["value"]), row["peak_at"]) for row in listed(home, alerts)}

    assert episodes
    assert episodes.items() <= shown.items()


def in_tables(value: dict[str, Any]) -> int:
    """A value as the tables have it: in the bound of its rule, of silence in microseconds."""
    many: int = value[value.get("bound", "best")]
    return many * 1_000_000 if value.get("unit") == "s" else many


def test_alerts_are_narrowed_by_state_and_severity(home: Path) -> None:
    """Given the seeds, when open ones or critical ones are asked for, then only those are there, open ones first."""
    rows = listed(home, alerts)

    assert listed(home, alerts, "--state", "open") == [row for row in rows if row["state"] == "open"]
    assert listed(home, alerts, "--severity", "critical") == [row for row in rows if row["severity"] == "critical"]
    assert rows == sorted(rows, key=lambda row: bool(row["state"] != "open"))


def test_a_rejected_record_shows_how_it_begins(home: Path) -> None:
    """Given a record that is no event, when listed, then its position, the reason and its first bytes are there."""
    [row] = listed(home, rejected)

    assert (row["reason"], row["key"], row["begins"]) == ("malformed", "iraq-syria", "no event")
    assert row["position"] == f"0:{row['event_offset']}"


def test_sql_that_is_refused_is_an_error_of_its_user(home: Path) -> None:
    """Given a statement that writes, when run, then the error says what is taken; nothing is on stdout."""
    with pytest.raises(QueryRefused, match="expected one SELECT or EXPLAIN, found DELETE"):
        run(home, sql, "DELETE FROM sites")


def test_nothing_published_is_an_error_that_says_what_to_start(tmp_path: Path) -> None:
    """Given a home without snapshots, when a verb reads, then the error names the verb that makes them."""
    with pytest.raises(NothingPublished, match="tocsin up"):
        run(tmp_path, tallies)


@pytest.mark.parametrize("said", ["yesterday", "9999-12-31T23:59-12:00", "0001-01-01T00:00+12:00"])
def test_an_instant_that_is_none_is_a_usage_error(home: Path, said: str) -> None:
    """Given yesterday, or what is beyond all years in UTC, when called, then exit 2 and what was expected."""
    done = run(home, timeline, "--from", said)

    assert done.exit_code == 2
    assert "expected a day (2023-10-17)" in done.stderr


def test_a_line_without_broker_is_dead(home: Path) -> None:
    """Given snapshots and no Kafka, when asked for the status, then exit 1; partitions are shown all the same."""
    done = run(home, status, "--json")
    [row] = json.loads(done.stdout)

    assert done.exit_code == 1
    assert (row["partition"], row["log_end"], row["rejected"]) == (0, None, 1)
    assert "no Kafka runs" in done.stderr


# -- the words


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"low": 2, "best": 2, "high": 2}, "2"),
        ({"low": 2, "best": 2, "high": None, "qualifier": "at-least"}, "at least 2"),
        ({"low": 1401, "best": 1401, "high": None, "qualifier": "more-than"}, "more than 1400"),
        ({"low": None, "best": 23, "high": 23, "qualifier": "almost"}, "almost 24"),
        ({"low": None, "best": 2500, "high": None, "qualifier": "about"}, "about 2500"),
        ({"low": None, "best": 5, "high": 5, "qualifier": "at-most"}, "at most 5"),
        ({"low": 24, "best": None, "high": None, "qualifier": "dozens"}, "dozens"),
        (None, ""),
    ],
)
def test_a_quantity_is_shown_in_its_sources_words(said: dict[str, Any] | None, words: str) -> None:
    """Given a quantity, when shown, then it reads as its source said it."""
    assert spoken(said) == words


@pytest.mark.parametrize(
    ("low", "best", "high", "unknown", "words"),
    [
        (0, 0, 0, (0, 0, 0), "-"),
        (3, 3, 3, (0, 0, 0), "3"),
        (3, 4, 5, (0, 0, 0), "3…5"),
        (3, 3, 0, (0, 0, 1), "≥3"),
        (0, 7, 9, (1, 0, 0), "≤9"),
        (0, 30, 0, (1, 0, 1), "~30"),
        (0, 0, 0, (1, 1, 1), "?"),
    ],
)
def test_a_sum_shows_what_is_known_of_it(
    low: int, best: int, high: int, unknown: tuple[int, int, int], words: str
) -> None:
    """Given bounds with gaps, when shown, then only a bound that holds for the whole sum is claimed."""
    gaps = dict(zip(("low", "best", "high"), unknown, strict=True))

    assert spread({"low": low, "best": best, "high": high, "unknown": gaps}) == words


@pytest.mark.parametrize(
    ("since", "until", "precision", "words"),
    [
        ("2023-10-17T00:00:00Z", "2023-10-18T00:00:00Z", "day", "2023-10-17"),
        ("2023-10-17T00:00:00Z", "2023-10-22T00:00:00Z", "range", "2023-10-17…10-21"),
        ("2023-12-30T00:00:00Z", "2024-01-02T00:00:00Z", "range", "2023-12-30…2024-01-01"),
        ("2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z", "month", "2020-01"),
        ("2023-10-17T08:30:00Z", "2023-10-17T08:30:00Z", "instant", "2023-10-17 08:30:00Z"),
        (None, None, None, ""),
    ],
)
def test_an_interval_is_shown_as_exactly_as_it_is_known(
    since: str | None, until: str | None, precision: str | None, words: str
) -> None:
    """Given an interval and its precision, when shown, then no more is claimed than is known."""
    assert when(since, until, precision) == words


def test_a_bar_is_to_scale_and_never_vanishes() -> None:
    """Given counts, when shown as bars, then the greatest is full, a small one is one block, none is none."""
    assert (len(bar(100, 100)), len(bar(50, 100)), len(bar(1, 100)), bar(0, 100)) == (24, 12, 1, "")


@pytest.mark.parametrize(("seconds", "words"), [(3, "3 s old"), (90, "2 min old"), (7200, "2 h old"), (2e5, "2 d old")])
def test_an_age_is_in_the_unit_that_fits(seconds: float, words: str) -> None:
    """Given seconds, when shown, then in the largest unit that fits."""
    assert ago(seconds) == words


@pytest.mark.parametrize(("verb", "arguments"), [*LISTING, (rules, ["list"])], ids=[*NAMES, "rules"])
def test_every_listing_can_be_as_known_at_a_day(home: Path, verb: click.Command, arguments: list[str]) -> None:
    """Given the seeds, when a verb lists as known before all and after all, then nothing and all is known."""
    before = listed(home, verb, *arguments, "--as-known-at", "2001-01-01")
    after = listed(home, verb, *arguments, "--as-known-at", "2030-01-01")

    assert before == []
    assert after == listed(home, verb, *arguments)


def test_what_speaks_of_another_time_says_so(home: Path) -> None:
    """Given the seeds, when tallies are listed as known at a day, then stderr has that day's end and the clock then."""
    done = run(home, tallies, "--as-known-at", "2023-10-31")

    assert "clock iraq-syria 2021-07-10T12:00:00Z; as known at 2023-10-31T23:59:59.999999Z" in done.stderr


def test_a_diff_shows_what_was_learned_by_source(home: Path) -> None:
    """Given the seeds, when two days are compared, then incidents stand under their sources, with what changed."""
    done = run(home, diff, "--known", "2023-11-10", "2023-11-18")

    assert "incidents, by 003_04e391e9412b19af\n" in done.stdout
    assert re.search(r"corrected +inc-2023-10-17-base-1 +site iq-base-unnamed → ain-al-asad\n", done.stdout)
    assert re.search(r"ain-al-asad +attack +incidents 1 → 3 ", done.stdout)
    assert re.search(r"cancelled +2 attacks on iq-base-unnamed within 7d +state resolved → cancelled ", done.stdout)
    rows = listed(home, diff, "--known", "2023-11-10", "2023-11-18")
    assert {row["about"] for row in rows} == {"incident", "tally", "alert"}
    assert all(row["sources"] for row in rows)


def test_a_diff_of_days_the_wrong_way_round_is_refused(home: Path) -> None:
    """Given two days, when the later one comes first, then the verb says so and exits 2."""
    done = CliRunner().invoke(diff, ["--known", "2023-11-18", "2023-11-10"], env={"TOCSIN_HOME": str(home)})

    assert done.exit_code == 2
    assert "the earlier one first" in done.stderr
