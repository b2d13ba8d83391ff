"""The wire of one partition as readers of committed records see it: how far each topic is, and what is still to come.

A broker acknowledges a commit before its readers can see it. One that dies in between may complete the transaction
without showing it to anybody (Kafka 4.3.1; docs/adr/0028); what was sent lies there until the next commit of the same
producer id, which would show it, too. So a transaction is over when it can be read, and what one left is aborted first.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import RecordMetadata

from events.log import Record
from streams.topics import Topics
from streams.worker.peek import at_rest, last_of, reader

POSITION: Final = "tocsin_position"  # header: "offset/seq", of the log record and among its messages
PATIENCE_S: Final = 5.0  # from a commit to its readers it is some milliseconds
LOOK_AGAIN_S: Final = (0.002, 0.05)  # first, and at most

Position = tuple[int, int]  # offset, seq
BEFORE_ALL: Final[Position] = (-1, 0)

log = structlog.get_logger()


class Unreadable(TimeoutError):
    """What was sent can not be read, nor was it aborted."""


def position_of(record: Record) -> Position | None:
    """The position that was given to a record last; None for one that is not ours."""
    for name, value in reversed(record.headers):
        if name == POSITION and value is not None:
            offset, _, seq = value.decode().partition("/")
            return int(offset), int(seq)
    return None


class Wire:
    """Partition p of every topic that messages are sent to."""

    def __init__(self, consumer: AIOKafkaConsumer, servers: str, tps: Sequence[TopicPartition]) -> None:
        self._consumer, self._servers, self._all = consumer, servers, tps

    async def clear(self, producer: AIOKafkaProducer) -> None:
        """Abort what an earlier producer of this id has left where a reader would wait for its end.

        Raises:
            Unreadable: something else is open there.
        """
        async with reader(self._servers, "read_uncommitted") as all_there_is:
            at_rest(all_there_is, self._all)
            written = await all_there_is.end_offsets(self._all)
        readable = await self._consumer.end_offsets(self._all)
        if left := [tp for tp in self._all if readable[tp] < written[tp]]:
            log.warning("aborting what is left of a transaction", topics=[tp.topic for tp in left])
            await producer.begin_transaction()
            sent = [await producer.send(tp.topic, b"", key=b"left", partition=tp.partition) for tp in left]
            records = await asyncio.gather(*sent)
            await producer.abort_transaction()
            await self.readable(records)

    async def reached(self) -> Mapping[str, Position]:
        """Topic -> position of the last message that can be read there, of the topics that have one.

        They differ where a transaction was shown in some topics only.
        """
        last = {tp.topic: await last_of(self._consumer, tp, lambda it: position_of(it) is not None) for tp in self._all}
        return {topic: position for topic, it in last.items() if it and (position := position_of(it))}

    async def readable(self, sent: Iterable[RecordMetadata]) -> None:
        """Wait until readers get past records, which are committed or aborted then.

        Raises:
            Unreadable: they do not within `PATIENCE_S`.
        """
        ends = {it.topic_partition: it.offset for it in sorted(sent, key=lambda it: it.offset)}
        pause, most = LOOK_AGAIN_S
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await self._is_past(ends):
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, most)
        except TimeoutError as error:
            where = ", ".join(f"{tp.topic}[{tp.partition}] {offset}" for tp, offset in ends.items())
            raise Unreadable(f"expected to read what was sent within {PATIENCE_S:g} s: {where}") from error

    async def _is_past(self, offsets: Mapping[TopicPartition, int]) -> bool:
        ends = await self._consumer.end_offsets(list(offsets))
        return all(ends[tp] > offset for tp, offset in offsets.items())


@asynccontextmanager
async def wire_of(servers: str, topics: Topics, partition: int) -> AsyncIterator[Wire]:
    """The wire of a partition, with a connection of its own."""
    tps = [TopicPartition(name, partition) for name in topics.configs() if name != topics.events]
    async with reader(servers) as consumer:
        at_rest(consumer, tps)
        yield Wire(consumer, servers, tps)
