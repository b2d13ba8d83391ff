"""A file of an older version: moved aside, whole; one of a newer version is refused."""

from pathlib import Path

import duckdb
import pytest

from events.codec import to_record
from events.errors import ProjectionHalted
from projections.apply import apply_batch
from projections.store.file import PartitionFile
from projections.store.stamp import Mark, Stamp, mark, stamp
from projections.store.versions import PROJECTION_VERSION, SCHEMA_VERSION
from tests import facts


def made(path: Path, change: str) -> tuple[int, str] | None:
    """A closed file that holds one record and says to be of other versions; what it applied last."""
    file = PartitionFile(path, 0, 1)
    apply_batch(file, [to_record(facts.opened())._replace(offset=0)], 0, 1)
    last = file.last_applied
    file.con.execute(f"UPDATE meta SET {change}")
    file.close()
    return last


def test_a_file_of_an_older_version_is_moved_aside_and_a_new_one_begins(tmp_path: Path) -> None:
    """Given a file of an older schema, when it is opened, then a new one begins and the old one is whole beside it."""
    path = tmp_path / "p0.duckdb"
    made(path, "schema_version = schema_version - 1")

    file = PartitionFile(path, 0, 1)

    assert file.older == tmp_path / f"p0.duckdb.old-v{SCHEMA_VERSION - 1}.{PROJECTION_VERSION}"
    assert file.next_offset == 0
    apply_batch(file, [to_record(facts.opened())._replace(offset=0)], 0, 1)
    file.close()
    assert stamp(file.older) == Stamp(SCHEMA_VERSION - 1, PROJECTION_VERSION, 0, 1)
    with duckdb.connect(str(file.older), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM events").fetchall() == [(1,)]
    assert not [it for it in tmp_path.iterdir() if it.name.endswith(".wal")]
    again = PartitionFile(path, 0, 1)
    assert (again.older, again.next_offset) == (None, 1)
    again.close()


@pytest.mark.parametrize(
    "change",
    [
        "schema_version = schema_version + 1",
        "projection_version = projection_version + 1",
        "schema_version = schema_version - 1, projection_version = projection_version + 1",
        "schema_version = schema_version - 1, partitions = 4",
    ],
)
def test_a_file_of_a_newer_version_or_another_log_is_refused_and_left_alone(tmp_path: Path, change: str) -> None:
    """Given a file that this code does not know, or of other partitions, when it is opened, then it stays as it is."""
    path = tmp_path / "p0.duckdb"
    made(path, change)

    with pytest.raises(ProjectionHalted, match="expected schema version"):
        PartitionFile(path, 0, 1)

    assert sorted(it.name for it in tmp_path.iterdir()) == ["p0.door", "p0.duckdb"]


def test_a_mark_says_how_far_a_file_of_these_tables_is(tmp_path: Path) -> None:
    """Given a file of this schema, of another one, and none, when asked, then only the first says how far it is."""
    last = made(tmp_path / "same.duckdb", "projection_version = projection_version + 1")
    made(tmp_path / "other.duckdb", "schema_version = schema_version + 1")

    assert mark(tmp_path / "same.duckdb") == Mark(1, last)
    assert mark(tmp_path / "other.duckdb") is None
    assert mark(tmp_path / "none.duckdb") is None
