"""What a transaction left behind, and what it did not show yet, on a real broker: each message is read once."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from streams.broker.embedded import EmbeddedKafka
from streams.topics import Topics
from streams.worker import wire as wire_module
from streams.worker.wire import POSITION, Unreadable, Wire, wire_of
from tests.streams.by_relay import Bench, running
from tests.streams.line import Line, Store, until_true


@pytest.fixture
async def bench(line: Line, tmp_path: Path) -> AsyncIterator[Bench]:
    one = await Bench(line, tmp_path / "bench").open()
    yield one
    await one.end()


@asynccontextmanager
async def transaction(servers: str, transactional_id: str) -> AsyncIterator[AIOKafkaProducer]:
    """A producer of that id, at its end without a word: as one that is killed."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=transactional_id, acks="all", linger_ms=0)
    await producer.start()
    yield producer
    await producer.stop()


async def sent(producer: AIOKafkaProducer, topic: str, position: bytes) -> None:
    """Put a message of that position there, and wait until the broker has it."""
    await (await producer.send(topic, b"{}", key=b"a", partition=0, headers=[(POSITION, position)]))


async def test_what_a_broker_forgot_to_show_is_aborted_and_sent_again(
    own_kafka: EmbeddedKafka, topics: Topics, tmp_path: Path, store: Store
) -> None:
    """Given records of a transaction that the broker says is over, when a relay starts, then each is read once.

    So it is after a broker died between its word for a commit and the markers (docs/adr/0028): the transactions'
    state is put back to what it was before the transaction.
    """
    line = Line(own_kafka.bootstrap, topics, tmp_path / "home", store)
    await line.open()
    bench = await Bench(line, tmp_path / "bench").open()
    await bench.apply(0, 10)
    async with running(bench.relay()):
        await bench.has_sent(1)
    state, kept = own_kafka.folder / "data" / "__transaction_state-0", tmp_path / "kept"
    async with transaction(line.servers, f"{topics.relay}-0") as producer:
        shutil.copytree(state, kept)
        await producer.begin_transaction()
        for topic in (topics.alerts, topics.alerts_of("critical"), topics.relay):
            await sent(producer, topic, b"10/0")
        own_kafka.kill()
    shutil.rmtree(state)
    shutil.copytree(kept, state)
    own_kafka.start()

    await bench.apply(10, 20)
    async with running(bench.relay()):
        await bench.has_sent(3)
    await bench.end()

    assert await bench.offsets() == [0, 10, 20]


async def test_what_was_shown_in_some_topics_only_is_sent_to_the_others(bench: Bench) -> None:
    """Given messages that one of their topics has, when a relay starts, then the other one gets them, too."""
    topics = bench.line.topics
    async with transaction(bench.line.servers, f"{topics.relay}-0") as producer, producer.transaction():
        await sent(producer, topics.alerts, b"0/0")
        await sent(producer, topics.alerts, b"10/0")
    await bench.apply(0, 30)

    async with running(bench.relay()):
        await bench.has_sent(3)

    wire = await bench.wire.wire()
    both = [
        [dict(one.headers)[POSITION] for one in wire[it, 0]] for it in (topics.alerts, topics.alerts_of("critical"))
    ]
    assert both == [[b"0/0", b"10/0", b"20/0"]] * 2


async def test_what_was_sent_can_be_read_once_readers_get_past_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given somebody whose transaction readers wait for, when ours is committed, then it can be read after theirs."""
    monkeypatch.setattr(wire_module, "PATIENCE_S", 0.5)
    servers, topics = bench.line.servers, bench.line.topics
    async with transaction(servers, "somebody") as somebody, transaction(servers, "ours") as ours:
        await somebody.begin_transaction()
        await sent(somebody, topics.alerts, b"1/0")
        async with ours.transaction():
            record = await (await ours.send(topics.alerts, b"{}", partition=0))

        async with wire_of(servers, topics, 0) as wire:
            with pytest.raises(Unreadable, match=r"alerts\[0\] 1"):
                await wire.readable([record])
            await somebody.abort_transaction()
            await wire.readable([record])


async def test_what_could_not_be_read_in_time_is_looked_for_and_not_sent_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a commit whose reading takes too long, when a new producer looks, then it finds the messages there."""
    left, readable = [Unreadable("too long")], Wire.readable

    async def too_late_once(wire: Wire, sent: object) -> None:
        await readable(wire, sent)  # type: ignore[arg-type]
        if left:
            raise left.pop()

    monkeypatch.setattr(Wire, "readable", too_late_once)
    await bench.apply(0, 30)
    async with running(bench.relay()):
        await until_true(lambda: _noted(bench, (20, 0)))

    assert not left
    assert await bench.offsets() == [0, 10, 20]


async def _noted(bench: Bench, position: tuple[int, int]) -> bool:
    return bench.partitions.files[0].relay_position == position
