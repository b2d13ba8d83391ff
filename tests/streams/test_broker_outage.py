"""The broker is missing, dies, comes back: the worker waits and goes on."""

from pathlib import Path

from streams.broker.embedded import EmbeddedKafka
from streams.topics import Topics
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
