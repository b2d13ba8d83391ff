"""Batches that Faust loses, repeats or swaps on their way to the agent: read again, applied once."""

import asyncio
import random  # noqa: TID251 -- seeded: the same faults in every run
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from streams.cli.worker import line_of
from streams.faust.batches import Batch, Chunk
from streams.faust.consumer import BatchConsumer
from streams.settings import Settings
from streams.worker.crash import nowhere
from streams.worker.partitions import File
from streams.worker.process import work
from tests.streams.line import Line, until
from tests.streams.toy_store import toy_projection, toy_writes


class Faults:
    """What is done to the batches of each fetch; two times in five it is nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.chosen = random.Random(5)
        self.done: list[str] = []
        self.lose_the_end = True
        sound = BatchConsumer._cut

        def spoiled(consumer: BatchConsumer, chunk: Chunk) -> Iterator[Batch]:
            return self.spoil(chunk, list(sound(consumer, chunk)))

        monkeypatch.setattr(BatchConsumer, "_cut", spoiled)

    def spoil(self, chunk: Chunk, batches: list[Batch]) -> Iterator[Batch]:
        fault = self.chosen.choice(["none", "none", "lost", "repeated", "swapped"])
        if chunk.end == 1_000 and self.lose_the_end:  # nothing comes after this one that would show the loss
            fault, self.lose_the_end = "lost", False
        self.done.append(fault)
        return {
            "none": lambda: iter(batches),
            "lost": lambda: iter(batches[:-1]),
            "repeated": lambda: iter([*batches, batches[-1]]),
            "swapped": lambda: iter(batches[::-1]),
        }[fault]()


async def test_batches_lost_repeated_or_swapped_on_their_way_are_read_again(
    line: Line, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a consumer that spoils what it fetches, when all is applied, then every record is there once, in order."""
    faults, toy, files = Faults(monkeypatch), toy_projection(tmp_path / "toy", nowhere), list[File]()

    def remember(partition: int, partitions: int) -> File:
        files.append(toy.open(partition, partitions))
        return files[-1]

    mine = settings.model_copy(update={"prefix": line.topics.prefix, "queue_rows": 80})
    working = asyncio.ensure_future(work(line_of(mine, line.servers), replace(toy, open=remember)))
    await line.append(toy_writes(0, 2_000))
    await until(lambda: [file.next_offset for file in files] == [1_000, 1_000])
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    rows = [_offsets(tmp_path / "toy", partition) for partition in (0, 1)]

    assert {"lost", "repeated", "swapped"} <= set(faults.done)
    assert all(each == sorted(set(each)) for each in rows)
    assert [len(each) for each in rows] == [960, 980]


def _offsets(folder: Path, partition: int) -> list[int]:
    with duckdb.connect(str(folder / f"p{partition}.duckdb")) as con:
        return [offset for (offset,) in con.execute("select off from events").fetchall()]
