"""The door of a file: nobody opens it while another one is put in its place."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path

import pytest

from events.errors import ProjectionHalted
from projections.store.door import door, log_of
from projections.store.file import PartitionFile
from projections.store.rebuilt import swap, swap_if_free
from tests import facts
from tests.projections.store.test_file import applied

A_WHILE = 0.3  # seconds; opening takes a tenth of that


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a live file that holds nothing, and is closed."""
    PartitionFile(tmp_path / "p0.duckdb", 0, 1).close()
    return tmp_path / "p0.duckdb"


@pytest.fixture
def waiting(path: Path) -> Path:
    """A file that was made anew from a log of one record."""
    made = path.with_name("p1.duckdb")
    file = PartitionFile(made, 0, 1)
    applied(file, facts.opened())
    file.close()
    return made.replace(path.with_name("p0.duckdb.rebuilt"))


def waits(opening: "Future[PartitionFile]") -> bool:
    try:
        opening.result(A_WHILE)
    except NotYet:
        return True
    return False


def length(path: Path) -> int:
    """How many records the file of this name holds."""
    file = PartitionFile(path, 0, 1)
    file.close()
    return file.next_offset


class TestTheDoor:
    def test_keeps_who_opens_a_file_outside_while_another_is_put_in_its_place(self, path: Path, waiting: Path) -> None:
        """Given a swap between closing and renaming, when somebody opens the file, then it is the new one he gets."""
        opening: list[Future[PartitionFile]] = []

        def reached(point: str) -> None:
            if point == "before-swap":
                opening.append(others.submit(PartitionFile, path, 0, 1))
                assert waits(opening[0])

        with ThreadPoolExecutor(1) as others:
            swap(PartitionFile(path, 0, 1), waiting, reached)

            opened = opening[0].result(10)
        assert opened.next_offset == 1
        opened.close()
        assert length(path) == 1

    def test_keeps_a_rebuild_outside_while_a_worker_opens(self, path: Path, waiting: Path) -> None:
        """Given a worker in the door, when a rebuild wants to put its file in place, then it waits; so it was free."""
        with ThreadPoolExecutor(1) as others:
            with door(path):
                swapping = others.submit(swap_if_free, path, waiting)
                assert waits(swapping)

            assert swapping.result(10)
        assert length(path) == 1

    def test_that_can_not_be_opened_is_named(self, path: Path) -> None:
        """Given a door that is no file, when the file is opened, then the operator is told which, and nothing else."""
        path.with_name("p0.door").unlink()
        path.with_name("p0.door").mkdir()

        with pytest.raises(ProjectionHalted, match=r"p0\.door") as told:
            PartitionFile(path, 0, 1)

        assert "delete" not in str(told.value)


def test_a_file_beside_which_a_log_of_writes_lies_is_not_exchanged(path: Path, waiting: Path) -> None:
    """Given a log that closing left behind, when another file would take the place, then it waits: it has no log."""
    swap(PartitionFile(path, 0, 1), waiting, lambda _: log_of(path).write_bytes(b"of the old one"))

    assert waiting.exists()
