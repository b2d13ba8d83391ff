"""Two workers share the partitions and survive each other's death."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from projections.store.reader import published
from streams.cli.append import say_outcome
from streams.reading.published import ownerless_here
from streams.settings import load_settings
from streams.writing.producer import Stretch
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


@pytest.mark.slow
async def test_who_waits_in_one_home_waits_for_its_partitions(
    line: Line, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given two workers with homes of their own, when events are waited for in one, then the other's are left to it."""
    first = line.start("a")
    await until(lambda: holds(first) == {0, 1})
    second = line.start("b", home=str(tmp_path / "other"))
    await until(lambda: len(holds(second)) == 1)
    await line.append(store.writes(0, 200))
    await line.settled()
    where = {"broker": line.servers, "prefix": line.topics.prefix, "group": line.topics.prefix}
    stretches = [Stretch(partition, 0, end) for partition, end in (await line.ends()).items()]

    code = await asyncio.to_thread(say_outcome, load_settings(home=line.home, **where), stretches, 30.0)

    (away,) = holds(second)
    heard = capsys.readouterr().err.splitlines()
    assert (
        heard[0] == f"100 events in partition {away}, which a worker of another home has: ask there what became of them"
    )
    assert (code, heard[1]) == {
        1: (0, "97 new, 3 duplicate, 0 conflicting, 0 rejected"),
        0: (1, "98 new, 0 duplicate, 0 conflicting, 2 rejected"),
    }[away]
