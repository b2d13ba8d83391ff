"""The broker is missing, dies, comes back: the worker waits and goes on."""

import os
import subprocess
import sys
from pathlib import Path

from aiokafka import AIOKafkaProducer

from streams.broker.embedded import EmbeddedKafka
from streams.topics import Topics, create
from tests.streams.line import Line, Store, Worker, ended, until


def _said(worker: Worker, event: str, logger: str = "") -> int:
    return sum(entry["event"] == event and logger in entry["logger"] for entry in worker.lines())


async def test_a_worker_waits_for_a_broker_that_is_missing_or_dies(
    own_kafka: EmbeddedKafka, topics: Topics, tmp_path: Path, store: Store
) -> None:
    """Given a worker without a broker, when that comes, dies and comes back, then nothing is lost or twice."""
    line = Line(own_kafka.bootstrap, topics, tmp_path / "home", store)
    own_kafka.stop()

    with ended(line):
        worker = line.start()
        await until(lambda: _said(worker, "waiting for the broker") > 0, line=line)
        own_kafka.start()
        await line.append(store.writes(0, 400))
        await until(lambda: sum(line.applied().values()) >= 400, line=line)
        await line.append(store.writes(1_000, 400))
        own_kafka.kill()
        await until(lambda: _said(worker, "waiting for the broker", "away") > 0, line=line)
        own_kafka.start()
        await until(lambda: _said(worker, "the broker is back") > 0, line=line)
        await line.append(store.writes(5_000, 200))
        await line.settled(60)

        said = next(entry for entry in worker.lines() if entry["event"] == "waiting for the broker")
        assert said["servers"] == own_kafka.bootstrap
        assert worker.process.poll() is None
        await line.must_be_exact()


async def test_a_worker_without_a_broker_can_be_stopped(
    own_kafka: EmbeddedKafka, topics: Topics, tmp_path: Path, store: Store
) -> None:
    """Given a worker whose broker has died, when it gets SIGTERM, then it ends well within five seconds."""
    line = Line(own_kafka.bootstrap, topics, tmp_path / "home", store)

    with ended(line):
        worker = line.start()
        await until(lambda: _said(worker, "partition opened") > 0, line=line)
        await line.append(store.writes(0, 400))
        own_kafka.kill()
        worker.process.terminate()

        assert worker.ends(5.0) == 0


def watch(kafka: EmbeddedKafka, topics: Topics, seen: Path, said: Path) -> "subprocess.Popen[bytes]":
    """`tocsin watch` until two messages, its output and what it says in files."""
    where = {"TOCSIN_BROKER": kafka.bootstrap, "TOCSIN_PREFIX": topics.prefix, "PYTHONUNBUFFERED": "1"}
    command = [Path(sys.executable).with_name("tocsin"), "watch", "--from-beginning", "--json", "--count", "2"]
    with seen.open("wb") as out, said.open("wb") as err:
        return subprocess.Popen(command, env={**os.environ, **where}, stdout=out, stderr=err)


async def test_who_watches_is_told_that_the_broker_is_away(
    own_kafka: EmbeddedKafka, topics: Topics, tmp_path: Path
) -> None:
    """Given somebody who watches, when the broker dies and comes back, then both are told, and the watch goes on."""
    await create(own_kafka.bootstrap, topics, 1)
    seen, said = tmp_path / "seen", tmp_path / "said"

    async def tell() -> None:
        async with AIOKafkaProducer(bootstrap_servers=own_kafka.bootstrap) as producer:
            await producer.send_and_wait(topics.alerts, b"{}", partition=0)

    watching = watch(own_kafka, topics, seen, said)
    try:
        await tell()
        await until(lambda: len(seen.read_text().splitlines()) == 1)
        own_kafka.kill()
        await until(lambda: "waiting for the broker" in said.read_text())
        own_kafka.start()
        await until(lambda: "the broker is back" in said.read_text())
        await tell()
        assert watching.wait(30) == 0
    finally:
        watching.kill()

    assert len(seen.read_text().splitlines()) == 2
