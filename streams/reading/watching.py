"""Following the alert messages as they come: committed ones only, in the order of each partition."""

import contextlib
import json
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from events.errors import ConfigInvalid
from streams.broker.errors import BrokerSilent
from streams.topics import count
from streams.worker.peek import reader

LOOK_MS: Final = 200
Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Until:
    """When to stop following; None: never."""

    count: int | None = None
    idle_s: float | None = None  # seconds without a message
    gone: Callable[[], bool] = lambda: False  # whether nobody listens any more


async def messages(servers: str, topic: str, until: Until, *, from_beginning: bool) -> AsyncGenerator[Message, None]:
    """The messages of an alert topic, with their position and id; from now on, or from the first one.

    Raises:
        ConfigInvalid: there is no such topic.
        BrokerSilent: no Kafka answers.
    """
    told = 0
    try:
        async with reader(servers) as consumer:
            await _assign(consumer, topic, await count(servers, topic), from_beginning=from_beginning)
            async with contextlib.aclosing(_arriving(consumer, until)) as arriving:
                async for message in arriving:
                    yield message
                    told += 1
                    if told == until.count:
                        return
    except (KafkaError, OSError) as error:
        raise BrokerSilent(servers) from error


async def _assign(consumer: AIOKafkaConsumer, topic: str, partitions: int, *, from_beginning: bool) -> None:
    parts = [TopicPartition(topic, partition) for partition in range(partitions)]
    if not parts:
        raise ConfigInvalid(f"there is no topic {topic} yet: `tocsin up` makes it")
    consumer.assign(parts)
    start = await (consumer.beginning_offsets(parts) if from_beginning else consumer.end_offsets(parts))
    for part, offset in start.items():
        consumer.seek(part, offset)


async def _arriving(consumer: AIOKafkaConsumer, until: Until) -> AsyncGenerator[Message, None]:
    last = time.monotonic()
    while not until.gone() and (until.idle_s is None or time.monotonic() - last < until.idle_s):
        for records in (await consumer.getmany(timeout_ms=LOOK_MS)).values():
            for record in records:
                last = time.monotonic()
                yield _message(record)


def _message(record: Any) -> Message:
    """The body of a message, its id, and where it stands on the wire."""
    headers = {name: value.decode() for name, value in record.headers}
    where = {"partition": record.partition, "offset": record.offset, "message_id": headers.get("ce_id")}
    return {**json.loads(record.value), **where}
