"""Ten kills, and what the torture says of workers that are not as they should be."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from streams.broker.embedded import EmbeddedKafka
from tests.streams.real_store import REAL
from tests.torture.__main__ import told
from tests.torture.check import tally
from tests.torture.planted import FAULTS
from tests.torture.run import Plan, torture


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("homes", "kills", "seed"), [(1, 10, 11), (2, 3, 5)], ids=["one home", "two homes"])
async def test_kills_of_workers_and_broker_leave_everything_exact(
    own_kafka: EmbeddedKafka, tmp_path: Path, homes: int, kills: int, seed: int
) -> None:
    """Given load with poison and corrections, when workers and broker are killed, then files and wire are exact."""
    found = await torture(Plan(kills, seed, homes, REAL), own_kafka, tmp_path, lambda _: None)

    assert found.messages > 0
    assert found.letters > 0
    assert found.rebuilt["swapped in by a worker"] > 0, told(found)
    assert not [it for it in found.ended if "rebuild" in it], told(found)
    assert found.faults == [], told(found)


@pytest.mark.slow
@pytest.mark.parametrize(("planted", "reported"), [("twice", "twice"), ("skips", "lost")])
async def test_a_worker_with_a_planted_fault_is_reported(
    own_kafka: EmbeddedKafka, tmp_path: Path, planted: str, reported: str
) -> None:
    """Given a worker that sends twice or leaves a record out, when nothing is killed at all, then it is found."""
    store = replace(REAL, command=[sys.executable, "-m", "tests.torture.planted", planted])

    found = await torture(Plan(0, 3, 1, store), own_kafka, tmp_path, lambda _: None)

    assert planted in FAULTS
    assert tally(found.faults)[reported] > 0, told(found)
    assert "NOT EXACT" in told(found)
