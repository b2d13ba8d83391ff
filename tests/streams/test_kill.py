"""kill -9: whatever the worker was doing, what comes after is exact."""

import asyncio
import random  # noqa: TID251 -- seeded: the same moments in every run

import pytest

from streams.worker.crash import POINTS
from tests.streams.line import Line, Store, until

ELSEWHERE = {"after-tick", "before-swap", "after-swap"}  # see test_ticking.py, test_rebuild.py


@pytest.mark.parametrize("point", [it for it in POINTS if it not in ELSEWHERE])
async def test_a_worker_killed_anywhere_leaves_nothing_lost_and_nothing_twice(
    line: Line, store: Store, point: str
) -> None:
    """Given a worker that is killed at a point, when another life goes on, then files and wire are exact."""
    first = line.start(crash_at=point)
    await line.append(store.writes(0, 400))

    killed = first.ends()
    line.start()
    await line.append(store.writes(400, 200))
    await line.settled()

    assert killed == -9, f"{point} was not reached"
    await line.must_be_exact()


@pytest.mark.parametrize("point", ["before-commit", "after-commit"])
async def test_a_worker_killed_while_it_writes_many_records_leaves_nothing_lost_and_nothing_twice(
    line: Line, store: Store, point: str
) -> None:
    """Given so many records that one batch is written while the next one grows, when it is killed, all is exact."""
    await line.append(store.writes(0, 3_000))
    first = line.start(crash_at=point)

    killed = first.ends()
    line.start()
    await line.settled()

    assert killed == -9, f"{point} was not reached"
    await line.must_be_exact()


async def test_a_worker_killed_at_any_moment_leaves_nothing_lost_and_nothing_twice(line: Line, store: Store) -> None:
    """Given a steady flow, when the worker is killed at five moments, then files and wire are exact."""
    moments = random.Random(7)
    worker = line.start()
    for i in range(5):
        applied = line.applied()
        await line.append(store.writes(i * 300, 300))
        await until(lambda before=applied: line.applied() != before)
        await line.append(store.writes(10_000 + i * 300, 300))
        await asyncio.sleep(moments.uniform(0.0, 0.3))  # the moment itself is what is tested
        worker.kill()
        worker = line.start()
    await line.settled()

    await line.must_be_exact()
