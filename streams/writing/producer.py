"""Events to the log: idempotent, acknowledged by every replica, each timeline to its partition.

Records go in batches that we fill ourselves: aiokafka's `send` costs 35 µs a record, a batch of our own 5.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from events.codec import to_record
from events.errors import TimelineError
from events.log import Event, Written
from streams.broker.errors import BrokerGone, BrokerSilent
from streams.security import connection
from streams.topics import Topics, create, partition_of

BATCH_BYTES: Final = 2**19  # the largest event fits twice; at most three batches of a partition are in memory
STOP_S: Final = 3.0  # what a broker answers in, when it is there


class NotAppended(TimelineError):
    """The broker refused records; those before them may be in the log. Appending the same again is harmless."""


class Stretch(NamedTuple):
    """Offsets of one partition."""

    partition: int
    start: int
    end: int  # exclusive


class Producer:
    """Appends events to one topic."""

    def __init__(self, client: AIOKafkaProducer, topic: str, partitions: int, patience: float) -> None:
        self._client, self._topic, self._partitions, self._patience = client, topic, partitions, patience
        self._open: dict[int, Any] = {}  # partition -> the batch that is being filled
        self._sent: deque[tuple[int, int, Any]] = deque()  # partition, count, what the broker will answer
        self._stretches: dict[int, list[Stretch]] = {}
        self.acknowledged = 0  # events, by all sendings

    async def send(self, events: Iterable[Event]) -> list[Stretch]:
        """Append events, in their order within each timeline; where they are, by partition and offset.

        All of them are in the log when this returns; whatever their number, a few batches are in memory.

        Raises:
            KafkaError: the broker refused some, or does not answer any more; `producer` says so in our words.
        """
        return await self.send_records((self.home_of(it.timeline), to_record(it)) for it in events)

    def home_of(self, timeline: str) -> int:
        """The partition in which a timeline is opened."""
        return partition_of(timeline, self._partitions)

    async def send_records(self, records: Iterable[tuple[int, Written]]) -> list[Stretch]:
        """As `send`, of records that are made already, each to the partition beside it."""
        try:
            for partition, record in records:
                await self._append(partition, record)
            for partition in list(self._open):
                await self._send(partition)
            await self._collect(leave=0)
        finally:
            self._open.clear()
            self._sent.clear()
            found, self._stretches = self._stretches, {}
        return [it for _, stretches in sorted(found.items()) for it in stretches]

    async def _append(self, partition: int, record: Written) -> None:
        if not self._fits(partition, record):
            await self._send(partition)
            await self._collect(leave=2 * self._partitions)
            self._fits(partition, record)

    def _fits(self, partition: int, record: Written) -> bool:
        """Put a record into the partition's batch, if there is room; there always is in an empty one."""
        batch = self._open.get(partition)
        if batch is None:
            batch = self._open[partition] = self._client.create_batch()
        added = batch.append(
            timestamp=record.timestamp, key=record.key, value=record.value, headers=list(record.headers)
        )
        return added is not None

    async def _send(self, partition: int) -> None:
        """Hand a batch over; waits while the one before it of its partition is not on its way."""
        batch = self._open.pop(partition)
        batch.close()
        answer = await self._client.send_batch(batch, self._topic, partition=partition)
        count = batch.record_count()
        answer.add_done_callback(lambda it: self._heard(it, count))
        self._sent.append((partition, count, answer))

    async def _collect(self, leave: int) -> None:
        """Wait until at most so many batches are without an answer."""
        while len(self._sent) > leave:
            partition, count, answer = self._sent.popleft()
            start = (await asyncio.wait_for(answer, self._patience)).offset
            self._note(Stretch(partition, start, start + count))

    def _heard(self, answer: "asyncio.Future[Any]", count: int) -> None:
        """Take note of an answer, even one that nobody waits for any more, lest asyncio complains of it."""
        if not answer.cancelled() and answer.exception() is None:
            self.acknowledged += count

    def _note(self, it: Stretch) -> None:
        found = self._stretches.setdefault(it.partition, [])
        if found and found[-1].end == it.start:
            it = it._replace(start=found.pop().start)
        found.append(it)


@asynccontextmanager
async def producer(
    servers: str, topics: Topics, partitions: int | None = None, patience: float = 60.0
) -> AsyncIterator[Producer]:
    """A producer of events on a broker that runs; topics that are missing are made.

    An idempotent aiokafka producer tries for ever; we give up when an answer takes more than `patience` seconds.

    Raises:
        BrokerSilent: no Kafka answers.
        BrokerGone: it answered, and does not any more.
        NotAppended: it refused events.
        ConfigInvalid: the topics are not what they must be.
    """
    count = await create(servers, topics, partitions)
    client = AIOKafkaProducer(
        **connection(servers),
        enable_idempotence=True,
        acks="all",
        max_batch_size=BATCH_BYTES,
        max_request_size=2 * BATCH_BYTES,
    )
    log = Producer(client, topics.events, count, patience)
    try:
        await _start(client, servers)
        yield log
    except (KafkaError, TimeoutError) as error:
        raise _said(error, servers, log.acknowledged) from error
    finally:
        await asyncio.wait([asyncio.ensure_future(client.stop())], timeout=STOP_S)


async def _start(client: AIOKafkaProducer, servers: str) -> None:
    try:
        await client.start()
    except (KafkaError, TimeoutError) as error:
        raise BrokerSilent(servers) from error


def _said(error: KafkaError | TimeoutError, servers: str, acknowledged: int) -> TimelineError:
    """Why events are not all in the log, in our words."""
    if isinstance(error, TimeoutError | KafkaTimeoutError) or error.retriable:
        known = f"{acknowledged} event{' was' if acknowledged == 1 else 's were'} acknowledged"
        return BrokerGone(f"the Kafka at {servers} is gone; {known}, appending all of them again is harmless")
    return NotAppended(f"the broker refused the events: {error or type(error).__name__}")
