"""What Faust's consumer does at its edges: what was revoked is given back, what was not asked for is not taken."""

from collections.abc import Mapping
from typing import Any, cast

import pytest
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from events.log import Written
from streams.faust.batches import Chunk
from streams.faust.consumer import BatchConsumer, LookAgain
from streams.worker.away import is_away


class Feed:
    """Opens whatever it is told to; meanwhile a test may take it away."""

    topic = "events"

    def __init__(self) -> None:
        self.open: set[int] = set()
        self.meanwhile: set[int] = set()  # revoked while the files are opened
        self.consumer: Any = None

    async def starts(self, bounds: Mapping[int, tuple[int, int]]) -> Mapping[int, int]:
        self.open |= bounds.keys()
        self.consumer.mine -= self.meanwhile
        return dict.fromkeys(bounds, 7)

    async def release(self, partitions: set[int]) -> None:
        self.open -= partitions


class Thread:
    async def call_thread(self, function: Any, *args: Any) -> Any:
        return await function(*args)


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> BatchConsumer:
    """A consumer of four partitions without a broker; seeking is noted."""
    it = BatchConsumer.__new__(BatchConsumer)
    feed = Feed()
    feed.consumer = it
    it.mine, it.cursor, it.epoch = {0, 1, 2, 3}, {}, {}
    it.feed, it._thread = cast("Any", feed), cast("Any", Thread())

    async def offsets(*tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, 0)

    async def told(*_: Any) -> None: ...

    async def seek(wanted: Mapping[int, int]) -> None:
        it.cursor.update(wanted)

    for name, function in (("earliest_offsets", offsets), ("highwaters", offsets), ("_seek_all", seek)):
        monkeypatch.setattr(it, name, function, raising=False)
    for name in ("on_partitions_revoked", "on_partitions_assigned"):
        monkeypatch.setattr(driver.Consumer, name, told)
    return it


async def test_after_a_revocation_nothing_is_opened_again(consumer: BatchConsumer) -> None:
    """Given that everything was revoked, when Faust seeks once more before the next assignment, then no file opens."""
    await consumer.on_partitions_revoked({TP("events", partition) for partition in range(4)})

    assert await consumer.seek_to_committed() == {}
    assert cast("Any", consumer.feed).open == set()


async def test_what_is_revoked_while_it_is_opened_is_given_back(consumer: BatchConsumer) -> None:
    """Given four partitions, when two are revoked while the files are opened, then these are closed, two are read."""
    feed = cast("Any", consumer.feed)
    feed.meanwhile = {0, 2}

    started = await consumer.seek_to_committed()

    assert {tp.partition for tp in started} == {1, 3}
    assert feed.open == {1, 3}
    assert consumer.cursor == {1: 7, 3: 7}


async def test_what_is_assigned_is_what_is_opened(consumer: BatchConsumer) -> None:
    """Given a revocation, when two partitions are assigned, then these are opened and no other."""
    await consumer.on_partitions_revoked({TP("events", partition) for partition in range(4)})
    await consumer.on_partitions_assigned({TP("events", 1), TP("events", 3), TP("another", 0)}, 2)

    await consumer.seek_to_committed()

    assert cast("Any", consumer.feed).open == {1, 3}


@pytest.mark.parametrize(("first", "found"), [(0, 0), (9, 9)], ids=["the log's begin", "behind what was lost"])
async def test_who_gets_other_offsets_than_he_asked_for_begins_anew(
    consumer: BatchConsumer, first: int, found: int
) -> None:
    """Given records that nobody asked for, when they come, then that life of the worker ends, and another begins."""

    class Inner:
        async def beginning_offsets(self, tps: list[Any]) -> dict[Any, int]:
            return dict.fromkeys(tps, first)

    cast("Any", consumer)._inner = Inner

    with pytest.raises(LookAgain, match=f"expected offset 7, found {found} in a log that begins at {first}") as told:
        await consumer._must_follow(Chunk(0, 7, found + 1, [Written(found, 0, None, None, ())]))

    assert is_away(told.value)
