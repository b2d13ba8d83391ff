"""Two workers share the partitions and survive each other's death."""

from dataclasses import replace
from pathlib import Path

import pytest

from projections.store.reader import published
from streams.reading.published import ownerless_here
from streams.settings import load_settings
from tests.streams.line import Line, Store, Worker, until
from tests.torture.check import Seen, faults
from tests.torture.seen import Fold, expected, left


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


@pytest.mark.slow
async def test_workers_with_homes_of_their_own_are_as_one_and_mark_what_they_left(
    line: Line, store: Store, tmp_path: Path
) -> None:
    """Given a worker with all partitions, when one with another home takes two, then all is exact, the rest marked."""
    wide = replace(line, topics=replace(line.topics, prefix=f"{line.topics.prefix}h"), partitions=4)
    await wide.open()
    first = wide.start("a")
    await wide.append(store.writes(0, 400))
    await wide.settled()
    settings = load_settings(home=wide.home)
    await until(lambda: len(published(wide.home / "snapshots")) == 4)
    before = ownerless_here(settings, published(wide.home / "snapshots"))

    second = wide.start("b", home=str(tmp_path / "other"))
    line.workers.extend(wide.workers)
    await until(lambda: len(holds(second)) == 2)
    await wide.append(store.writes(400, 400))
    await wide.settled()
    after = ownerless_here(settings, published(wide.home / "snapshots"))
    codes = [worker.stop() for worker in (first, second)]

    files = left(wide, [wide.home, tmp_path / "other"])
    ends = await wide.ends()
    wanted = expected(Fold(wide, await wide.log(), tmp_path / "offline"), files, ends)
    assert codes == [0, 0]
    assert before == {}
    assert after.keys() == holds(second)
    assert len(files) == 6
    assert faults(wanted, Seen(files, await wide.wire(), ends)) == []
