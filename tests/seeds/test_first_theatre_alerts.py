"""What the default rules say of the first theatre, and when: docs/theatre.md, derived by hand, message by message."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from projections.apply import apply_batch
from projections.rules.compiling import compile_rules
from projections.rules.durations import written
from projections.rules.words import Measure
from projections.store.file import PartitionFile
from seeds.loader import folder_of
from streams.cli.alert_words import amount
from streams.rule_files import read_rules
from streams.writing.replay import Cut, schedule, theatre
from tests import facts

PAGE = (Path(__file__).parents[2] / "docs/theatre.md").read_text(encoding="utf-8")
RULES = dict(re.findall(r"^\| (\w+) \| `([\w-]+)` \|", PAGE, re.MULTILINE))  # as the page calls them -> id


class Told(NamedTuple):
    """A message, as far as the table says."""

    known: str
    kind: str  # ", over": it went to `alerts` only
    rule: str
    group: str
    severity: str
    opened: str
    ended: str
    value: str


def derived() -> list[tuple[Told, list[str]]]:
    """The tables of the page: messages and their evidence."""
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if re.match(r"\| 20\d\d-", line)]
    return [(Told(*(it.strip() for it in row[:-1])), row[-1].split()) for row in rows]


def message(topics: str, body: dict[str, Any]) -> Told:
    value = amount(body["value"])
    return Told(
        body["known_at"][:13],
        body["kind"] + ", over" * (topics == "alerts"),
        next(name for name, rule in RULES.items() if rule == body["rule"]["id"]),
        next(iter(body["group"].values()), ""),
        body["severity"],
        body["opened_at"][:10],
        (body["ended_at"] or "")[:10],
        f"{value.removeprefix('at least ')}+" if value.startswith("at least") else value,
    )


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, dict[str, Any]]]:
    """Every message of a replay with daily ticks: its topics, its body."""
    file = PartitionFile(tmp_path_factory.mktemp("alerts") / "p0.duckdb", 0, 1)
    records = facts.records(schedule(theatre(folder_of("iraq-syria")), Cut(tick=timedelta(days=1))))
    apply_batch(file, records, 0, len(records))
    found = file.con.execute("SELECT topics, body FROM alert_messages ORDER BY event_offset, seq").fetchall()
    file.close()
    return [(topics, json.loads(body)) for topics, body in found]


def test_the_replay_tells_the_story_that_was_derived_by_hand(messages: list[tuple[str, dict[str, Any]]]) -> None:
    """Given a replay with daily ticks, then its messages are those of the page, in its order."""
    assert [message(*it) for it in messages] == [told for told, _ in derived()]


def test_every_message_names_the_evidence_that_was_found_by_hand(messages: list[tuple[str, dict[str, Any]]]) -> None:
    """Given the same replay, then each message's incidents are those of the page."""
    for (told, expected), (_, body) in zip(derived(), messages, strict=True):
        found = [it["incident_id"].removeprefix("inc-") for it in body["evidence"]["incidents"]]
        assert sorted(found) == sorted(expected), told
        assert body["evidence"]["count"] == len(expected)


def test_the_page_speaks_of_all_rules_and_measures(messages: list[tuple[str, dict[str, Any]]]) -> None:
    """Given the theatre's rules, then the page names each with its levels, and each measure told something."""
    rules = compile_rules(read_rules(folder_of("iraq-syria") / "rules.yaml"))
    told = {body["rule"]["id"] for _, body in messages}

    assert sorted(RULES.values()) == sorted(it.rule_id for it in rules)
    assert {it.measure for it in rules if it.rule_id in told} == set(Measure)
    for it in rules:
        levels = [written(level) if it.measure is Measure.SILENCE else str(level) for level in it.levels]
        assert re.search(rf"`{it.rule_id}` \| [^|]*: {', '.join(levels)}[;\s]", PAGE), it.rule_id


def test_all_severities_and_kinds_are_told_and_three_alerts_are_open_at_the_end(
    messages: list[tuple[str, dict[str, Any]]],
) -> None:
    """Given the same replay, then all severities and kinds occur, and at the end it is not over everywhere."""
    last = {body["alert_id"]: body for _, body in messages}

    assert {body["severity"] for _, body in messages} == {"watch", "warning", "critical"}
    assert len({body["kind"] for _, body in messages}) == 6
    assert {(it["rule"]["id"], it["severity"]) for it in last.values() if it["state"] == "open"} == {
        ("wave-of-attacks", "critical"),
        ("strikes-by-us-forces", "critical"),
        ("country-under-attack", "watch"),
    }
