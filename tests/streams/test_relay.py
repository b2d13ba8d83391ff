"""The relay on a real broker, over a file of the toy store; the wire is what readers of committed records see."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from events.errors import LogChanged
from streams.worker import relay as relay_module
from streams.worker.relay import PartitionTaken, RelayBroken
from streams.worker.wire import POSITION, position_of
from tests.streams import line as harness
from tests.streams.by_relay import Bench, running
from tests.streams.line import until_true
from tests.streams.toy_store import toy_writes


@pytest.fixture
async def bench(line: harness.Line, tmp_path: Path) -> AsyncIterator[Bench]:
    one = await Bench(line, tmp_path / "bench").open()
    yield one
    await one.end()


async def test_committed_messages_are_sent_in_order_with_their_position(bench: Bench) -> None:
    """Given messages of two batches, when the relay runs, then they stand on the wire in the log's order."""
    await bench.apply(0, 30)
    relay = bench.relay()
    async with running(relay):
        await bench.has_sent(3)
        await bench.apply(30, 30)
        relay.wake()
        await bench.has_sent(6)

    assert await bench.offsets() == [0, 10, 20, 30, 40, 50]
    sent = (await bench.wire.wire())[bench.line.topics.alerts_of("critical"), 0]
    assert dict(sent[1].headers)[POSITION] == b"10/0"
    assert dict(sent[1].headers)["ce_id"] == b"10-0"
    assert sent[1].timestamp == toy_writes(10, 1)[0].timestamp


async def test_what_waits_goes_in_transactions_that_keep_the_limit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a relay that may send two at once, when five alerts and a dead letter wait, then it takes three times."""
    monkeypatch.setattr(relay_module, "AT_ONCE", 2)
    await bench.apply(0, 50)
    async with running(bench.relay()):
        await bench.has_sent(5)

    positions = [position_of(record) for record in (await bench.wire.read(bench.line.topics.relay)).get(0, [])]
    assert positions == [(7, 0), (20, 0), (40, 0)]


async def test_a_file_rebuilt_from_the_log_sends_nothing_again(bench: Bench, tmp_path: Path) -> None:
    """Given messages on the wire, when a new file has the same and more, then only the rest is sent."""
    await bench.apply(0, 30)
    async with running(bench.relay()):
        await bench.has_sent(3)
    again = await Bench(bench.wire, tmp_path / "again").open()
    await again.apply(0, 20)

    relay = again.relay()
    async with running(relay):
        await until_true(lambda: _known(again, (20, 0)))
        await again.apply(20, 30)
        relay.wake()
        await bench.has_sent(5)
    await again.end()

    assert await bench.offsets() == [0, 10, 20, 30, 40]


async def _known(bench: Bench, position: tuple[int, int]) -> bool:
    return bench.partitions.files[0].relay_position == position


async def test_a_relay_whose_partition_was_taken_ends(bench: Bench, tmp_path: Path) -> None:
    """Given a relay, when another worker's starts, then the first one sends nothing more and says so."""
    await bench.apply(0, 10)
    first = bench.relay()
    other = await Bench(bench.wire, tmp_path / "other").open()
    async with running(first) as task:
        await bench.has_sent(1)
        await other.apply(0, 30)
        async with running(other.relay()):
            await bench.has_sent(3)
            await bench.apply(10, 20)
            first.wake()

            with pytest.raises(PartitionTaken, match="another worker"):
                await asyncio.wait_for(task, 20)
    await other.end()

    assert await bench.offsets() == [0, 10, 20]


async def test_a_relay_topic_that_knows_less_than_the_file_halts(bench: Bench) -> None:
    """Given a file that has sent more than the wire knows, when a relay starts, then it halts before it sends."""
    await bench.apply(0, 30)
    await bench.partitions.run(bench.partitions.files[0].mark_sent, 10, 0)

    with pytest.raises(LogChanged, match=r"expected at least position \(10, 0\), found None"):
        await bench.relay().run()

    assert await bench.offsets() == []


def fail_commits(monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> None:
    """Make the next commits of any producer fail, one error each."""
    left, commit = list(errors), AIOKafkaProducer.commit_transaction

    async def commit_or_fail(producer: AIOKafkaProducer) -> None:
        if left:
            raise left.pop(0)
        await commit(producer)

    monkeypatch.setattr(AIOKafkaProducer, "commit_transaction", commit_or_fail)


async def test_a_fatal_error_of_the_producer_is_forgiven_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a producer that fails for good, when a new one works, then everything is sent once."""
    fail_commits(monkeypatch, KafkaError("the id was forgotten"))
    await bench.apply(0, 30)
    async with running(bench.relay()):
        await bench.has_sent(3)

    assert await bench.offsets() == [0, 10, 20]


async def test_a_second_fatal_error_is_not_forgiven(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given producers that fail one after the other, when nothing was sent between, then the relay gives up."""
    fail_commits(monkeypatch, KafkaError("one"), KafkaError("two"))
    await bench.apply(0, 30)

    with pytest.raises(RelayBroken, match="two"):
        await asyncio.wait_for(bench.relay().run(), 30)


async def test_a_transaction_that_took_too_long_is_not_taken_for_a_takeover(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a transaction that the broker ended for its age, when it comes back fenced, then a new producer sends."""
    monkeypatch.setattr(relay_module, "TRANSACTION_MS", 0)
    monkeypatch.setattr(relay_module, "AIOKafkaProducer", _with_long_transactions)
    fail_commits(monkeypatch, ProducerFenced())
    await bench.apply(0, 30)
    async with running(bench.relay()):
        await bench.has_sent(3)

    assert await bench.offsets() == [0, 10, 20]


def _with_long_transactions(**settings: object) -> AIOKafkaProducer:
    return AIOKafkaProducer(**{**settings, "transaction_timeout_ms": 60_000})
