"""`tocsin demo` as a newcomer runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOCSIN = Path(sys.executable).with_name("tocsin")


def demo(home: Path) -> str:
    environment = {**os.environ, "TOCSIN_HOME": str(home), "COLUMNS": "200"}
    done = subprocess.run([TOCSIN, "demo"], env=environment, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_says_nothing_of_a_kafka_that_does_not_answer(tmp_path: Path) -> None:
    """Given a broker that is not there, when the demo runs, then exit 2; it never said that a Kafka runs."""
    environment = {**os.environ, "TOCSIN_HOME": str(tmp_path / "home"), "TOCSIN_BROKER": "127.0.0.1:1"}
    done = subprocess.run([TOCSIN, "demo"], env=environment, capture_output=True, text=True, check=False, timeout=110)

    assert (done.returncode, done.stdout) == (2, "")
    assert "no Kafka answers at 127.0.0.1:1" in done.stderr
    assert "Kafka runs" not in done.stderr


@pytest.mark.usefixtures("kafka")  # skipped where none can be had; the demonstration starts its own
def test_the_demo_shows_the_same_again(tmp_path: Path) -> None:
    """Given an empty home, when the demo runs twice, then it shows the same five things both times."""
    first = demo(tmp_path / "home")
    second = demo(tmp_path / "home")

    assert [line.split("  (")[0] for line in first.splitlines() if line.startswith("== ")] == [
        "== The timeline, by document, as it became known",
        "== Standing incidents per base",
        "== Escalation counters by month",
        "== Alerts and their evidence",
        "== Next",
    ]
    assert first.count("published") == 5
    assert "ain-al-asad      IQ       attack          3" in first
    assert "open" in first
    assert "inc-2023-11-09-asad" in first.split("== Alerts")[1]
    assert "tocsin up" in first.split("== Next")[1]
    assert second == first
