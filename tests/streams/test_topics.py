"""The topics as they are made, on a real broker."""

import asyncio
import time
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import InvalidTimestampError

from events.errors import ConfigInvalid
from streams.broker.embedded import EmbeddedKafka
from streams.broker.errors import BrokerSilent
from streams.broker.ready import free_port
from streams.topics import Topic, Topics, create, describe, faults, partition_of


def test_the_names_are_a_promise_to_others() -> None:
    """Given the default prefix, when others subscribe, then these are the names they find."""
    assert list(Topics().configs()) == [
        "tocsin.events",
        "tocsin.events.dlq",
        "tocsin.alerts",
        "tocsin.alerts.watch",
        "tocsin.alerts.warning",
        "tocsin.alerts.critical",
        "tocsin.relay",
    ]


@pytest.mark.parametrize(
    ("timeline", "murmur2"),
    [("21", -973932308), ("foobar", -790332482), ("a-little-bit-long-string", -985981536), ("abc", 479470107)],
)
def test_a_timeline_lives_where_a_java_producer_would_put_it(timeline: str, murmur2: int) -> None:
    """Given the hashes that Kafka's own tests expect, when a partition is chosen, then it is Java's choice."""
    for partitions in (1, 2, 3, 12):
        assert partition_of(timeline, partitions) == (murmur2 & 0x7FFFFFFF) % partitions


async def test_topics_are_made_once_and_keep_their_partitions(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given nothing, when made with 4 partitions and then again, then all seven are there, with 4."""
    assert await describe(kafka.bootstrap, topics) == []

    assert await create(kafka.bootstrap, topics, 4) == 4
    assert await create(kafka.bootstrap, topics) == 4

    found = await describe(kafka.bootstrap, topics)
    assert {topic.name: topic.partitions for topic in found} == dict.fromkeys(topics.configs(), 4)


async def test_several_may_make_the_topics_at_once(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given two workers that start together, when both make the topics, then both find them made."""
    made = await asyncio.gather(*(create(kafka.bootstrap, topics, 2) for _ in range(3)))

    assert made == [2, 2, 2]


async def test_another_number_of_partitions_is_refused(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given topics with 1 partition, when 2 are wanted, then one line says so, and what to do."""
    await create(kafka.bootstrap, topics)

    with pytest.raises(ConfigInvalid) as refused:
        await create(kafka.bootstrap, topics, 2)

    (told,) = refused.value.faults
    assert told.startswith(f"{topics.prefix}.*: expected 2 partitions, found 1; the number is fixed")
    assert "another TOCSIN_PREFIX" in told


async def test_topics_that_would_forget_are_refused(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given an events topic made by hand with a retention, when checked, then it is refused, nothing is made."""
    await make_by_hand(kafka.bootstrap, topics.events, {"retention.ms": "1000"})

    with pytest.raises(ConfigInvalid, match=rf"{topics.events}: expected retention.ms=-1, found 1000"):
        await create(kafka.bootstrap, topics)

    assert [topic.name for topic in await describe(kafka.bootstrap, topics)] == [topics.events]


async def test_the_future_can_not_be_recorded(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given the events topic, when a record is 10 minutes ahead, then the broker refuses it; years ago is fine."""
    await create(kafka.bootstrap, topics)
    now_ms = round(time.time() * 1000)  # noqa: TID251 -- the broker's clock is meant

    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        await producer.send_and_wait(topics.events, b"then", timestamp_ms=now_ms - 10**11)
        with pytest.raises(InvalidTimestampError):
            await producer.send_and_wait(topics.events, b"soon", timestamp_ms=now_ms + 600_000)


async def test_a_broker_that_is_not_there_is_named() -> None:
    """Given an address where nobody listens, when topics are wanted, then the address is in the error."""
    nobody = f"127.0.0.1:{free_port()}"

    with pytest.raises(BrokerSilent, match=nobody):
        await describe(nobody, Topics())


async def make_by_hand(bootstrap: str, name: str, config: dict[str, str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs=config)])
    await admin.close()


def test_the_one_topic_that_differs_is_named() -> None:
    """Given topics of which one has another number of partitions, when they are checked, then that one is named."""
    topics = Topics()
    first, *rest = (Topic(name, 4, config) for name, config in topics.configs().items())

    assert faults([replace(first, partitions=2), *rest], topics, 4) == [f"{first.name}: expected 4 partitions, found 2"]
