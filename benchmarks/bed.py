"""What a measure stands on: topics of its own on a real Kafka, a log to be filled, a worker process to be watched."""

import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from events.log import Written
from streams.broker.process import leashed
from streams.topics import Topics
from streams.worker.peek import reader

TOCSIN = "from streams.cli.main import main; main()"
TICKS = os.sysconf("SC_CLK_TCK")
Moved = Callable[[int], None]  # progress: so many more


@dataclass(frozen=True)
class Bed:
    """Topics of one partition, and the home of their worker."""

    servers: str
    home: Path
    topics: Topics = field(default_factory=lambda: Topics("bench"))

    @property
    def partition(self) -> TopicPartition:
        return TopicPartition(self.topics.events, 0)

    async def fill(self, records: Iterable[Written], moved: Moved) -> None:
        """Append records, some hundred at a time."""
        client = AIOKafkaProducer(bootstrap_servers=self.servers, max_batch_size=2**19, max_request_size=2**20)
        await client.start()
        try:
            for batch in _batches(client, records):
                count = batch.record_count()
                await (await client.send_batch(batch, self.topics.events, partition=0))
                moved(count)
        finally:
            await client.stop()

    async def end(self, topic: str | None = None) -> int:
        """The end of a topic's log, of the events' when none is named."""
        async with reader(self.servers) as consumer:
            tp = TopicPartition(topic or self.topics.events, 0)
            return int((await consumer.end_offsets([tp]))[tp])

    @asynccontextmanager
    async def alerts(self, start: int | None = None) -> AsyncIterator[AIOKafkaConsumer]:
        """A reader of committed alert messages, from an offset or from the end."""
        async with reader(self.servers) as consumer:
            tp = TopicPartition(self.topics.alerts, 0)
            consumer.assign([tp])
            consumer.seek(tp, (await consumer.end_offsets([tp]))[tp] if start is None else start)
            yield consumer

    def command(self, *arguments: str) -> list[str]:
        """A verb of tocsin, to be run as it would be on this line."""
        settings = {"broker": self.servers, "home": self.home, "prefix": self.topics.prefix, "partitions": 1}
        settings |= {"log_format": "json", "instance": "bench"}
        given = [f"TOCSIN_{name.upper()}={value}" for name, value in settings.items()]
        return ["/usr/bin/env", *given, sys.executable, "-c", TOCSIN, *arguments]

    @contextmanager
    def worker(self) -> Iterator["Worker"]:
        """A worker process; killed at the end, if it has not ended before."""
        self.home.mkdir(parents=True, exist_ok=True)
        log = self.home / f"worker-{time.monotonic_ns()}.log"
        began = time.perf_counter()
        process = leashed(self.command("worker"), log)
        try:
            yield Worker(process.pid, log, began, process.is_alive)
        finally:
            process.end(signal.SIGKILL)


def _batches(client: AIOKafkaProducer, records: Iterable[Written]) -> Iterator[Any]:
    batch = client.create_batch()
    for it in records:
        said = {"timestamp": it.timestamp, "key": it.key, "value": it.value, "headers": list(it.headers)}
        if batch.append(**said) is None:
            batch.close()
            yield batch
            batch = client.create_batch()
            batch.append(**said)
    batch.close()
    yield batch


class WorkerDied(Exception):
    """The worker ended before the measure did."""


@dataclass
class Worker:
    """A worker process, as its log and the kernel tell of it."""

    pid: int
    log: Path
    began: float  # perf_counter
    is_alive: Callable[[], bool]
    batches: list[dict[str, Any]] = field(default_factory=list)  # the lines "batch applied"
    _read: int = 0

    def look(self) -> list[dict[str, Any]]:
        """The batches that it has applied since the last look."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            lines = file.read().split(b"\n")
        self._read += sum(len(line) + 1 for line in lines[:-1])
        said = [json.loads(line) for line in lines[:-1] if line.startswith(b"{")]
        new = [line for line in said if line["event"] == "batch applied"]
        self.batches += new
        return new

    def applied(self, end: int, moved: Moved, pause: float = 0.05) -> None:
        """Wait until the checkpoint is at `end`.

        Raises:
            WorkerDied: it never will be.
        """
        while not self.batches or self.batches[-1]["end"] < end:
            if not self.is_alive():
                raise WorkerDied(self.log.read_text()[-2000:])
            time.sleep(pause)
            moved(sum(line["end"] - line["start"] for line in self.look()))

    def cpu(self) -> float:
        """Seconds of processor time, all threads, with those of the processes that it began."""
        stats = [stat.rpartition(")")[2].split() for stat in self._family("stat")]
        return sum(int(spent) for stat in stats for spent in stat[11:15]) / TICKS

    def memory(self) -> float:
        """The most that it and the processes that it began ever had in memory, each on its own, MB."""
        most = [it.partition("VmHWM:")[2].split()[0] for it in self._family("status") if "VmHWM:" in it]
        return sum(map(int, most)) * 1024 / 1e6

    def _family(self, what: str) -> Iterator[str]:
        """What the kernel says of the process and of those that it began, as far as they are still there."""
        for it in (self.pid, *children(self.pid)):
            with suppress(OSError):
                yield Path(f"/proc/{it}/{what}").read_text()


def children(pid: int) -> Iterator[int]:
    """The processes that a process began and that are still there."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, task.read_text().split())


def when(line: dict[str, Any]) -> float:
    """When a line was logged, seconds since the epoch."""
    return datetime.fromisoformat(line["timestamp"]).timestamp()
