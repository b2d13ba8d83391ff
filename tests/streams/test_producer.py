"""The producer: every event once, in order, where every Java producer would put it."""

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from events import codec
from events.log import Event
from streams.broker.embedded import EmbeddedKafka
from streams.broker.errors import BrokerGone, BrokerSilent
from streams.topics import Topics, partition_of
from streams.worker.peek import reader
from streams.writing.producer import NotAppended, Stretch, producer
from tests import facts


def told(count: int, timelines: int = 3) -> list[Event]:
    """Events of several timelines in turn, larger than one batch when there are thousands."""
    return [facts.reported(f"i{n}", timeline=f"t{n % timelines}", note="x" * 200) for n in range(count)]


async def log_of(kafka: EmbeddedKafka, topic: str, partitions: int) -> dict[int, list[Event]]:
    """The events of a topic, by partition; offsets are checked to have no holes."""
    found = {}
    async with reader(kafka.bootstrap) as consumer:
        for partition in range(partitions):
            part = TopicPartition(topic, partition)
            consumer.assign([part])
            consumer.seek(part, 0)
            end = (await consumer.end_offsets([part]))[part]
            records = [await consumer.getone() for _ in range(end)]
            assert [it.offset for it in records] == list(range(end))
            found[partition] = [codec.from_record(it) for it in records]
    return found


async def test_events_stand_in_their_timelines_partition_in_their_order(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given events of three timelines in several batches, when sent, then each partition has its own in order."""
    events = told(4_000)

    async with producer(kafka.bootstrap, topics, 4) as log:
        stretches = await log.send(events)

    found = await log_of(kafka, topics.events, 4)
    for partition, there in found.items():
        assert there == [it for it in events if partition_of(it.timeline, 4) == partition]
    assert stretches == [Stretch(number, 0, len(there)) for number, there in found.items() if there]


async def test_what_is_sent_later_stands_later(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given two sendings by one producer, then the second one's stretches begin where the first one's end."""
    async with producer(kafka.bootstrap, topics, 1) as log:
        first, second = [await log.send(told(10)) for _ in range(2)]

    assert (first, second) == ([Stretch(0, 0, 10)], [Stretch(0, 10, 20)])


async def test_sending_nothing_is_nothing(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given no events, when they are sent, then no position is told, and the topics exist."""
    async with producer(kafka.bootstrap, topics, 2) as log:
        assert await log.send([]) == []

    assert await log_of(kafka, topics.events, 2) == {0: [], 1: []}


async def test_the_largest_event_fits(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given events near the limit of 256 KB between small ones, when they are sent, then all are there in order."""
    rules = [{"id": f"r{n}", "title": "x" * 3_900} for n in range(60)]
    events = [facts.reported("a"), facts.adopted(*rules), facts.adopted(*rules, who="others"), facts.reported("b")]
    assert 230_000 < len(codec.to_record(events[1]).value or b"") < 256 * 1024

    async with producer(kafka.bootstrap, topics, 1) as log:
        await log.send(events)

    assert (await log_of(kafka, topics.events, 1))[0] == events


async def test_an_event_of_the_future_is_refused_by_the_broker(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given an event recorded in the year 2190, when it is sent, then the broker refuses it and that is told."""
    with pytest.raises(NotAppended, match="the broker refused the events"):
        async with producer(kafka.bootstrap, topics, 1) as log:
            await log.send([facts.reported("a", at="2190-01-01T00:00:00Z")])


async def test_a_broker_that_is_not_there_is_told(topics: Topics) -> None:
    """Given an address where nobody answers, when a producer is asked for, then that is the error."""
    with pytest.raises(BrokerSilent):
        async with producer("127.0.0.1:1", topics, 1):
            pass


async def test_a_broker_that_dies_is_told_in_time(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given a broker that dies between two sendings, when patience is over, then it says so and what arrived."""

    async def sending() -> None:
        async with producer(own_kafka.bootstrap, topics, 1, patience=1.0) as log:
            await log.send(told(7))
            own_kafka.kill()
            await log.send(told(5))

    with pytest.raises(BrokerGone, match=r"is gone; 7 events were acknowledged, .* again is harmless"):
        await sending()


async def test_a_broker_that_kafkas_client_gives_up_on_is_gone(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given a client that gave up waiting, then it is not said that the broker refused anything."""
    with pytest.raises(BrokerGone, match="0 events were acknowledged"):
        async with producer(kafka.bootstrap, topics, 1):
            raise KafkaTimeoutError
