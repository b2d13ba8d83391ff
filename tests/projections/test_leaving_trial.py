"""Which topics know an alert is read from the tables, as its rule leaves trial."""

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


def attack(site: str, day: int) -> facts.Event:
    return facts.reported(f"{site}-{day}", site=site, day=f"2023-10-{day:02}", at=f"2023-10-{day:02}T12:00:00Z")


LOG = facts.staged(
    rule(1),
    attack("north", 2),
    attack("north", 3),
    rule(4, status="experimental"),
    attack("south", 5),
    rule(6, levels={"watch": 3}),
)


@pytest.mark.parametrize("size", [1, len(LOG)])
def test_what_ends_as_a_rule_leaves_trial_pages_those_who_were_paged(tmp_path: Path, size: int) -> None:
    """Given alerts raised before and on trial, when both end with it, then the topic of the first hears, in any cut."""
    file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)
    records = facts.records(LOG)
    for start in range(0, len(records), size):
        end = min(start + size, len(records))
        apply_batch(file, records[start:end], start, end)

    told = file.con.execute("SELECT group_key, kind, topics FROM alert_messages ORDER BY event_offset, seq").fetchall()

    file.close()
    assert told == [
        ('["north"]', "raised", "alerts,alerts.watch"),
        ('["north"]', "escalated", "alerts,alerts.warning,alerts.watch"),
        ('["north"]', "updated", "alerts,alerts.warning"),
        ('["south"]', "raised", "alerts"),
        ('["north"]', "cancelled", "alerts,alerts.warning"),
        ('["south"]', "cancelled", "alerts"),
    ]
