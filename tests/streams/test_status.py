"""Whether the line is well: who holds a partition, and what counts as standing still."""

from dataclasses import replace
from pathlib import Path

import pytest

from events import ids
from streams.broker.locks import FolderLock
from streams.cli.status import COLUMNS
from streams.reading.group import Member
from streams.reading.status import State, Wire, holder, look, problem, stands_still
from streams.settings import load_settings
from tests import facts
from tests.published import publish

MOVING = State(0, holder="here", checkpoint=10, lag=5, unsent=0, file_bytes=100, file_changed=7.0)


@pytest.mark.parametrize(
    ("members", "lock", "found"),
    [
        ([Member("mine-7f3a", frozenset({0}))], "held", "here"),
        ([Member("mine-7f3a", frozenset({0}))], "left", "gone"),
        ([Member("theirs-1b2c", frozenset({0}))], "held", "elsewhere"),
        ([Member("mine-7f3a", frozenset({1}))], "held", "nobody"),
        ([], "none", "nobody"),
    ],
    ids=["our worker", "killed", "another home", "another partition", "no worker"],
)
def test_a_partition_is_where_its_worker_is(tmp_path: Path, members: list[Member], lock: str, found: str) -> None:
    """Given members of the group and the locks of a home, when asked who holds a partition, then it is known where."""
    owner = FolderLock(tmp_path / "workers" / "mine")
    if lock != "none":
        owner.acquire()
    if lock == "left":
        owner.release()

    assert holder(load_settings(home=tmp_path), members, 0) == found
    owner.release()


@pytest.mark.parametrize(
    ("after", "still"),
    [
        (MOVING, True),
        (replace(MOVING, checkpoint=11), False),
        (replace(MOVING, lag=0), False),
        (replace(MOVING, holder="elsewhere"), False),
        (replace(MOVING, checkpoint=None), True),
        (replace(MOVING, checkpoint=11, lag=0, unsent=3), False),
        (replace(MOVING, lag=0, unsent=0), False),
        (replace(MOVING, file_changed=8.0), False),
        (replace(MOVING, file_bytes=200), False),
        (replace(MOVING, checkpoint=None, file_changed=8.0), False),
        (replace(MOVING, file_changed=8.0, unsent=3), False),
    ],
    ids=[
        *("the same", "moved", "caught up", "elsewhere", "nothing published", "something new to send", "well"),
        *("written", "grown", "written, nothing published", "written, something new to send"),
    ],
)
def test_what_has_work_and_does_not_move_stands_still(after: State, still: bool) -> None:  # noqa: FBT001
    """Given two looks at a partition, when there is work and nothing moved between them, then it stands still."""
    assert stands_still(MOVING, after) is still


def test_messages_that_are_not_sent_are_a_problem_too() -> None:
    """Given the same messages unsent at both looks, when nothing is left to apply, then the relay is stuck."""
    waiting = replace(MOVING, lag=0, unsent=3)

    assert problem(waiting, waiting, 3) == "stuck: 3 messages to send, and nothing moved for 3 seconds"


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [((None, None, None), ""), ((0, 0, 0), "0"), ((2, 0, 2), "2 open"), ((3, 1, 2), "2 open, 1 mended")],
)
def test_rejected_records_show_what_is_still_to_do(numbers: tuple[int | None, ...], shown: str) -> None:
    """Given rejected records, when shown, then those that are open stand first; the mended ones are told apart."""
    names = ("rejected", "rejected_mended", "rejected_open")
    [column] = [it for it in COLUMNS if it.title == "rejected"]

    assert column.text(dict(zip(names, numbers, strict=True))) == shown


def test_a_record_that_was_mended_is_not_open(tmp_path: Path) -> None:
    """Given three rejected records, when one is mended and came again as well, then two are open and one is mended."""
    nowhere = [facts.reported(name, site="south") for name in "abc"]
    publish(tmp_path, [facts.opened(), facts.site(), *nowhere])
    mended = facts.reported("a", causation_id=ids.position_id(0, 2), event_id=nowhere[0].event_id)
    publish(tmp_path, [mended])

    [found] = look(load_settings(home=tmp_path), None, 0.0)

    assert (found.rejected, found.rejected_mended, found.rejected_open) == (3, 1, 2)


@pytest.mark.parametrize(
    ("who", "said"),
    [("nobody", "no worker holds it"), ("gone", "its worker is gone"), ("elsewhere", None)],
)
def test_a_partition_without_a_worker_is_a_problem_at_once(who: str, said: str | None) -> None:
    """Given a partition that nobody holds, when looked at, then it is a problem though nothing is left to apply."""
    it = replace(MOVING, lag=0, holder=who)

    assert problem(it, it, 3) == said


def test_a_change_of_the_file_or_of_its_log_is_seen_without_opening_it(tmp_path: Path) -> None:
    """Given a live file that may not be read, when its log grows, then the two looks at it differ."""
    settings = load_settings(home=tmp_path)
    wire = Wire({0: 5}, [], {})
    live, log = tmp_path / "p0.duckdb", tmp_path / "p0.duckdb.wal"
    live.write_bytes(b"no database")
    live.chmod(0)

    [before] = look(settings, wire, 0.0)
    log.write_bytes(b"more")
    [after] = look(settings, wire, 0.0)

    assert (before.file_bytes, after.file_bytes) == (11, 15)
    assert before.file_changed is not None
    assert after.file_changed is not None
    assert after.file_changed >= before.file_changed
