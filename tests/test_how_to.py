"""The how-to leads from an idea to a live rule: what it says is typed here, and what it shows is what comes out."""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.test_readme import BIN, ROOT, running, until_it_lives

PAGE = (ROOT / "docs" / "how-to-rules.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:^`(?P<file>[^`\n]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Typed(NamedTuple):
    """What came of a command at a terminal at which somebody says yes."""

    code: int
    said: str


def typed(folder: Path, command: list[str]) -> Typed:
    ours, theirs = os.openpty()
    os.write(ours, b"y\n")
    program = [BIN / command[0]] if command[0] == "tocsin" else [command[0]]
    process = subprocess.run(
        [*program, *command[1:]],
        cwd=folder,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=90,
    )
    os.close(ours)
    os.close(theirs)
    return Typed(process.returncode, process.stdout.decode())


def done(folder: Path, block: re.Match[str], said: str) -> str:
    """A block of the page: a file that is written, commands, or what the last of them says; what was said last."""
    match block["kind"]:
        case "yaml":
            (folder / block["file"]).write_text(block["text"])
        case "text":
            assert [line for line in block["text"].splitlines() if line not in said.splitlines()] == [], said
        case "sh":
            for command in map(shlex.split, block["text"].splitlines()):
                code, said = typed(folder, command)
                assert code == 0, (command, said)
    return said


@pytest.mark.usefixtures("kafka")  # skipped where none can be had; `tocsin up` starts its own
def test_the_how_to_leads_to_a_live_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given the page, when all of it is typed in its order, then each command works and says what the page shows."""
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        monkeypatch.delenv(name)
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    first, *blocks = BLOCK.finditer(PAGE)
    assert first["text"] == "tocsin up\n"
    said = ""

    with running(tmp_path, ["tocsin", "up"]):
        until_it_lives(tmp_path)
        for block in blocks:
            said = done(tmp_path, block, said)

    assert (tmp_path / "drones.svg").exists()
    assert "drones come in twos" in said  # of the history
