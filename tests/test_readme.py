"""The README does what it says: its commands are executed, its files are there."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from events import codec
from streams.cli.verbs import VERBS
from streams.settings import Settings
from streams.verifying.run import CHECKS
from tests import facts

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line, comments=True)
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
BIN = Path(sys.executable).parent
UNTIL_CTRL_C = ("up", "watch")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a newcomer stands, with a file of events of their own."""
    told = facts.staged(facts.reported("a", timeline="mine"))
    (tmp_path / "events.ndjson").write_text("".join(f"{codec.to_json(it)}\n" for it in told))
    return tmp_path


def run(folder: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, check=False, timeout=90
    )


@contextmanager
def running(folder: Path, command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until ctrl-C; it must end well then."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([BIN / command[0], *command[1:]], cwd=folder, stdout=pipe, stderr=pipe, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said


def until_it_lives(folder: Path) -> None:
    end = time.monotonic() + 60
    while (done := run(folder, ["tocsin", "status"])).returncode and time.monotonic() < end:
        time.sleep(0.1)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("kafka")  # skipped where none can be had; `tocsin up` starts its own
def test_every_command_of_the_readme_works(folder: Path) -> None:
    """Given `tocsin up`, when every other verb of the README is typed, then it does its work and exits with 0."""
    verbs = [command for command in COMMANDS if command[0] == "tocsin"]
    assert verbs[0] == ["tocsin", "up"]

    with running(folder, verbs[0]):
        until_it_lives(folder)
        for command in verbs[1:]:
            if command[1] in UNTIL_CTRL_C:
                with running(folder, command) as process:
                    assert process.stdout is not None
                    assert process.stdout.readline()
            else:
                done = run(folder, command)
                assert done.returncode == 0, (command, done.stderr)


def test_the_two_commands_for_newcomers_are_verbs_of_the_makefile() -> None:
    """Given make demo and make test, when asked what they would do, then they run the demo and the whole suite."""
    made = [command for command in COMMANDS if command[0] == "make"]
    would = [
        subprocess.run(
            [*command, "--dry-run", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for command in made
    ]

    assert made == [["make", "demo"], ["make", "test"]]
    assert would[0].strip().endswith("tocsin demo")
    assert would[1].strip().endswith("pytest")


@pytest.mark.parametrize(
    "name", re.findall(r"\]\((?!http)([^)]+)\)", README) + re.findall(r"^\| `(\w+/)`", README, re.MULTILINE)
)
def test_what_the_readme_points_to_is_there(name: str) -> None:
    """Given a link or a folder in the README, when followed, then it is there."""
    assert (ROOT / name).exists()


def test_what_holds_a_law_is_there() -> None:
    """Given the table of laws, then each of the eight is in it, and each test and check that it names exists."""
    rows = [line.split("|") for line in (ROOT / "docs/laws.md").read_text().splitlines() if re.match(r"\| \d", line)]
    tests = [name.split("::") for row in rows for name in re.findall(r"`(tests/[^`]+)`", row[3])]
    checks = {name for row in rows for name in re.findall(r"`([^`]+)`", row[4])}

    assert {int(row[1].split()[0]) for row in rows} == set(range(1, 9))
    assert [row for row in rows if "`tests/" not in row[3]] == []
    assert [
        (file, name)
        for file, *names in tests
        for name in names
        if not re.search(rf"(class|def) {name}\b", (ROOT / file).read_text())
    ] == []
    assert checks == CHECKS.keys()


def test_the_readme_is_short() -> None:
    """Given the README, when counted, then it has at most 120 lines: the rest is in docs/."""
    assert len(README.splitlines()) <= 120


def test_every_setting_is_in_the_documents() -> None:
    """Given the settings, when the operations page is searched, then it names each."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert [name for name in Settings.model_fields if f"`TOCSIN_{name.upper()}`" not in page] == []


def test_every_verb_is_in_the_documents() -> None:
    """Given the table of verbs, when the documents are searched, then README or operations names each."""
    documents = README + (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert [verb for verb in VERBS if f"tocsin {verb}" not in documents] == []


@pytest.fixture(autouse=True)
def _a_home_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder decides, as it does for a newcomer."""
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        monkeypatch.delenv(name)
