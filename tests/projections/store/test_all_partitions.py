"""One view over all partitions: what a verb lists of four is what it lists of each of them, together."""

import json
from pathlib import Path
from typing import Any

import pytest

from events.log import Event, Record, Written
from projections.rules.form import RuleSpec
from projections.rules.spec import content_hash, normalise
from projections.store.reader import Reader
from tests import facts
from tests.published import publish

PARTITIONS = 4
RULE = {"id": "attack", "where": {"class": "attack"}, "measure": "count", "window": "7d", "levels": {"watch": 1}}
NAMED: dict[str, dict[str, Any]] = {
    "tallies": dict.fromkeys(("timelines", "sites", "kinds", "classes", "countries")),
    "counters": {"by": "month", "dimension": "site", **dict.fromkeys(("timelines", "classes", "keys"))},
    "timeline": {
        **dict.fromkeys(("timelines", "sites", "classes", "kinds", "since", "before")),
        "everything": True,
    },
    "alerts": dict.fromkeys(("timelines", "states", "severities")),
    "alert_messages": dict.fromkeys(("timelines", "states", "severities")),
    "rejected": {"reasons": None, "whole": False, "positions": None},
    "rules": dict.fromkeys(("timelines", "rules")),
    "rules_history": {"timelines": None},
    "timelines": {},
    "state": {},
    "as_of": {},
}


def told(partition: int) -> tuple[list[Event], list[Record]]:
    """Two timelines, whose sites and incidents have the names of everybody's; one record that is no event."""
    rules = [normalise(RuleSpec.model_validate(RULE))]
    events: list[Event] = []
    for timeline in (f"t{partition}-one", f"t{partition}-two"):
        adopted = facts.adopted(*rules, content_hash=content_hash(rules), timeline=timeline)
        many = [facts.reported(f"i{it}", timeline=timeline, day=f"2023-10-{10 + it}") for it in range(partition + 1)]
        changed = facts.corrected("i0", timeline=timeline, wounded={"us": "at least 2"})
        events += facts.staged(adopted, *many, changed)
    return events, [Written(len(events), 1_700_000_000_000, b"test", b"\xffno event", [])]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The snapshots of all partitions in one home, then of each partition in a home of its own."""
    folders = [tmp_path_factory.mktemp("home") for _ in range(PARTITIONS + 1)]
    for partition in range(PARTITIONS):
        events, bad = told(partition)
        publish(folders[0], events, partition, PARTITIONS, bad)
        publish(folders[partition + 1], events, partition, PARTITIONS, bad)
    return [folder / "snapshots" for folder in folders]


def rows(folder: Path, query: str, parameters: dict[str, Any], known_at: int | None = None) -> list[str]:
    with Reader(folder, known_at) as reader:
        return sorted(json.dumps(row, sort_keys=True) for row in reader.rows(query, **parameters))


@pytest.mark.parametrize("query", NAMED)
def test_a_listing_of_all_partitions_is_the_listings_of_each(homes: list[Path], query: str) -> None:
    """Given equal names in every partition, when listed together, then no row is joined or summed across them."""
    whole, *parts = homes

    together = rows(whole, query, NAMED[query])

    assert len(together) >= PARTITIONS
    assert together == sorted(row for part in parts for row in rows(part, query, NAMED[query]))


@pytest.mark.parametrize("query", ["tallies", "counters", "timeline", "alerts"])
def test_the_same_as_known_at_an_instant(homes: list[Path], query: str) -> None:
    """Given equal names in every partition, when listed as known then, then each has its own past."""
    whole, *parts = homes
    then = int(facts.moment(facts.RECORDED_AT).timestamp() * 1_000_000)

    together = rows(whole, query, NAMED[query], then)

    assert len(together) >= PARTITIONS
    assert together == sorted(row for part in parts for row in rows(part, query, NAMED[query], then))


def test_sums_over_all_partitions_count_every_incident_once(homes: list[Path]) -> None:
    """Given 1 to 4 incidents in each of two timelines a partition, when counted in all, then there are 20."""
    whole = {"by": "total", "dimension": "all", **dict.fromkeys(("timelines", "classes", "keys"))}

    with Reader(homes[0]) as reader:
        counted = reader.rows("counters", **whole)
        tallied = reader.rows("tallies", **NAMED["tallies"])

    assert sum(row["incidents"] for row in counted) == 20
    assert sum(row["incidents"] for row in tallied) == 20
    assert len({row["timeline"] for row in counted}) == 8


def test_what_is_held_elsewhere_is_named(homes: list[Path]) -> None:
    """Given the snapshot of one partition of four, when read, then the three others are missing."""
    with Reader(homes[2]) as reader:
        assert reader.missing == [0, 2, 3]
