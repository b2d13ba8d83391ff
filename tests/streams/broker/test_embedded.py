"""The embedded Kafka on this machine, for real: started, killed, started again, fought over."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from events.errors import ConfigInvalid
from streams.broker.embedded import EmbeddedKafka, running
from streams.broker.errors import BrokerFailed, FolderBusy
from streams.broker.install import _class_cache_name, install
from streams.broker.jars import LOCK
from streams.broker.locks import FolderLock
from streams.broker.ready import answers, free_port
from streams.broker.which import broker_of, folder_of
from streams.reading.published import broker_here
from streams.settings import load_settings
from streams.topics import Topics, create

STEADY = 20  # answers in a row: one that comes back answers, is left out by the controller, and comes back
STARTER = """
import sys, time
from pathlib import Path
from streams.broker.embedded import EmbeddedKafka
kafka = EmbeddedKafka(Path(sys.argv[1]), cache=Path(sys.argv[2])).start()
print(kafka.bootstrap, flush=True)
time.sleep(60)
"""


async def append(bootstrap: str, topic: str, *values: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    async with consumer:
        consumer.assign([TopicPartition(topic, 0)])
        return [(await consumer.getone()).value for _ in range(count)]


async def test_what_was_acknowledged_survives_a_killed_broker(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given an event, when the broker is killed and started, and restarted, then it is there, same address."""
    before = own_kafka.bootstrap
    await create(before, topics)
    await append(before, topics.events, b"one")

    own_kafka.kill()
    assert not answers(own_kafka.port or 0)
    own_kafka.start()
    await append(own_kafka.bootstrap, topics.events, b"two")
    own_kafka.restart()

    assert own_kafka.bootstrap == before
    assert await read(before, topics.events, 2) == [b"one", b"two"]


def test_a_folder_has_one_broker(kafka: EmbeddedKafka) -> None:
    """Given a running broker, when a second is started in its folder, then it says who owns it; the first lives."""
    with pytest.raises(FolderBusy, match=f"in use by process {os.getpid()}"):
        EmbeddedKafka(kafka.folder, cache=kafka.cache).start()

    assert running(kafka.folder) == kafka.bootstrap


def test_a_broker_dies_with_its_process(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    """Given a process that runs a broker, when it is killed -9, then the broker is gone and its folder is free."""
    command = [sys.executable, "-c", STARTER, str(tmp_path), str(kafka.cache)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        address = owner.stdout.readline().strip()
        assert running(tmp_path) == address

        owner.kill()

    with EmbeddedKafka(tmp_path, cache=kafka.cache) as next_one:
        assert next_one.bootstrap == address


def test_the_verb_broker_ends_cleanly_on_ctrl_c(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    """Given `tocsin broker`, when ctrl-C comes, then it leaves with 0, and no broker is left behind."""
    environment = {**os.environ, "TOCSIN_HOME": str(tmp_path), "TOCSIN_CACHE": str(kafka.cache)}
    command = [Path(sys.executable).with_name("tocsin"), "broker"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as verb:
        assert verb.stdout
        address = verb.stdout.readline().strip()
        assert running(tmp_path / "kafka") == address

        verb.send_signal(signal.SIGINT)
        assert verb.wait(30) == 0

    assert running(tmp_path / "kafka") is None


@pytest.mark.parametrize("content", [b"nonsense", "half"], ids=["nonsense", "half of the real one"])
def test_an_unusable_class_cache_does_not_keep_a_broker_from_starting(
    kafka: EmbeddedKafka, tmp_path: Path, content: bytes | str
) -> None:
    """Given a class cache that is none, when a broker starts, then it answers all the same."""
    home = tmp_path / "cache" / LOCK.stem
    home.mkdir(parents=True)
    good = install(kafka.cache)
    for jar in good.jars:
        (home / jar.name).hardlink_to(jar)
    moved = type(good)(good.java, tuple(home / jar.name for jar in good.jars))
    real = good.aot.read_bytes() if good.aot else b""
    (home / _class_cache_name(moved)).write_bytes(content if isinstance(content, bytes) else real[: len(real) // 2])

    with EmbeddedKafka(tmp_path / "kafka", cache=tmp_path / "cache") as broker:
        assert answers(broker.port or 0)


def test_a_port_that_is_taken_is_refused_if_it_was_asked_for(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    """Given a port in use, when a broker is to have it, then it is named; if only remembered, another is taken."""
    with pytest.raises(BrokerFailed, match=f"port {kafka.port} is taken"):
        EmbeddedKafka(tmp_path, cache=kafka.cache, port=kafka.port).start()

    (tmp_path / "bootstrap").write_text(f"{kafka.bootstrap}\n")
    with EmbeddedKafka(tmp_path, cache=kafka.cache) as broker:
        assert broker.port != kafka.port


def test_the_named_broker_is_used_else_the_running_one_else_one_for_now(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    """Given settings, when a verb needs a broker, then it gets the right one, and ends only what it started."""
    of_this_home = load_settings(home=tmp_path, cache=kafka.cache)

    with broker_of(load_settings(broker="elsewhere:9092")) as address:
        assert address == "elsewhere:9092"
    with broker_of(of_this_home) as started, broker_of(of_this_home) as found:
        assert found == started
    assert running(folder_of(of_this_home)) is None


def test_a_broker_that_hangs_for_a_while_comes_back(own_kafka: EmbeddedKafka) -> None:
    """Given a broker stopped for longer than its session, when it goes on, then it answers again."""
    node = own_kafka._node
    assert node
    os.kill(node.pid, signal.SIGSTOP)
    time.sleep(3)  # longer than broker.session.timeout.ms
    os.kill(node.pid, signal.SIGCONT)

    end, in_a_row = time.monotonic() + 30, 0
    while in_a_row < STEADY and time.monotonic() < end:
        time.sleep(0.05)
        in_a_row = in_a_row + 1 if answers(own_kafka.port or 0) else 0
    assert in_a_row == STEADY


def test_nobody_is_running_where_nothing_is(tmp_path: Path) -> None:
    """Given an empty folder, or one with a remembered port, when asked who runs there, then nobody does."""
    assert running(tmp_path) is None

    (tmp_path / "bootstrap").write_text(f"127.0.0.1:{free_port()}\n")
    assert running(tmp_path) is None


def test_a_broker_that_was_begun_and_does_not_answer_yet_is_not_taken_for_none(tmp_path: Path) -> None:
    """Given a home in which a Kafka is starting, when a verb needs it, then that is said; `tocsin up` is no help."""
    settings, lock = load_settings(home=tmp_path), FolderLock(tmp_path / "kafka" / "lock")
    lock.acquire()

    with pytest.raises(ConfigInvalid, match=r"a Kafka was begun in .* and does not answer: it is starting"):
        broker_here(settings)

    lock.release()
    with pytest.raises(ConfigInvalid, match=r"no Kafka runs in .*`tocsin up` starts one"):
        broker_here(settings)
