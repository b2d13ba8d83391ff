"""The relay: committed messages of one partition's file onto the wire, each once.

A transactional producer per source partition, whose id is the partition's: a new owner fences the last one. Every
transaction also writes how far it got to the relay topic, so that a crash, a takeover or a file rebuilt from the log
sends nothing twice. Messages of partition p go to partition p of every topic, in the order (offset, seq). Theory and
measurements: docs/adr/0004, and 0028 of what a broker's death does to a transaction.
"""

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from events.errors import LogChanged, ProjectionHalted
from streams.security import connection
from streams.topics import MAX_LETTER_BYTES
from streams.worker.away import is_away, waits
from streams.worker.crash import Reached
from streams.worker.line import Line
from streams.worker.partitions import File, Message, Partitions
from streams.worker.wire import BEFORE_ALL, POSITION, Position, Wire, wire_of

AT_ONCE = 500  # messages in one transaction; an alert that comes alone goes alone, at once
TRANSACTION_MS = 60_000  # the broker ends a transaction after that and fences its producer, although nobody took over

log = structlog.get_logger()


class PartitionTaken(ProjectionHalted):
    """Another worker sends this partition's messages now."""


class RelayBroken(ProjectionHalted):
    """Messages can not be sent, and a new producer did not help."""


class Relay:
    """Sends the messages of one held partition until it is told to stop."""

    def __init__(self, line: Line, partition: int, partitions: Partitions, reached: Reached) -> None:
        self.line, self.partition = line, partition
        self._partitions = partitions
        self._file: File = partitions.files[partition]
        self._reached = reached
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()
        self._sent = False  # whether the producer in use has sent anything
        self._there: Mapping[str, Position] = {}  # topic -> the last message that was there before this producer
        self._began = 0.0  # when the transaction in flight did; monotonic seconds

    def wake(self) -> None:
        """Look for messages: some were committed."""
        self._wake.set()

    def stop(self) -> None:
        """End after the transaction in flight."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped. The broker may go and come back; any other failure is forgiven once.

        Raises:
            PartitionTaken: another worker has fenced this one.
            RelayBroken: a second producer failed before it had sent anything.
            LogChanged: the relay topic knows less than the file.
        """
        chances, pauses = 1, waits()
        while not self._stopping.is_set():
            try:
                await self._send_with_new_producer()
            except (KafkaError, ConnectionError, TimeoutError) as error:
                self._must_not_be_fenced(error)
                chances, pauses = (1, waits()) if self._sent else (chances, pauses)
                chances -= not is_away(error)
                if chances < 0:
                    raise RelayBroken(f"partition {self.partition}: messages can not be sent: {error!r}") from error
                await self._pause(next(pauses), error)

    def _must_not_be_fenced(self, error: Exception) -> None:
        if isinstance(error, ProducerFenced) and time.monotonic() - self._began < TRANSACTION_MS / 1000:
            where = f"{self.line.topics.events}[{self.partition}]"
            raise PartitionTaken(f"{where}: another worker sends its messages now and has fenced ours") from error

    async def _pause(self, seconds: float, error: Exception) -> None:
        event = "waiting for the broker" if is_away(error) else "taking a new producer"
        log.warning(event, servers=self.line.servers, partition=self.partition, error=repr(error), seconds=seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _send_with_new_producer(self) -> None:
        self._sent, self._began = False, time.monotonic()
        producer = AIOKafkaProducer(
            **connection(self.line.servers),
            transactional_id=f"{self.line.topics.relay}-{self.partition}",
            transaction_timeout_ms=TRANSACTION_MS,
            max_request_size=MAX_LETTER_BYTES,
            acks="all",
            linger_ms=0,
        )
        try:
            await producer.start()  # fences every earlier producer of this partition
            async with wire_of(self.line.servers, self.line.topics, self.partition) as wire:
                await wire.clear(producer)
                self._there = await wire.reached()
                self._agree()
                await self._send_all(producer, wire)
        finally:
            await producer.stop()

    def _agree(self) -> None:
        """Tell the file what is on the wire already.

        Raises:
            LogChanged: the file knows of more than the wire has.
        """
        topic = self.line.topics.relay
        wire, known = self._there.get(topic), self._file.relay_position
        if known and (wire is None or wire < known):
            expected = f"{topic}[{self.partition}]: expected at least position {known}, found {wire}"
            remedy = "Restore it, or delete the file: then all that the topics lack is sent"
            raise LogChanged(f"{expected}: the topic was lost or made anew. {remedy}")
        if wire and wire != known:
            self._file.mark_sent(*wire)

    async def _send_all(self, producer: AIOKafkaProducer, wire: Wire) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            messages = self._file.waiting()
            if messages is None:
                messages = await self._partitions.run(self._file.unsent, AT_ONCE)
            if those := messages[:AT_ONCE]:
                self._began = time.monotonic()
                await self._send(producer, wire, those)
                self._mark(those[-1])
            else:
                await self._wake.wait()

    async def _send(self, producer: AIOKafkaProducer, wire: Wire, messages: Sequence[Message]) -> None:
        """Put messages and position on the wire in one transaction, which is over when it can be read."""
        async with producer.transaction():
            sent = [await future for message in messages for future in self._copies(producer, message)]
            key, position = str(self.partition).encode(), _position(messages[-1])
            headers = [(POSITION, position)]
            relay = self.line.topics.relay
            sent.append(await producer.send(relay, position, key=key, partition=self.partition, headers=headers))
            records = await asyncio.gather(*sent)
            self._reached("in-relay-send")
        self._reached("after-kafka-commit")
        await wire.readable(records)
        self._sent = True

    def _copies(
        self, producer: AIOKafkaProducer, message: Message
    ) -> Iterator[Coroutine[Any, Any, asyncio.Future[Any]]]:
        """One send for each topic of a message that does not have it."""
        headers = [*message.headers, (POSITION, _position(message))]
        names = [f"{self.line.topics.prefix}.{suffix}" for suffix in message.topics]
        for name in (it for it in names if self._there.get(it, BEFORE_ALL) < (message.offset, message.seq)):
            yield producer.send(
                name,
                message.value,
                key=message.key,
                partition=self.partition,
                timestamp_ms=message.timestamp,
                headers=headers,
            )

    def _mark(self, last: Message) -> None:
        self._reached("before-mark-sent")
        self._file.mark_sent(last.offset, last.seq)


def _position(message: Message) -> bytes:
    return f"{message.offset}/{message.seq}".encode()
