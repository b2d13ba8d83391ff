"""`tocsin up` and `tocsin worker` as a user starts them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from streams.broker.embedded import EmbeddedKafka, running
from tests.conftest import CACHE
from tests.streams.line import ROOT, Worker, until

TOCSIN = [sys.executable, "-c", "from streams.cli.main import main; main()"]


def start(verb: str, folder: Path) -> Worker:
    log = folder / f"{verb}.log"
    given = {"TOCSIN_HOME": str(folder / "home"), "TOCSIN_CACHE": str(CACHE), "PYTHONPATH": str(ROOT)}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*TOCSIN, verb], env={**os.environ, **given}, cwd=folder, stdout=out, stderr=out, start_new_session=True
        )
    return Worker(process, log)


def kafkas_of(folder: Path) -> list[int]:
    """The processes that run a Kafka in this folder."""
    said = {it: (it / "cmdline").read_bytes() for it in Path("/proc").glob("[0-9]*") if (it / "cmdline").exists()}
    return [int(it.name) for it, line in said.items() if b"kafka.Kafka" in line and str(folder).encode() in line]


async def test_up_runs_a_kafka_and_a_worker_and_ctrl_c_ends_both(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    """Given an empty folder, when `tocsin up` gets ctrl-C, then Kafka and worker have run and are gone, exit 0."""
    assert kafka.is_alive()  # there is a Kafka to be had
    up = start("up", tmp_path)
    try:
        await until(lambda: any(entry["event"] == "partition opened" for entry in up.lines()), 60)
        broker = running(tmp_path / "home" / "kafka")

        os.killpg(up.process.pid, signal.SIGINT)  # as a terminal does: to every process of the group

        assert up.ends(15) == 0, up.said()
        assert broker is not None
        assert running(tmp_path / "home" / "kafka") is None
        assert (tmp_path / "home" / "p0.duckdb").exists()
    finally:
        up.process.kill()


async def test_a_kafka_that_dies_ends_up_and_no_setting_is_blamed(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    """Given `tocsin up`, when its Kafka is killed, then it says so and exits with 3: it is not a setting."""
    assert kafka.is_alive()
    up = start("up", tmp_path)
    try:
        await until(lambda: any(entry["event"] == "partition opened" for entry in up.lines()), 60)
        for process in kafkas_of(tmp_path):
            os.kill(process, signal.SIGKILL)

        assert up.ends(30) == 3, up.said()
        assert "Kafka died" in up.said()
    finally:
        up.process.kill()


def test_a_worker_without_any_broker_says_what_to_do(tmp_path: Path) -> None:
    """Given no broker in the folder and none named, when `tocsin worker` starts, then it exits with 2 and a hint."""
    worker = start("worker", tmp_path)

    assert worker.ends(15) == 2
    assert "`tocsin up` starts one, TOCSIN_BROKER names another" in worker.said()
