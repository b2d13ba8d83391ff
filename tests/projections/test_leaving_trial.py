"""Which topics know an alert is read from the tables, as its rule leaves trial."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from projections.apply import apply_batch
from projections.rules.form import RuleSpec
from projections.rules.spec import content_hash, normalise
from projections.store.file import PartitionFile
from tests import facts


def rule(day: int, **said: Any) -> facts.Event:
    content = normalise(
        RuleSpec.model_validate({"id": "r", "by": ["site"], "levels": {"watch": 1, "warning": 2}, **said})
    )
    return facts.adopted(content, content_hash=content_hash([content]), at=f"2023-10-{day:02}T12:00:00Z")


def attack(site: str, day: int, at: int | None = None) -> facts.Event:
    return facts.reported(f"{site}-{day}", site=site, day=f"2023-10-{day:02}", at=f"2023-10-{at or day:02}T12:00:00Z")


def told(folder: Path, log: Sequence[facts.Event], size: int) -> list[tuple[Any, ...]]:
    """What is told of a log that is applied in pieces of some size."""
    file = PartitionFile(folder / "p0.duckdb", 0, 1)
    records = facts.records(log)
    for start in range(0, len(records), size):
        end = min(start + size, len(records))
        apply_batch(file, records[start:end], start, end)
    query = "SELECT group_key, kind, severity, topics FROM alert_messages ORDER BY event_offset, seq"
    found = file.con.execute(query).fetchall()
    file.close()
    return found


LOG = facts.staged(
    rule(1),
    attack("north", 2),
    attack("north", 3),
    rule(4, status="experimental"),
    attack("south", 5),
    rule(6, levels={"watch": 3}),
)
BACK_AND_FORTH = facts.staged(
    rule(1, levels={"watch": 1}, window="5d"),
    attack("north", 2),
    rule(3, status="experimental", levels={"watch": 1}, window="5d"),
    attack("north", 4),
    rule(6, levels={"critical": 1}, window="2d"),  # over by then, and told to those of watch
    rule(7, status="experimental", levels={"critical": 1}, window="2d"),
    *(attack("north", day, at=7) for day in (5, 6)),
    rule(7, levels={"watch": 9}, window="2d"),
)


@pytest.mark.parametrize("size", [1, len(LOG)])
def test_what_ends_as_a_rule_leaves_trial_pages_those_who_were_paged(tmp_path: Path, size: int) -> None:
    """Given alerts raised before and on trial, when both end with it, then the topic of the first hears, in any cut."""
    said = [(group, kind, topics) for group, kind, _, topics in told(tmp_path, LOG, size)]

    assert said == [
        ('["north"]', "raised", "alerts,alerts.watch"),
        ('["north"]', "escalated", "alerts,alerts.warning,alerts.watch"),
        ('["north"]', "updated", "alerts,alerts.warning"),
        ('["south"]', "raised", "alerts"),
        ('["north"]', "cancelled", "alerts,alerts.warning"),
        ('["south"]', "cancelled", "alerts"),
    ]


@pytest.mark.parametrize("size", [1, len(BACK_AND_FORTH)])
def test_a_topic_that_was_passed_over_has_heard_nothing(tmp_path: Path, size: int) -> None:
    """Given an alert whose severity rose on trial, when it leaves trial and ends, then its old topic alone hears."""
    said = told(tmp_path, BACK_AND_FORTH, size)

    assert [it[1:] for it in said[-2:]] == [
        ("reopened", "critical", "alerts"),
        ("cancelled", "critical", "alerts,alerts.watch"),
    ]
