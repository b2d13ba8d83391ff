"""When a file is copied for its readers."""

import subprocess
from pathlib import Path

import pytest

from streams.worker.snapshots import Snapshot, due


@pytest.mark.parametrize(
    ("now", "began", "took", "expected"),
    [
        (5.0, None, 0.0, True),
        (5.0, 3.1, 0.1, False),
        (5.0, 3.0, 0.1, True),
        (5.0, 2.0, 2.0, False),
        (6.0, 2.0, 2.0, True),
    ],
    ids=["the first", "too soon", "after the pause", "a long copy waits", "twice what it took"],
)
def test_a_copy_is_due_after_the_pause_or_twice_its_length(
    now: float, began: float | None, took: float, *, expected: bool
) -> None:
    """Given when the last copy began and how long it took, when asked, then copying takes half of the time at most."""
    assert due(now, began, took, 2.0) is expected


class File:
    """A file whose copies are made by a command of the test's choosing."""

    def __init__(self, *commands: str) -> None:
        self.next_offset = 7
        self.commands = list(commands)

    def begin_publish(self, destination: Path) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(["/bin/sh", "-c", self.commands.pop(0)], cwd=destination.parent)


def snapshot(file: File, folder: Path) -> Snapshot:
    return Snapshot(file, folder / "p0.duckdb", pause=0.0)  # type: ignore[arg-type]


def test_only_what_is_new_is_copied(tmp_path: Path) -> None:
    """Given a copy of the checkpoint, when nothing was applied since, then no other is made."""
    file = File("echo one > p0.duckdb", "echo two > p0.duckdb")
    published = snapshot(file, tmp_path)

    published.finish(patience=5.0)
    published.finish(patience=5.0)
    once = (tmp_path / "p0.duckdb").read_text()
    file.next_offset = 8
    published.finish(patience=5.0)

    assert once == "one\n"
    assert (tmp_path / "p0.duckdb").read_text() == "two\n"


def test_one_long_copy_makes_readers_wait_no_longer(tmp_path: Path) -> None:
    """Given a copy that takes long, when one alone does, then the next is begun at once, and after two it is not."""
    file = File(*["echo more >> p0.duckdb"] * 4)
    now = [0.0]
    published = Snapshot(file, tmp_path / "p0.duckdb", pause=1.0, clock=lambda: now[0])  # type: ignore[arg-type]
    left = []

    for seconds in (0.0, 10.0, 10.0, 1.0):
        file.next_offset += 1
        published.tick()
        left.append(len(file.commands))
        if published._copy is not None:
            published._copy.wait()
        now[0] += seconds or 1.0
        published.tick()  # it has ended

    assert left == [3, 2, 1, 1]


def test_one_copy_is_made_at_a_time(tmp_path: Path) -> None:
    """Given a copy on its way, when more was applied, then the next one waits for its end."""
    file = File("sleep 0.05; echo one > p0.duckdb", "echo two > p0.duckdb")
    published = snapshot(file, tmp_path)

    published.tick()
    file.next_offset = 8
    published.tick()
    waiting = len(file.commands)
    published.finish(patience=5.0)

    assert waiting == 1
    assert (tmp_path / "p0.duckdb").read_text() == "two\n"


@pytest.mark.parametrize(("behind", "at"), [(20_000, 2.0), (20_001, 10.0)])
def test_a_file_that_is_far_behind_the_log_is_copied_a_fifth_as_often(tmp_path: Path, behind: int, at: float) -> None:
    """Given a pause of two seconds, when the file is far behind, then the next copy begins after ten."""
    now, file = [0.0], File("echo one > p0.duckdb", "echo two > p0.duckdb")
    published = Snapshot(file, tmp_path / "p0.duckdb", pause=2.0, clock=lambda: now[0])  # type: ignore[arg-type]
    published.finish(patience=5.0)
    file.next_offset = 8
    begun = []
    for now[0] in (at - 0.1, at):
        published.tick(behind)
        begun.append(len(file.commands) == 0)
    published.give_up()

    assert begun == [False, True]


def test_a_copy_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """Given a copy that hangs, when the file is given away, then the copy ends and nothing was published."""
    published = snapshot(File("exec sleep 60"), tmp_path)

    published.tick()
    published.give_up()

    assert not (tmp_path / "p0.duckdb").exists()


def test_a_copy_that_fails_is_made_again(tmp_path: Path) -> None:
    """Given a copy that failed, when it is due again, then it is made although nothing is new."""
    published = snapshot(File("exit 1", "echo two > p0.duckdb"), tmp_path)

    published.finish(patience=5.0)
    published.finish(patience=5.0)

    assert (tmp_path / "p0.duckdb").read_text() == "two\n"


def test_a_snapshot_is_not_replaced_by_an_older_one(tmp_path: Path) -> None:
    """Given a published snapshot up to 9, when a new file is at 8 and then at 9, then it is copied at 9 only."""
    file = File("echo nine > p0.duckdb")
    (tmp_path / "p0.duckdb").write_text("old\n")
    published = snapshot(file, tmp_path)
    published.not_before = 9

    file.next_offset = 8
    published.finish(patience=5.0)
    before = (tmp_path / "p0.duckdb").read_text()
    file.next_offset = 9
    published.finish(patience=5.0)

    assert before == "old\n"
    assert (tmp_path / "p0.duckdb").read_text() == "nine\n"
