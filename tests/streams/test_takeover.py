"""Two workers share the partitions and survive each other's death."""

from dataclasses import replace

import pytest

from tests.streams.line import Line, Store, Worker, until


def holds(worker: Worker) -> set[int]:
    """The partitions of a worker's last assignment."""
    return {entry["partition"] for entry in worker.lines() if entry["event"] == "partition opened"}


@pytest.mark.slow
async def test_two_workers_share_the_partitions_and_take_over_from_each_other(line: Line, store: Store) -> None:
    """Given two workers on four partitions, when one dies without a word, then the other goes on; all stays exact."""
    wide = replace(line, topics=replace(line.topics, prefix=f"{line.topics.prefix}w"), partitions=4)
    await wide.open()
    first = wide.start("a")
    await wide.append(store.writes(0, 400))
    await wide.settled()
    second = wide.start("b")
    line.workers.extend(wide.workers)
    await until(lambda: len(holds(second)) == 2)
    await wide.append(store.writes(400, 400))
    await wide.settled()
    both = [
        {e["partition"] for e in worker.lines() if e["event"] == "batch applied" and e["end"] > 100}
        for worker in (first, second)
    ]

    first.kill()
    await wide.append(store.writes(800, 400))
    await wide.settled()

    assert [len(shares) for shares in both] == [2, 2]
    assert both[0] | both[1] == {0, 1, 2, 3}
    assert holds(second) == {0, 1, 2, 3}
    third = wide.start("a")
    line.workers.append(third)
    await until(lambda: len(holds(third)) == 2)
    await wide.append(store.writes(1_200, 400))
    await wide.settled()
    await wide.must_be_exact()
