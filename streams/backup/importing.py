"""A backup into an empty log, every record at its offset.

Offsets are part of what is projected, so they must come out the same, holes included. A hole is where a transaction of
some producer left its marker, or was aborted. It is made again in the same way: a hole of one is the marker of a
transaction that carries the record before it; a longer one is an aborted transaction of that length.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from events.errors import ConfigInvalid, ProjectionHalted
from events.log import Written
from streams.backup.checking import records
from streams.backup.manifest import Manifest, Part
from streams.broker.errors import BrokerGone
from streams.security import connection
from streams.topics import MAX_LETTER_BYTES, Topics, create
from streams.worker.peek import reader

BATCH_BYTES: Final = 2**19
PATIENCE_S: Final = 60.0  # for one answer of the broker
FILLERS: Final = 1_000  # of a hole in one transaction
Progress = Callable[[int], None]


class NotRestored(ProjectionHalted):
    """The log is not what the backup says, and no more than a part of it was sent."""


class Step(NamedTuple):
    """A record, and how many offsets of nothing follow it."""

    record: Written
    hole: int


async def restore(servers: str, topics: Topics, folder: Path, manifest: Manifest, progress: Progress) -> None:
    """Send a checked backup to a log that is empty; topics that are missing are made.

    Raises:
        ConfigInvalid: the log is not empty, or is in other partitions, or can not be made the same; nothing was sent.
        NotRestored: somebody else wrote to it meanwhile.
        BrokerGone: Kafka went away.
    """
    if impossible := [it.partition for it in manifest.parts if _before(folder, it) == 1]:
        raise ConfigInvalid(f"partition {impossible[0]} has a hole of one offset before its first record: no log can")
    await create(servers, topics, len(manifest.parts))
    async with AsyncExitStack() as stack:
        consumer = await stack.enter_async_context(reader(servers))
        await _must_be_empty(consumer, topics.events, len(manifest.parts))
        for part in manifest.parts:
            log = _Log(servers, topics, part.partition, consumer)
            try:
                await log.restore(part, records(folder, part, progress))
            except (KafkaError, TimeoutError) as error:
                left = f"{topics.events}[{part.partition}] holds a part of the backup: delete the topics and begin anew"
                raise BrokerGone(f"the Kafka at {servers} is gone or refuses ({error!r}); {left}") from error
            finally:
                await log.close()


def _before(folder: Path, part: Part) -> int:
    """How many offsets lie before a part's first record."""
    first = next(iter(records(folder, part, lambda _: None)), None)
    return first.offset if first else part.end


async def _must_be_empty(consumer: AIOKafkaConsumer, topic: str, partitions: int) -> None:
    ends = await consumer.end_offsets([TopicPartition(topic, it) for it in range(partitions)])
    for tp, end in ends.items():
        if end:
            hint = "TOCSIN_PREFIX names others"
            raise ConfigInvalid(f"{topic}[{tp.partition}]: expected an empty log, found one that ends at {end}; {hint}")


def steps(part: Part, those: Iterable[Written]) -> Iterator[Step]:
    """The records with the holes between them, and the one before the end."""
    last = None
    for record in those:
        if last:
            yield Step(last, record.offset - last.offset - 1)
        last = record
    if last:
        yield Step(last, part.end - last.offset - 1)


class _Log:
    """One partition that is being written, and by nobody else."""

    def __init__(self, servers: str, topics: Topics, partition: int, consumer: AIOKafkaConsumer) -> None:
        self._servers, self._topic, self._partition = servers, topics.events, partition
        self._id = f"{topics.prefix}.import-{partition}"
        self._consumer = consumer
        self._plain: AIOKafkaProducer | None = None
        self._transactional: AIOKafkaProducer | None = None
        self._batch: Any = None
        self._begins = self._end = 0  # of the batch that is being filled, and after it

    async def restore(self, part: Part, those: Iterable[Written]) -> None:
        """Send all of a part."""
        begun = False
        for record, hole in steps(part, those):
            if not begun:
                await self._leave(record.offset)
                begun = True
            if hole == 1:
                await self._flush()
                await self._transaction([record], commit=True)
            else:
                await self._append(record)
                await self._leave(hole)
        await self._flush()
        if not begun:
            await self._leave(part.end)

    async def close(self) -> None:
        for producer in (self._plain, self._transactional):
            if producer:
                await producer.stop()

    async def _append(self, record: Written) -> None:
        said = {"key": record.key, "value": record.value, "headers": list(record.headers)}
        if self._batch is None or self._batch.append(timestamp=record.timestamp, **said) is None:
            await self._flush()
            self._batch = (await self._producer()).create_batch()
            self._batch.append(timestamp=record.timestamp, **said)
        self._end += 1

    async def _flush(self) -> None:
        """Send the batch and see that it stands where it must."""
        if self._batch is None:
            return
        batch, self._batch = self._batch, None
        batch.close()
        answer = await (await self._producer()).send_batch(batch, self._topic, partition=self._partition)
        self._must_be_at((await asyncio.wait_for(answer, PATIENCE_S)).offset, self._begins)
        self._begins = self._end

    async def _leave(self, hole: int) -> None:
        """Make a hole of two offsets or more: records that are taken back, and the marker that says so."""
        if hole:
            await self._flush()
        while hole:
            size = hole if hole <= FILLERS else min(FILLERS, hole - 2)
            filler = Written(0, 0, None, b"", ())
            await self._transaction([filler] * (size - 1), commit=False)
            hole -= size

    async def _transaction(self, those: list[Written], *, commit: bool) -> None:
        """Send records in a transaction; wait for its marker, which comes after its answer."""
        producer = await self._producer(transactional=True)
        await producer.begin_transaction()
        sent = [
            await producer.send(self._topic, it.value, it.key, self._partition, it.timestamp, list(it.headers))
            for it in those
        ]
        self._must_be_at((await asyncio.wait_for(sent[0], PATIENCE_S)).offset, self._begins)
        await asyncio.wait_for(asyncio.gather(*sent), PATIENCE_S)
        await (producer.commit_transaction() if commit else producer.abort_transaction())
        self._begins = self._end = self._end + len(those) + 1
        await self._wait_for_marker()

    async def _wait_for_marker(self) -> None:
        tp, until = TopicPartition(self._topic, self._partition), time.monotonic() + PATIENCE_S
        while (end := (await self._consumer.end_offsets([tp]))[tp]) < self._end:
            if time.monotonic() > until:
                raise TimeoutError
            await asyncio.sleep(0.002)
        self._must_be_at(end, self._end)

    async def _producer(self, *, transactional: bool = False) -> AIOKafkaProducer:
        if transactional:
            if self._transactional is None:
                self._transactional = await self._started(transactional_id=self._id)
            return self._transactional
        if self._plain is None:
            self._plain = await self._started(enable_idempotence=True)
        return self._plain

    async def _started(self, **more: Any) -> AIOKafkaProducer:
        sizes = {"max_batch_size": BATCH_BYTES, "max_request_size": MAX_LETTER_BYTES}
        producer = AIOKafkaProducer(**connection(self._servers), acks="all", **sizes, **more)
        await producer.start()
        return producer

    def _must_be_at(self, found: int, expected: int) -> None:
        if found != expected:
            where = f"{self._topic}[{self._partition}]"
            raise NotRestored(
                f"{where}: expected to write at offset {expected}, found {found}: somebody else writes too"
            )
