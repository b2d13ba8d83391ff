"""`tocsin` as a whole: help, errors, exit codes."""

import importlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from aiokafka.errors import KafkaConnectionError

from events.errors import ConfigInvalid, EventRejected, ProjectionHalted
from streams.broker.embedded import EmbeddedKafka
from streams.broker.locks import FolderLock
from streams.cli import verbs as cli
from streams.topics import Topics

ENDLESS = """
import itertools, click
from streams.cli import verbs
@verbs.tocsin.command()
def endless():
    for number in itertools.count():
        click.echo(number)
verbs.Verbs.get_command = lambda *_: endless
verbs.run(["endless"])
"""
INTERRUPTED = """
import os, signal, sys
class CtrlC:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, CtrlC())
from streams.cli.main import main
main(["tallies"])
"""
QUERY = """
import click, duckdb
from streams.cli import verbs
@verbs.tocsin.command()
def long():
    click.echo("begins")
    duckdb.execute("SELECT count(*) FROM range(200_000_000) t(i) WHERE i % 7 = 3").fetchall()
verbs.Verbs.get_command = lambda *_: long
verbs.run(["long"])
"""
TOCSIN = Path(sys.executable).with_name("tocsin")


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_of_the_table_is_there(verb: str) -> None:
    """Given the table of verbs, when one is loaded, then it is a command that says what it does."""
    module, _, name = cli.VERBS[verb][0].partition(":")
    command = getattr(importlib.import_module(module), name)

    assert isinstance(command, click.Command)
    assert command.help


@pytest.mark.parametrize("verb", cli.VERBS)
def test_examples_keep_their_lines(verb: str) -> None:
    """Given a verb and the verbs in it, then no help shows the mark that keeps the lines of examples apart."""
    command = cli.tocsin.get_command(click.Context(cli.tocsin), verb)

    assert command is not None
    assert [it.name for it in (command, *getattr(command, "commands", {}).values()) if "\\b" in (it.help or "")] == []


def test_help_loads_no_engine() -> None:
    """Given `tocsin --help`, when it ran, then neither Kafka's nor DuckDB's libraries were loaded: it is quick."""
    code = """
import sys
from streams.cli.main import main
try:
    main(["--help"])
finally:
    print(sorted({"aiokafka", "faust", "duckdb", "pydantic", "jgo"} & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"
    assert all(f"  {verb} " in done.stdout for verb in cli.VERBS)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigInvalid(["one", "two"]), 2),
        (ProjectionHalted("gap"), 3),
        (EventRejected("a site", "none"), 1),
        (ZeroDivisionError("nobody foresaw this"), 3),
    ],
    ids=["settings", "halted", "rejected", "unforeseen"],
)
def test_an_error_is_one_line_per_fault_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    """Given a verb that fails, when called, then stderr has its faults, no traceback; the code says who must act."""
    monkeypatch.setattr(cli.tocsin, "main", raiser(error))

    with pytest.raises(SystemExit) as left:
        cli.run(["anything"])

    out, err = capsys.readouterr()
    assert left.value.code == code
    assert out == ""
    assert all(line.startswith("tocsin: ") for line in err.splitlines())
    assert len(err.splitlines()) == len(str(error).splitlines())


def test_a_kafka_that_dies_under_a_verb_is_no_surprise(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given a verb that reads while Kafka dies, when its client gives up, then that is told, and nobody's bug."""
    monkeypatch.setattr(cli.tocsin, "main", raiser(KafkaConnectionError("Unable to bootstrap")))

    with pytest.raises(SystemExit) as left:
        cli.run(["anything"])

    assert (left.value.code, capsys.readouterr().err) == (
        3,
        "tocsin: Kafka is gone, or refuses: KafkaConnectionError: Unable to bootstrap; `tocsin doctor` looks into it\n",
    )


def test_debug_shows_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given TOCSIN_DEBUG, when a verb fails, then its error comes out whole."""
    monkeypatch.setenv("TOCSIN_DEBUG", "1")
    monkeypatch.setattr(cli.tocsin, "main", raiser(ProjectionHalted("gap")))

    with pytest.raises(ProjectionHalted):
        cli.run([])


def test_what_is_no_verb_is_a_usage_error() -> None:
    """Given an unknown verb, when called, then the exit code is 2 and nothing goes to stdout."""
    done = subprocess.run([TOCSIN, "unknown"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'unknown'" in done.stderr


def test_a_reader_that_has_enough_is_no_error() -> None:
    """Given a reader of stdout that takes one line and goes, when more is written, then exit 0 and not a word."""
    process = subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None

    process.stdout.readline()
    process.stdout.close()

    assert (process.wait(timeout=30), process.stderr.read()) == (0, b"")
    process.stderr.close()


@pytest.mark.parametrize(
    "module", ["click", "events.errors", "streams.cli.verbs", "streams.cli.tallies", "streams.settings", "duckdb"]
)
def test_ctrl_c_while_a_verb_is_loaded_shows_no_traceback(module: str, tmp_path: Path) -> None:
    """Given a verb that is still loading, when ctrl-C is pressed, then exit 130 and no word of where it was."""
    code = INTERRUPTED.format(module=module)

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "")


def test_ctrl_c_in_the_middle_of_a_query_is_told_as_any_other() -> None:
    """Given a verb whose query takes long, when ctrl-C is pressed, then exit 130 and not a word."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", QUERY], stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    time.sleep(0.3)  # for DuckDB to be in the middle of it; it looks at signals between two tasks of its own

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err.strip()) == (130, "", "")


@pytest.mark.parametrize("arguments", [["schema"], ["--help"]], ids=["a verb", "help"])
def test_output_that_can_not_be_written_is_one_line_and_exit_1(arguments: list[str]) -> None:
    """Given a full disk behind stdout, when a verb or the help prints, then stderr says so in one line, exit 1."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([TOCSIN, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "tocsin: the output can not be written: No space left on device\n"


@pytest.mark.parametrize("verb", ["up", "demo", "broker"])
def test_a_home_that_can_not_be_one_is_a_wrong_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Given a home below a plain file, when a verb begins to work there, then exit 2 and one line with the setting."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.delenv("TOCSIN_BROKER", raising=False)

    done = subprocess.run([TOCSIN, verb], capture_output=True, text=True, check=False, timeout=30)

    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"tocsin: .*/file.*: Not a directory; TOCSIN_HOME names another folder\n", done.stderr)


def test_topics_are_made_and_listed(kafka: EmbeddedKafka, topics: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a broker, when topics are made and listed, then stdout has one JSON array and nothing else."""
    monkeypatch.setenv("TOCSIN_BROKER", kafka.bootstrap)
    monkeypatch.setenv("TOCSIN_PREFIX", topics.prefix)

    subprocess.run([TOCSIN, "topics", "create", "--partitions", "3"], check=True)
    listed = subprocess.run([TOCSIN, "topics", "--json"], capture_output=True, text=True, check=True)
    shown = subprocess.run([TOCSIN, "topics"], capture_output=True, text=True, check=True).stdout.splitlines()

    assert {row["topic"]: row["partitions"] for row in json.loads(listed.stdout)} == dict.fromkeys(topics.configs(), 3)
    assert shown[0].split("  ")[0] == "topic"
    assert {line.split()[2] for line in shown[1:]} == {"everything", "the"}


def test_a_listing_of_topics_starts_no_kafka(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a home where no Kafka runs, when topics are listed, then that is told, exit 2, and nothing is made."""
    monkeypatch.chdir(tmp_path)

    done = subprocess.run([TOCSIN, "topics"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert "`tocsin up` starts one" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_where_a_worker_has_begun_nobody_is_sent_to_start_one(tmp_path: Path) -> None:
    """Given a home without snapshots, when it is read, then it is said how to begin; not while a worker is starting."""
    lock = FolderLock(tmp_path / "workers" / "a")
    read = [TOCSIN, "tallies"]
    env = {**os.environ, "TOCSIN_HOME": str(tmp_path)}

    lock.acquire()
    begun = subprocess.run(read, capture_output=True, text=True, check=False, env=env)
    lock.release()
    none = subprocess.run(read, capture_output=True, text=True, check=False, env=env)

    assert (begun.returncode, none.returncode) == (2, 2)
    assert begun.stderr.startswith("tocsin: nothing to read yet: a worker has begun")
    assert "start the line with `tocsin up`" in none.stderr


def raiser(error: Exception) -> Callable[..., None]:
    def fail(**_: object) -> None:
        raise error

    return fail
