"""What the embedded Kafka stands on, one by one; no broker is started here."""

import hashlib
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.broker import jars as jars_module
from streams.broker.errors import BrokerUnavailable
from streams.broker.jars import Jar, jars, locked
from streams.broker.locks import exclusive, held
from streams.broker.process import leashed
from streams.broker.ready import answers, free_port, is_free


def test_every_jar_of_the_lock_is_pinned_and_lies_under_its_own_name() -> None:
    """Given the lock, when read, then each line is one jar with a sha256, and no two would be the same file."""
    wanted = locked()

    assert {len(jar.sha256) for jar in wanted} == {64}
    assert len({jar.name for jar in wanted}) == len(wanted)
    assert "kafka_2.13-4.3.1.jar" in {jar.name for jar in wanted}


def test_jars_that_are_intact_are_not_fetched_again(tmp_path: Path) -> None:
    """Given a folder with an intact jar, when jars are asked for, then its path is the answer."""
    jar = Jar("no.such.group", "nothing", "1", hashlib.sha256(b"content").hexdigest())
    (tmp_path / jar.name).write_bytes(b"content")

    assert jars(tmp_path, [jar]) == [tmp_path / jar.name]


@pytest.mark.parametrize("before", [None, b"damaged"], ids=["missing", "damaged"])
def test_a_jar_that_is_not_intact_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bytes | None
) -> None:
    """Given a missing or damaged jar, when jars are asked for, then it is fetched and nothing else is left behind."""
    jar = Jar("g", "a", "1", hashlib.sha256(b"content").hexdigest())
    if before:
        (tmp_path / jar.name).write_bytes(before)
    monkeypatch.setattr(jars_module, "_download", repository(b"content"))

    jars(tmp_path, [jar])

    assert (tmp_path / jar.name).read_bytes() == b"content"
    assert [path.name for path in tmp_path.iterdir()] == [jar.name]


@pytest.mark.parametrize("content", [b"another file", None], ids=["wrong file", "no network"])
def test_without_the_right_jar_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    """Given a repository with another file, or none at all, when fetched, then jar and way out are named."""
    monkeypatch.setattr(jars_module, "_download", repository(content))

    with pytest.raises(BrokerUnavailable, match=r"a-1\.jar .*TOCSIN_BROKER=host:port"):
        jars(tmp_path, [Jar("g", "a", "1", "0" * 64)])

    assert list(tmp_path.iterdir()) == []


def test_an_open_port_is_not_yet_a_broker() -> None:
    """Given a server that says nothing, hangs up, or is not there, when asked, then it is no broker."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert not answers(port, timeout_s=0.05)
        threading.Thread(target=hang_up, args=(silent,)).start()
        assert not answers(port)
        assert not is_free(port)

    assert not answers(free_port())


def test_only_one_is_inside_at_a_time(tmp_path: Path) -> None:
    """Given many that want in, when each counts up in two steps, then no step is lost."""
    counter = tmp_path / "counter"
    counter.write_text("0")

    def count() -> None:
        for _ in range(20):
            with exclusive(tmp_path / "lock"):
                counter.write_text(str(int(counter.read_text()) + 1))

    threads = [threading.Thread(target=count) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counter.read_text() == "100"
    assert not held(tmp_path / "lock")


def test_a_leashed_process_ends_with_its_owner(tmp_path: Path) -> None:
    """Given a process that leashed another one, when it is killed -9, then the other one's lock is free at once."""
    owner = """
import os, signal, sys
from pathlib import Path
from streams.broker.locks import FolderLock
from streams.broker.process import leashed
fd = FolderLock(Path(sys.argv[1], "lock")).acquire()
leashed(["/bin/sleep", "60"], Path(sys.argv[1], "log"), inherited=fd)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", owner, str(tmp_path)], check=False)

    with exclusive(tmp_path / "lock"):  # waits; the test's own time limit is the judge
        pass


def test_a_process_that_does_not_want_to_end_is_killed(tmp_path: Path) -> None:
    """Given a process that ignores SIGTERM, when ended, then it is killed after the patience is over."""

    deaf = leashed([sys.executable, "-c", DEAF, str(tmp_path / "deaf")], tmp_path / "log")
    while not (tmp_path / "deaf").exists():
        assert deaf.is_alive()

    assert deaf.end(signal.SIGTERM, patience_s=0.1) == -signal.SIGKILL
    assert not deaf.is_alive()


DEAF = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(sys.argv[1]).touch()
time.sleep(60)
"""


def repository(content: bytes | None) -> Callable[[Path, Jar], Path]:
    """A stand-in for Maven Central that has one content for every jar, or can not be reached."""

    def download(folder: Path, jar: Jar) -> Path:
        if content is None:
            raise ConnectionError("no route")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / jar.name).write_bytes(content)
        return folder / jar.name

    return download


def hang_up(server: socket.socket) -> None:
    connection, _ = server.accept()
    connection.close()
    connection, _ = server.accept()
    connection.close()
