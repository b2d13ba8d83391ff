"""`tocsin` as a whole: help, errors, exit codes."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from events.errors import ConfigInvalid, EventRejected, ProjectionHalted
from streams.broker.embedded import EmbeddedKafka
from streams.cli import main as cli
from streams.topics import Topics

TOCSIN = Path(sys.executable).with_name("tocsin")


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_of_the_table_is_there(verb: str) -> None:
    """Given the table of verbs, when one is loaded, then it is a command that says what it does."""
    module, _, name = cli.VERBS[verb][0].partition(":")
    command = getattr(importlib.import_module(module), name)

    assert isinstance(command, click.Command)
    assert command.help


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
        cli.main(["anything"])

    out, err = capsys.readouterr()
    assert left.value.code == code
    assert out == ""
    assert all(line.startswith("tocsin: ") for line in err.splitlines())
    assert len(err.splitlines()) == len(str(error).splitlines())


def test_debug_shows_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given TOCSIN_DEBUG, when a verb fails, then its error comes out whole."""
    monkeypatch.setenv("TOCSIN_DEBUG", "1")
    monkeypatch.setattr(cli.tocsin, "main", raiser(ProjectionHalted("gap")))

    with pytest.raises(ProjectionHalted):
        cli.main([])


def test_what_is_no_verb_is_a_usage_error() -> None:
    """Given an unknown verb, when called, then the exit code is 2 and nothing goes to stdout."""
    done = subprocess.run([TOCSIN, "unknown"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'unknown'" in done.stderr


def test_topics_are_made_and_listed(kafka: EmbeddedKafka, topics: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a broker, when topics are made and listed, then stdout has one JSON array and nothing else."""
    monkeypatch.setenv("TOCSIN_BROKER", kafka.bootstrap)
    monkeypatch.setenv("TOCSIN_PREFIX", topics.prefix)

    subprocess.run([TOCSIN, "topics", "create", "--partitions", "3"], check=True)
    listed = subprocess.run([TOCSIN, "topics", "--json"], capture_output=True, text=True, check=True)

    assert {row["topic"]: row["partitions"] for row in json.loads(listed.stdout)} == dict.fromkeys(topics.configs(), 3)


def raiser(error: Exception) -> Callable[..., None]:
    def fail(**_: object) -> None:
        raise error

    return fail
