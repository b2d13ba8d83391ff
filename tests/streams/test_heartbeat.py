"""The dead man's switch: it beats while the worker lives, and falls silent when it hangs or dies."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from events.errors import ConfigInvalid
from streams.reading.heartbeats import beats
from streams.settings import load_settings
from streams.worker.heartbeat import CALL_EVERY_S, Heartbeat, called
from streams.worker.vitals import Patience, Vitals
from tests.streams.line import Line, until

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOCSIN = Path(sys.executable).with_name("tocsin")


def well(vitals: Vitals) -> Vitals:
    """A worker that does its work."""
    vitals.broker_reached()
    vitals.assigned()
    vitals.opened(0, 7)
    vitals.heard(0, 7, ago=0.0)
    return vitals


def waited(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_worker_that_lives_writes_its_file_anew(tmp_path: Path) -> None:
    """Given a worker that does its work, when time passes, then its file is another one, whole each time."""
    path = tmp_path / "heartbeats" / "a.json"
    with Heartbeat(path, well(Vitals()), every=0.02):
        waited(path.exists)
        first = json.loads(path.read_text())
        waited(lambda: json.loads(path.read_text())["at"] > first["at"])

    assert (first["member"], first["ready"], first["faults"], first["checkpoints"]) == ("a", True, [], {"0": 7})
    assert not path.exists()


def test_a_worker_that_hangs_falls_silent(tmp_path: Path) -> None:
    """Given a loop that does not turn, when the file is read, then it was not written since, and stays so."""
    path = tmp_path / "a.json"
    with Heartbeat(path, well(Vitals(Patience(loop=0.2))), every=0.02):
        waited(path.exists)
        time.sleep(0.4)  # nobody leaves the loop's sign: after 0.2 s it counts as wedged
        last = path.read_text()
        time.sleep(0.2)  # ten beats
        assert path.read_text() == last


def test_that_a_worker_got_ready_is_told_soon(tmp_path: Path) -> None:
    """Given a worker that just started and beats every hour, when it gets ready, then its file says so in a second."""
    path, vitals = tmp_path / "a.json", Vitals()
    with Heartbeat(path, vitals, every=3600.0):
        waited(path.exists)
        assert not json.loads(path.read_text())["ready"]
        well(vitals)
        waited(lambda: json.loads(path.read_text())["ready"])


def test_a_worker_that_fails_leaves_its_file_to_grow_old(tmp_path: Path) -> None:
    """Given a worker that halts, when it has ended, then the file is still there: the silence is to be noticed."""
    path = tmp_path / "a.json"
    beating = Heartbeat(path, well(Vitals()), every=0.02).__enter__()
    waited(path.exists)

    beating.__exit__(ZeroDivisionError, ZeroDivisionError(), None)

    assert path.exists()


@pytest.fixture
def watcher() -> Iterator[tuple[str, list[str]]]:
    """A service on loopback that notes who calls."""
    calls: list[str] = []

    class Notes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Notes)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/ping/secret", calls
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_address_is_called_once_a_minute_while_the_worker_is_ready(
    tmp_path: Path, watcher: tuple[str, list[str]]
) -> None:
    """Given a service that waits for calls, when the worker is ready it is called at most once a minute, else never."""
    url, calls = watcher
    ticking = [1000.0]
    vitals = well(Vitals(Patience(loop=1e9, broker=1e9, log=1e9), clock=lambda: ticking[0]))
    with Heartbeat(tmp_path / "a.json", vitals, called(url), every=0.01):
        waited(lambda: calls)
        time.sleep(0.2)  # twenty beats
        assert calls == ["/ping/secret"]
        ticking[0] += CALL_EVERY_S
        waited(lambda: len(calls) > 1)
        vitals.begin_anew()  # holds nothing: not ready
        time.sleep(0.1)  # a beat that found it ready before must not see the next minute
        ticking[0] += CALL_EVERY_S
        time.sleep(0.2)

    assert calls == ["/ping/secret"] * 2


def test_nobody_listening_does_no_harm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given an address where nobody is, when the worker beats, then its file is written, and the log has no address."""
    path = tmp_path / "a.json"
    with Heartbeat(path, well(Vitals()), called("http://127.0.0.1:1/secret"), every=0.02):
        waited(path.exists)
        waited(lambda: json.loads(path.read_text())["at"])
        time.sleep(0.1)

    out, err = capsys.readouterr()
    assert "heartbeat was not heard" in out + err
    assert "secret" not in out + err


def test_an_address_must_be_one_that_can_be_called() -> None:
    """Given a file as address, when settings are loaded, then it is refused, and not shown."""
    with pytest.raises(ConfigInvalid, match="expected http:// or https://, found something else"):
        load_settings(heartbeat_url="file:///etc/passwd")


def left(home: Path, member: str, age: float, *faults: str) -> None:
    said = {"at": (NOW - timedelta(seconds=age)).isoformat(), "pid": 7, "ready": not faults, "faults": faults}
    (home / "heartbeats").mkdir(exist_ok=True)
    (home / "heartbeats" / f"{member}.json").write_text(json.dumps(said))


def test_who_is_silent_for_too_long_is_told(tmp_path: Path) -> None:
    """Given heartbeats of some age, when judged, then the old one, the unready one and the unreadable one are told."""
    left(tmp_path, "a", 59.0)
    left(tmp_path, "b", 61.0)
    left(tmp_path, "c", 1.0, "the broker: away")
    (tmp_path / "heartbeats" / "d.json").write_text("[]")

    found = {it.member: it.problem for it in beats(tmp_path, NOW, 60)}

    assert found["a"] is None
    assert found["b"] == "expected a heartbeat within 60 s, found one 61 s old"
    assert found["c"] == "the broker: away"
    assert found["d"] is not None


def test_no_heartbeat_at_all_is_a_problem(tmp_path: Path) -> None:
    """Given a home in which nobody ever beat, when asked, then exit 1: that is what a dead man looks like."""
    done = status(tmp_path)

    assert done.returncode == 1
    assert "no worker has left a heartbeat in " in done.stderr


async def test_a_worker_beats_until_it_is_killed(line: Line) -> None:
    """Given a real worker, when asked, then it beats; after kill -9 its heartbeat grows old: exit 1."""
    worker = line.start()
    await line.settled()
    path = line.home / "heartbeats" / "a.json"
    await until(lambda: path.exists() and json.loads(path.read_text())["ready"])

    assert status(line.home).returncode == 0
    worker.kill()
    await until(lambda: status(line.home, "1").returncode == 1)

    assert "a: expected a heartbeat within 1 s, found one " in status(line.home, "1").stderr


def status(home: Path, most: str = "60") -> "subprocess.CompletedProcess[str]":
    command = [TOCSIN, "status", "--heartbeat-max-age", most]
    env = {"TOCSIN_HOME": str(home)}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
