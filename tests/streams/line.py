"""A line under test: fresh topics on a real broker, worker processes over a store, and whether all is exact.

Exact means: each file holds what an offline fold of the same log holds, and on the wire stands what that fold would
send, in its order, each message once. The store is an argument (`Store`), so that the same tests run over the toy and
over the real one.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition

from streams import topics as topic_admin
from streams.topics import Topics
from streams.worker.partitions import Projection
from streams.worker.peek import reader
from streams.worker.wire import POSITION

ROOT = Path(__file__).parents[2]


class Sent(NamedTuple):
    """A message on the wire, as far as it must be the same."""

    value: bytes
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp: int


class Write(NamedTuple):
    """What a test appends."""

    value: bytes | None
    key: bytes | None = b"k"
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp: int | None = None


@dataclass(frozen=True)
class Store:
    """What the workers are made of."""

    command: list[str]
    projection: Callable[[Path], Projection]
    contents: Callable[[Any], Any]  # of an open file, to be compared
    writes: Callable[[int, int], Sequence[Write]]  # first, how many: numbered events, some with alerts, some bad


@dataclass
class Worker:
    """A worker process. Its log lines are JSON."""

    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def said(self) -> str:
        """What it told people, beside the log."""
        return "\n".join(line for line in self.log.read_text().splitlines() if not line.startswith("{"))

    def ends(self, timeout: float = 30.0) -> int:
        return self.process.wait(timeout)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.ends()


@dataclass
class Line:
    servers: str
    topics: Topics
    home: Path
    store: Store
    partitions: int = 2
    workers: list[Worker] = field(default_factory=list)

    async def open(self) -> None:
        await topic_admin.create(self.servers, self.topics, self.partitions)

    def start(self, member: str = "a", **more: str) -> Worker:
        """Start a worker; `more` are settings of its own."""
        log = self.home.parent / f"{self.topics.prefix}-{len(self.workers)}-{member}.log"
        settings = {
            "broker": self.servers,
            "home": str(self.home),
            "prefix": self.topics.prefix,
            "group": self.topics.prefix,
            "partitions": str(self.partitions),
            "instance": member,
            "snapshot_every": "PT0.3S",
            "log_format": "json",
            **more,
        }
        given = {f"TOCSIN_{name.upper()}": value for name, value in settings.items()}
        with log.open("wb") as out:
            process = subprocess.Popen(
                self.store.command, env={**os.environ, **given, "PYTHONPATH": str(ROOT)}, stdout=out, stderr=out
            )
        self.workers.append(Worker(process, log))
        return self.workers[-1]

    async def append(self, writes: Iterable[Write], *, then: str = "commit", transactional: str | None = None) -> None:
        """Append round robin over the partitions; with a transactional id as one transaction, ending as `then` says."""
        producer = AIOKafkaProducer(bootstrap_servers=self.servers, linger_ms=5, transactional_id=transactional)
        await producer.start()
        try:
            if transactional:
                await producer.begin_transaction()
            for i, write in enumerate(writes):
                await producer.send(
                    self.topics.events,
                    write.value,
                    write.key,
                    i % self.partitions,
                    write.timestamp,
                    list(write.headers),
                )
            await producer.flush()
            if transactional:
                await (producer.commit_transaction() if then == "commit" else producer.abort_transaction())
        finally:
            await producer.stop()

    def applied(self) -> dict[int, int]:
        """Partition -> checkpoint, as far as the workers have said."""
        reached: dict[int, int] = {}
        for worker in self.workers:
            for line in worker.lines():
                at = {"batch applied": "end", "partition opened": "next_offset"}.get(line["event"])
                if at:
                    reached[line["partition"]] = max(reached.get(line["partition"], 0), line[at])
        return reached

    async def ends(self) -> dict[int, int]:
        """Partition -> the end of its log for readers of committed records."""
        async with reader(self.servers) as consumer:
            found = await consumer.end_offsets([TopicPartition(self.topics.events, p) for p in range(self.partitions)])
        return {tp.partition: end for tp, end in found.items()}

    async def settled(self, patience: float = 60.0) -> None:
        """Wait until everything is applied and everything is sent."""
        ends = await self.ends()
        await until(self._all_started, patience, self)
        await until(lambda: self.applied().items() >= ends.items(), patience, self)
        await until_true(self._all_sent, patience, self)

    def _all_started(self) -> bool:
        alive = [worker for worker in self.workers if worker.process.poll() is None]
        return all(any(line["event"] == "worker started" for line in worker.lines()) for worker in alive)

    async def _all_sent(self) -> bool:
        wire = await self.wire()
        return all(len(wire.get(where, [])) >= len(sent) for where, sent in (await self.expected_wire()).items())

    async def log(self) -> dict[int, list[Any]]:
        """The log by partition."""
        return await self.read(self.topics.events)

    async def wire(self) -> dict[tuple[str, int], list[Sent]]:
        """What stands on the outgoing topics, by topic and partition."""
        names = [name for name in self.topics.configs() if name not in (self.topics.events, self.topics.relay)]
        found: dict[tuple[str, int], list[Sent]] = {}
        for name in names:
            for partition, records in (await self.read(name)).items():
                found[name, partition] = [Sent(r.value, r.key, tuple(r.headers), r.timestamp) for r in records]
        return {where: sent for where, sent in found.items() if sent}

    async def expected_wire(self) -> dict[tuple[str, int], list[Sent]]:
        return (await self._fold())[1]

    async def must_be_exact(self) -> None:
        """Stop the workers that still run, then compare files and wire with an offline fold of the log."""
        for worker in self.workers:
            if worker.process.poll() is None:
                assert worker.stop() == 0, worker.said()
        contents, sent = await self._fold()
        projection = self.store.projection(self.home)
        for partition, expected in contents.items():
            file = projection.open(partition, self.partitions)
            assert self.store.contents(file) == expected, f"partition {partition}"
            assert not file.unsent(10), f"partition {partition} has unsent messages"
            file.close()
        assert await self.wire() == sent

    async def _fold(self) -> tuple[dict[int, Any], dict[tuple[str, int], list[Sent]]]:
        """What an offline fold of the log holds, and what it would send."""
        log, ends = await self.log(), await self.ends()
        folder = self.home.parent / f"offline-{time.monotonic_ns()}"
        projection = self.store.projection(folder)
        contents, sent = {}, {}
        for partition in range(self.partitions):
            file = projection.open(partition, self.partitions)
            projection.apply(file, projection.read(log.get(partition, [])), 0, ends[partition])
            contents[partition] = self.store.contents(file)
            for message in file.unsent(1_000_000):
                position = (POSITION, f"{message.offset}/{message.seq}".encode())
                one = Sent(message.value, message.key, (*message.headers, position), message.timestamp)
                for suffix in message.topics:
                    sent.setdefault((f"{self.topics.prefix}.{suffix}", partition), []).append(one)
            file.close()
        return contents, sent

    async def read(self, topic: str) -> dict[int, list[Any]]:
        """The committed records of a topic by partition."""
        async with reader(self.servers) as consumer:
            tps = [TopicPartition(topic, p) for p in range(self.partitions)]
            consumer.assign(tps)
            ends = await consumer.end_offsets(tps)
            for tp in tps:
                consumer.seek(tp, 0)
            records: dict[int, list[Any]] = {}
            while any([await consumer.position(tp) < ends[tp] for tp in tps]):
                for tp, found in (await consumer.getmany(timeout_ms=100)).items():
                    records.setdefault(tp.partition, []).extend(found)
        return records


@contextmanager
def ended(line: Line) -> Iterator[Line]:
    """No worker of the line outlives the test; when the test fails, their logs are shown."""
    try:
        yield line
    except BaseException:
        for worker in line.workers:
            sys.stderr.write(f"--- {worker.log.name}: {worker.process.poll()}\n{worker.log.read_text()[-4000:]}\n")
        raise
    finally:
        for worker in line.workers:
            if worker.process.poll() is None:
                worker.kill()


async def until(condition: Callable[[], bool], patience: float = 60.0, line: Line | None = None) -> None:
    """Wait for a condition; a worker that dies meanwhile is not waited for."""

    async def asked() -> bool:
        return condition()

    await until_true(asked, patience, line)


async def until_true(condition: Callable[[], Any], patience: float = 60.0, line: Line | None = None) -> None:
    async with asyncio.timeout(patience):
        while not await condition():
            if line and all(worker.process.poll() is not None for worker in line.workers):
                raise AssertionError("every worker has ended")
            await asyncio.sleep(0.05)
