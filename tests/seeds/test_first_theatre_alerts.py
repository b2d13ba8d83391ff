"""What the default rules say of the first theatre, and when: a table that was derived by hand, message by message."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from projections.apply import apply_batch
from projections.store.file import PartitionFile
from seeds.loader import folder_of
from streams.writing.replay import Cut, schedule, theatre
from tests import facts

TABLE = Path(__file__).with_name("first_theatre_alerts.txt")
RULES = {
    "site": "site-under-repeated-attack",
    "country": "country-under-attack",
    "day": "several-attacks-on-one-day",
    "actor": "attacks-by-one-actor",
    "wave": "wave-of-attacks",
    "strikes": "strikes-by-us-forces",
}


class Told(NamedTuple):
    """A message, as far as the table says."""

    known: str
    over: bool  # it went to `alerts` only
    kind: str
    rule: str
    group: str
    severity: str
    opened: str
    ended: str
    value: int


def derived() -> list[tuple[Told, list[str]]]:
    """The table: messages and their evidence, empty where the table says nothing of it."""
    lines = [line.split() for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    found = []
    for known, *rest in lines:
        over = rest[0] == "D"
        kind, rule, group, severity, opened, ended, value, *evidence = rest[over:]
        told = Told(known, over, kind, RULES[rule], group, severity, opened, ended, int(value))
        found.append((told, [f"inc-{name}" for name in evidence if name != "-"]))
    return found


def message(topics: str, body: dict[str, Any]) -> Told:
    return Told(
        body["known_at"][:13],
        topics == "alerts",
        body["kind"],
        body["rule"]["id"],
        next(iter(body["group"].values()), "*"),
        body["severity"],
        body["opened_at"][:10],
        (body["ended_at"] or "-")[:10],
        body["value"]["best"],
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
    """Given a replay with daily ticks, then its messages are those of the table, in its order."""
    assert [message(*it) for it in messages] == [told for told, _ in derived()]


def test_every_message_names_the_evidence_that_was_found_by_hand(messages: list[tuple[str, dict[str, Any]]]) -> None:
    """Given the same replay, then each message's incidents are those of the table."""
    for (told, expected), (_, body) in zip(derived(), messages, strict=True):
        if expected:
            assert {it["incident_id"] for it in body["evidence"]["incidents"]} == set(expected), told
            assert body["evidence"]["count"] == len(expected) == body["value"]["best"]


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
