"""Reading beside a worker that writes: waiting for the log, following the alerts, telling whether the line lives."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from streams.settings import Settings

TOCSIN = Path(sys.executable).with_name("tocsin")


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """What every process of this test's line is told."""
    given = {
        "broker": settings.broker,
        "home": settings.home,
        "prefix": settings.prefix,
        "group": settings.group,
        "partitions": 2,
        "snapshot_every": "PT0.3S",
    }
    return {**os.environ, **{f"TOCSIN_{name.upper()}": str(value) for name, value in given.items()}}


@pytest.fixture
def worker(environment: Mapping[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of this test's own."""
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen([TOCSIN, "worker"], env=environment, stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()


def tocsin(environment: Mapping[str, str], *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [TOCSIN, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=90
    )
    assert done.returncode == code, done.stderr
    return done


def listed(environment: Mapping[str, str], *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(tocsin(environment, *arguments, "--json", code=code).stdout)
    return rows


@pytest.mark.usefixtures("worker")
def test_wait_lists_what_is_in_the_log_now(environment: dict[str, str]) -> None:
    """Given a replay that has just ended, when a verb waits, then it lists all that was replayed."""
    tocsin(environment, "replay", "iraq-syria", "--tick", "none")

    assert sum(row["incidents"] for row in listed(environment, "tallies", "--wait")) == 26


def test_wait_gives_up_and_says_where_it_stands(environment: dict[str, str]) -> None:
    """Given a log that nobody applies, when a verb waits, then it ends with exit 1 and says what is missing."""
    tocsin(environment, "replay", "iraq-syria", "--tick", "none")

    said = tocsin(environment, "tallies", "--wait", "--patience", "0.2", code=1).stderr

    assert "expected everything below" in said
    assert "tocsin status" in said


@pytest.mark.usefixtures("worker")
def test_watch_shows_every_message_once_in_order(environment: dict[str, str]) -> None:
    """Given a replayed theatre, when its alert topic is watched from the beginning, then it is the file's history."""
    tocsin(environment, "replay", "iraq-syria", "--tick", "1d")
    told = listed(environment, "alerts", "--messages", "--wait")

    everything = ["watch", "--from-beginning", "--count", str(len(told))]
    seen = [json.loads(line) for line in tocsin(environment, *everything, "--json").stdout.splitlines()]
    lines = tocsin(environment, *everything).stdout.splitlines()
    idle = tocsin(environment, "watch", "--severity", "critical", "--until-idle", "0.5").stdout

    assert [it["message_id"] for it in seen] == [it["message_id"] for it in told]
    assert [line.split()[1] for line in lines] == [it["kind"] for it in told]
    assert idle == ""


def test_watch_ends_well_on_ctrl_c(environment: dict[str, str]) -> None:
    """Given a watch, when ctrl-C is pressed, then it ends at once with exit 0 and says nothing."""
    tocsin(environment, "topics", "create", "--partitions", "2")
    process = subprocess.Popen([TOCSIN, "watch"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(2)  # for it to begin; there is nothing that it could say then

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (0, b"", b"")


def test_watch_ends_when_its_reader_is_gone(environment: dict[str, str]) -> None:
    """Given a watch of a topic on which nothing comes, when the reader of its stdout goes, then it ends, exit 0."""
    tocsin(environment, "topics", "create", "--partitions", "2")
    process = subprocess.Popen([TOCSIN, "watch"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None

    process.stdout.close()

    assert (process.wait(timeout=20), process.stderr.read()) == (0, b"")
    process.stderr.close()


def test_the_status_tells_a_line_that_lives_from_one_that_died(
    environment: dict[str, str], worker: subprocess.Popen[bytes]
) -> None:
    """Given a line, when its worker is killed, then the status goes from 0 to 1 and says whose worker is gone."""
    tocsin(environment, "replay", "iraq-syria", "--tick", "none", "--wait")
    alive = listed(environment, "status")

    worker.kill()
    worker.wait()
    dead = listed(environment, "status", code=1)

    assert [(it["holder"], it["lag"], it["unsent"], it["problem"]) for it in alive] == [("here", 0, 0, None)] * 2
    assert sum(it["open_alerts"] for it in alive) > 0
    assert all(it["file_bytes"] and it["snapshot_bytes"] for it in alive)
    assert {it["problem"] for it in dead} == {"its worker is gone"}


def test_the_status_tells_a_line_that_stands_still(
    environment: dict[str, str], worker: subprocess.Popen[bytes]
) -> None:
    """Given a worker that is stopped without being ended, when there is something to apply, then the line is stuck."""
    tocsin(environment, "replay", "iraq-syria", "--tick", "none", "--to", "2023-11-10", "--wait")
    worker.send_signal(signal.SIGSTOP)

    tocsin(environment, "replay", "iraq-syria", "--tick", "none", "--from", "2023-11-10")
    stuck = [it for it in listed(environment, "status", code=1) if it["lag"]]
    worker.send_signal(signal.SIGCONT)

    assert len(stuck) == 1
    assert stuck[0]["problem"].startswith("stuck: ")
