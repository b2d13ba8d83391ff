"""What is ours of Faust's consumer: it hands over whole batches, and starts where the files say, never the group.

What stock Faust 0.15.3 does, and why it is replaced (docs/adr/0002): one event per record; after every assignment a
seek to the group's committed offset, over any seek of ours; coordinator errors are never looked at, so a worker may
idle for ever; its back-pressure sleeps for a second. Every private name used here has a contract test.
Longer than other modules: what overrides one class of Faust's stands in one place, beside what it overrides.
"""
# ruff: noqa: SLF001

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, cast

from aiokafka import TopicPartition
from faust.app.base import App, BootStrategy
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import Service

from events.log import Record
from streams.faust.batches import Batch, Chunk, Limits, cut

FETCH_WAIT_MS = (
    500  # how long the broker holds back an empty answer; Faust hard-codes 1500, and an end would wait for it
)


# mode names a logger after a subclass's module; Faust's own chatter shall stay Faust's
FAUSTS = logging.getLogger("faust")


class LookAgain(ConnectionError):
    """The broker brought other offsets than it was asked for.

    After a crash it may not know yet how far a log goes; then aiokafka begins at the log's begin, by itself. Or the log
    is another one now. Who begins anew sees which: it holds the files against the log before it reads.
    """


class Feed(Protocol):
    """Whom the batches are for."""

    @property
    def topic(self) -> str: ...
    @property
    def limits(self) -> Limits: ...  # of what is fetched and not yet taken by the agent

    def read(self, records: Sequence[Record]) -> Callable[[], Sequence[Any]]:
        """Begin to read what records hold; called in the consumer's thread, what it returns in the files' thread."""

    async def starts(self, bounds: Mapping[int, tuple[int, int]]) -> Mapping[int, int]:
        """Open the partitions that were assigned: the next offset of each.

        Args:
            bounds: of each assigned partition the log's first offset and its end (exclusive).
        """

    async def release(self, partitions: set[int]) -> None:
        """Give partitions away again that were opened and are not ours any more."""


class _Thread(driver.AIOKafkaConsumerThread):
    logger = FAUSTS

    def _create_worker_consumer(self, transport: driver.Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        consumer._isolation_level = "read_committed"  # what a producer aborted is no event; Faust reads uncommitted
        return consumer


class BatchConsumer(driver.Consumer):
    """Faust's consumer, with batches of the feed's topic in place of records."""

    logger = FAUSTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.feed = cast("BatchApp", self.app).feed
        self.mine: set[int] = set()  # the partitions that were assigned and not revoked since
        self.cursor: dict[int, int] = {}  # partition -> next offset to fetch
        self.epoch: dict[int, int] = {}  # partition -> how often it was sought
        self.waiting: Any = None  # the agent's queue of events
        self.ends: dict[int, tuple[int, float]] = {}  # partition -> the log's end, and when the broker said so (epoch)
        self._room = asyncio.Event()

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    def _tp(self, partition: int) -> TP:
        return TP(self.feed.topic, partition)

    # -- back-pressure: nothing is fetched while enough waits

    def on_buffer_full(self, tp: TP) -> None: ...

    def on_buffer_drop(self, tp: TP) -> None: ...

    async def verify_all_partitions_active(self) -> None:
        """Say nothing: Faust would complain every five minutes that nothing is committed, which is on purpose."""

    def queued(self) -> list[Batch]:
        """What was fetched and not yet taken by the agent."""
        return [] if self.waiting is None else [event.value for event in self.waiting._queue]

    def taken(self) -> None:
        """Let the fetcher look again whether there is room."""
        self._room.set()

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's signature
        while self.flow_active and not self.should_stop and self.feed.limits.reached(self.queued()):
            self._room.clear()
            await self.wait_first(self._room.wait(), timeout=1.0)
        return await super()._wait_next_records(timeout)

    @Service.task
    async def _watch_coordinator(self) -> None:
        """Crash on a coordinator error: Faust goes round the method in which aiokafka would raise it."""
        while not self.should_stop:
            await self.sleep(1.0)
            try:
                await self._thread.call_thread(self._check_coordinator)
            except Exception as error:  # noqa: BLE001 -- any error of the coordinator ends the worker
                if not self.should_stop:
                    await self.crash(error)
                return

    async def _check_coordinator(self) -> None:  # in the consumer's thread
        self._inner()._coordinator.check_errors()

    # -- what is ours: `assignment()` keeps what was revoked until the next assignment, and Faust seeks meanwhile

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        self.mine -= {tp.partition for tp in revoked if tp.topic == self.feed.topic}
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self.mine = {tp.partition for tp in assigned if tp.topic == self.feed.topic}
        await super().on_partitions_assigned(assigned, generation_id)

    # -- where to start (auto_offset_reset must not be "none": aiokafka asks for a position before we can seek)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek every assigned partition to its file's checkpoint.

        Faust calls this after each assignment, and also when a fetch ends after a revocation. What was revoked before
        the files were open is given back at once: else two workers would wait for each other.
        """
        mine = {self._tp(partition) for partition in self.mine}
        if not mine:
            return {}
        first, end = await self.earliest_offsets(*mine), await self.highwaters(*mine)
        bounds = {tp.partition: (first[tp], end[tp]) for tp in mine}
        wanted = await self.feed.starts(bounds)
        if gone := wanted.keys() - self.mine:
            await self.feed.release(set(gone))
            wanted = {partition: offset for partition, offset in wanted.items() if partition in self.mine}
        await self._thread.call_thread(self._seek_all, wanted)
        return {self._tp(partition): offset for partition, offset in wanted.items()}

    async def rewind(self, wanted: Mapping[int, int]) -> None:
        """Read again from the offsets of `wanted`; batches on their way are void."""
        held = {tp.partition for tp in self.assignment() if tp.topic == self.feed.topic}
        wanted = {partition: offset for partition, offset in wanted.items() if partition in held}
        if wanted:
            await self._thread.call_thread(self._seek_all, wanted)
            for partition, offset in wanted.items():
                self._read_offset[self._tp(partition)] = offset or None

    def forget(self, partitions: set[int]) -> None:
        """Void what is on its way: the partitions were revoked."""
        for partition in partitions:
            self.cursor.pop(partition, None)
            self.epoch[partition] = self.epoch.get(partition, 0) + 1

    async def _seek_all(self, wanted: Mapping[int, int]) -> None:  # in the consumer's thread
        assigned = self._inner().assignment()
        for partition, offset in wanted.items():
            tp = TopicPartition(self.feed.topic, partition)
            if tp not in assigned:  # the next assignment is on its way and seeks for itself
                continue
            self._inner().seek(tp, offset)
            self.cursor[partition] = offset
            self.epoch[partition] = self.epoch.get(partition, 0) + 1

    def _inner(self) -> Any:
        """The consumer of aiokafka inside; to be touched in the consumer's thread only."""
        return cast("_Thread", self._thread)._ensure_consumer()

    # -- batches

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's signature
        return await self._thread.call_thread(self._fetch, active_partitions, timeout)

    async def _fetch(self, active: set[TP], timeout: float) -> dict[TP, list[Batch]]:  # noqa: ASYNC109 - in the consumer's thread
        thread = cast("_Thread", self._thread)
        fetched = await thread._fetch_records(self._inner(), active, timeout=timeout, max_records=self.feed.limits.rows)
        chunks = self._chunks(fetched)  # no await until the cursors have moved: a seek may not come between
        batches = {self._tp(chunk.partition): list(self._cut(chunk)) for chunk in chunks}
        for chunk in chunks:
            await self._must_follow(chunk)
        return batches

    def _chunks(self, fetched: Mapping[TopicPartition, list[Record]]) -> list[Chunk]:
        """What lies between the cursors and where aiokafka stands now; moves the cursors."""
        chunks = []
        for partition, start in self.cursor.items():
            tp = TopicPartition(self.feed.topic, partition)
            self._note_end(tp)
            end = self._position(tp, start)
            if end != start:
                chunks.append(Chunk(partition, start, end, fetched.get(tp, ())))
        self.cursor.update((chunk.partition, chunk.end) for chunk in chunks)
        return chunks

    def _cut(self, chunk: Chunk) -> Iterator[Batch]:
        tp = TopicPartition(self.feed.topic, chunk.partition)
        log_end = max(chunk.end, self._inner().last_stable_offset(tp) or 0)
        for batch in cut(chunk, self.feed.limits, log_end, self.epoch[chunk.partition]):
            yield replace(batch, read=self.feed.read(batch.records))

    def _position(self, tp: TopicPartition, default: int) -> int:
        """Where aiokafka will fetch next; unlike its `position()` this never waits."""
        state = self._state(tp)
        return state.position if state is not None and state.has_valid_position else default

    def _note_end(self, tp: TopicPartition) -> None:
        state = self._state(tp)
        if state is not None and state.timestamp is not None:
            self.ends[tp.partition] = state.lso or 0, state.timestamp / 1000

    def _state(self, tp: TopicPartition) -> Any:
        """What aiokafka knows of a partition; None when it is not assigned."""
        assignment = self._inner()._subscription.subscription.assignment
        return assignment.state_value(tp) if assignment is not None else None

    async def _must_follow(self, chunk: Chunk) -> None:
        """Check that nothing was lost before the first record: out of range, aiokafka goes to the log's begin itself.

        Raises:
            LookAgain: something was, or the log was made anew, or the broker was not itself.
        """
        found = chunk.records[0].offset if chunk.records else chunk.end
        if found == chunk.start:
            return
        tp = TopicPartition(self.feed.topic, chunk.partition)
        first = (await self._inner().beginning_offsets([tp]))[tp]
        if found < chunk.start or first > chunk.start:
            expected = f"{tp.topic}[{tp.partition}]: expected offset {chunk.start}"
            raise LookAgain(f"{expected}, found {found} in a log that begins at {first}")

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        last_offset = record.end - 1
        seconds = record.records[-1].timestamp / 1000 if record.records else 0.0
        return ConsumerMessage(
            tp.topic, tp.partition, last_offset, seconds, 0, None, None, record, None, 0, 0, tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip


class _Transport(driver.Transport):
    Consumer = BatchConsumer


class NoProducer(BootStrategy):
    """Faust's start without its producer: the relay has its own."""

    enable_kafka_producer = False


class BatchApp(App):
    """A Faust app whose consumer hands over batches; `feed` must be set before it starts."""

    feed: Feed
    BootStrategy = NoProducer
    logger = FAUSTS

    def _new_transport(self) -> _Transport:
        return _Transport(self.conf.broker_consumer, self)

    @property
    def batches(self) -> BatchConsumer:
        return cast("BatchConsumer", self.consumer)
