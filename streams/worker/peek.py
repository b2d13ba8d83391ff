"""Looks at single records of the log, past any group: what stands at an offset, what was committed last."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from events.log import Record
from streams.security import connection

FIRST_LOOK = 64  # records back from the end; markers and aborted records count, so it may take another look


@asynccontextmanager
async def reader(servers: str, isolation: str = "read_committed") -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group that sees committed records only, unless told otherwise.

    Assign, then seek: with "earliest" a reset can not overtake the seek, as one to the end does (aiokafka 0.14).
    """
    consumer = AIOKafkaConsumer(
        **connection(servers),
        isolation_level=isolation,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    try:
        await consumer.start()
        await asyncio.sleep(0)  # else a stop that follows at once cancels a task that never began, and raises that
        yield consumer
    finally:
        await consumer.stop()


async def records_at(servers: str, topic: str, offsets: Mapping[int, int]) -> dict[int, Record]:
    """Of each partition the first record at or after the offset; there must be one."""
    async with reader(servers) as consumer:
        at = {TopicPartition(topic, partition): offset for partition, offset in offsets.items()}
        consumer.assign(list(at))
        for tp, offset in at.items():
            consumer.seek(tp, offset)
        return {tp.partition: await consumer.getone(tp) for tp in at}


async def end_of(servers: str, topic: str, partition: int) -> int:
    """The next offset of a partition that will be readable."""
    async with reader(servers) as consumer:
        tp = TopicPartition(topic, partition)
        return int((await consumer.end_offsets([tp]))[tp])


async def last_record(servers: str, topic: str, partition: int, wanted: Callable[[Record], bool]) -> Record | None:
    """The last committed record of a partition that is wanted; None when there is none."""
    async with reader(servers) as consumer:
        tp = TopicPartition(topic, partition)
        at_rest(consumer, [tp])
        return await last_of(consumer, tp, wanted)


def at_rest(consumer: AIOKafkaConsumer, tps: Sequence[TopicPartition]) -> None:
    """Assign partitions and fetch nothing yet. All at once: each further topic costs half a second of aiokafka's."""
    consumer.assign(tps)
    consumer.pause(*tps)


async def last_of(consumer: AIOKafkaConsumer, tp: TopicPartition, wanted: Callable[[Record], bool]) -> Record | None:
    """The last record that is wanted, of a partition at rest, as it is again afterwards."""
    first, end = (await consumer.beginning_offsets([tp]))[tp], (await consumer.end_offsets([tp]))[tp]
    back = FIRST_LOOK
    while True:
        start = max(first, end - back)
        found = [record for record in await _between(consumer, tp, start, end) if wanted(record)]
        if found or start == first:
            return found[-1] if found else None
        back *= 8


async def _between(consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int) -> list[Record]:
    consumer.seek(tp, start)
    consumer.resume(tp)
    records: list[Record] = []
    while await consumer.position(tp) < end:
        records += (await consumer.getmany(tp, timeout_ms=200)).get(tp, [])
    consumer.pause(tp)
    return records
