"""A snapshot that nobody keeps fresh any more says so: to every verb that reads, and in the status."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from projections.store.reader import Reader
from streams.broker.locks import FolderLock
from streams.cli.status import COLUMNS
from streams.reading.published import ownerless_here, position
from streams.reading.status import look
from streams.settings import Settings, load_settings
from streams.worker import owner
from tests import facts
from tests.published import publish


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two of three partitions are published here."""
    for partition in (0, 2):
        publish(tmp_path, facts.staged(facts.reported("a", timeline=f"t{partition}")), partition, 3)
    return tmp_path


@pytest.fixture
def worker(home: Path) -> Iterator[Path]:
    """A worker named `mine` that runs and has both; the folder of the snapshots."""
    lock = FolderLock(home / "workers" / "mine")
    lock.acquire()
    for partition in (0, 2):
        owner.take(home / "snapshots", partition, "mine")
    yield home / "snapshots"
    lock.release()


def said(settings: Settings) -> str:
    with Reader(settings.home / "snapshots") as reader:
        return position(reader, "tocsin.events", ownerless_here(settings, reader.snapshots))


def test_a_snapshot_that_is_kept_fresh_has_no_remark(home: Path, worker: Path) -> None:
    """Given a worker that has both partitions, when a verb reads, then only the one that is not here is named."""
    assert worker.exists()
    assert "owner" not in said(load_settings(home=home))
    assert "without partition 1, which no worker of this home has published" in said(load_settings(home=home))


def test_a_partition_that_was_given_away_leaves_a_snapshot_without_an_owner(home: Path, worker: Path) -> None:
    """Given a partition that went to another home, when a verb reads, then it says since when, and of which one."""
    owner.give_away(worker, 2)
    left = owner.owner_of(worker, 2)

    assert left is not None
    assert left.until is not None
    since = left.until.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert said(load_settings(home=home)).endswith(f"; partition 2 without an owner here since {since}")


def test_a_worker_that_was_killed_owns_nothing(home: Path) -> None:
    """Given a marker whose worker holds no lock, when a verb reads, then its snapshot is as old as it is."""
    owner.take(home / "snapshots", 0, "killed")
    made = datetime.fromtimestamp((home / "snapshots" / "p0.duckdb").stat().st_mtime, UTC)

    with Reader(home / "snapshots") as reader:
        assert ownerless_here(load_settings(home=home), reader.snapshots) == {0: made}


def test_the_next_owner_has_the_last_word(home: Path, worker: Path) -> None:
    """Given a partition that was given away, when a worker of this home takes it again, then the remark is gone."""
    owner.give_away(worker, 2)
    owner.take(worker, 2, "mine")

    assert "owner" not in said(load_settings(home=home))


def test_the_status_marks_a_snapshot_without_an_owner(home: Path, worker: Path) -> None:
    """Given one of two partitions given away, when looked at, then its snapshot is marked, the other is not."""
    owner.give_away(worker, 2)

    states = {it.partition: it for it in look(load_settings(home=home), None, datetime.now(UTC).timestamp())}  # noqa: TID251
    snapshot = next(it for it in COLUMNS if it.title == "snapshot")
    rows = {partition: snapshot.text(vars_of(it)) for partition, it in states.items()}

    assert states[0].ownerless_s is None
    assert states[2].ownerless_s is not None
    assert ["ownerless" in text for text in rows.values()] == [False, True]


def vars_of(state: object) -> dict[str, object]:
    return {name: getattr(state, name) for name in state.__slots__}  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"member": "a", "since": "soon", "until": null}'])
def test_a_marker_that_says_nothing_is_none(tmp_path: Path, text: str) -> None:
    """Given a marker that is broken or of another version, when read, then nobody is accused."""
    owner.path_of(tmp_path, 0).write_text(text)

    assert owner.owner_of(tmp_path, 0) is None
    assert owner.ownerless(tmp_path, tmp_path, {0: datetime.now(UTC)}) == {}  # noqa: TID251
