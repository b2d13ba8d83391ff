"""kill -9 around the adoption of rules: the old ones are in force, or the new ones, never half of them."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from events.log import Record
from projections.apply import apply_batch
from projections.rules.form import RuleSpec
from projections.rules.spec import Content, content_hash, normalise
from projections.store.content import content
from projections.store.file import PartitionFile
from streams.worker.crash import crash_at
from tests import facts
from tests.streams.line import ROOT, Line, Store, Write, until
from tests.streams.real_store import START, TIMELINES

numbers = itertools.count()
BATCH = "before-commit:{0}", "after-commit:{0}"


def rules(*specs: dict[str, Any]) -> list[Content]:
    return [normalise(RuleSpec.model_validate({"measure": "count", **it})) for it in specs]


OLD = rules({"id": "kept", "levels": {"watch": 1}}, {"id": "gone", "by": ["site"], "levels": {"watch": 2}})
NEW = rules({"id": "kept", "levels": {"watch": 1}}, {"id": "new", "by": ["site"], "levels": {"warning": 2}})


def adopted(those: Sequence[Content], **said: Any) -> facts.Event:
    return facts.adopted(*those, content_hash=content_hash(those), **said)


def records() -> Sequence[Record]:
    """Old rules and what they told, new ones, and what came then."""
    events = [facts.opened(), facts.site(), facts.site("south"), adopted(OLD), facts.reported("a"), facts.reported("b")]
    return facts.records([*events, adopted(NEW, why="for good"), facts.reported("c", site="south")])


def whole(folder: Path, those: Sequence[Record]) -> PartitionFile:
    file = PartitionFile(folder / f"whole-{next(numbers)}.duckdb", 0, 1)
    apply_batch(file, those, 0, len(those))
    return file


def in_force(file: PartitionFile) -> list[str]:
    rows = file.con.execute("SELECT rule FROM rules WHERE retired_at IS NULL ORDER BY place").fetchall()
    return [name for (name,) in rows]


def counted(file: PartitionFile) -> dict[str, str]:
    file.count()
    return content(file.con)


def kill_at(path: Path, point: str) -> None:
    """Apply the whole log in a process that kills itself there."""
    code = "import sys; from tests.streams.test_adoption_killed import live; live(*sys.argv[1:])"
    command, env = [sys.executable, "-c", code, path, point], {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run(command, env=env, check=False)
    assert process.returncode == -signal.SIGKILL


def live(path: str, point: str) -> None:
    """The process: the batches before, of and after the adoptions are committed one by one."""
    file, those = PartitionFile(Path(path), 0, 1, reached=crash_at(point)), records()
    apply_batch(file, those, 0, len(those))


@pytest.mark.parametrize("point", [it.format(number) for it in BATCH for number in range(1, 6)])
def test_old_rules_or_new_ones_are_in_force_whenever_it_is_killed(tmp_path: Path, point: str) -> None:
    """Given a log with adoptions, when its writer is killed at any commit, then what is there is whole, and goes on."""
    those = records()

    kill_at(tmp_path / "p0.duckdb", point)

    file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)
    reached = file.next_offset
    assert in_force(file) in ([], ["kept", "gone"], ["kept", "new"])
    assert in_force(file) == (["kept", "new"] if reached > 6 else ["kept", "gone"] if reached > 3 else [])
    assert counted(file) == counted(whole(tmp_path, those[:reached]))
    apply_batch(file, those[reached:], reached, len(those))
    assert counted(file) == counted(whole(tmp_path, those))


async def test_a_running_worker_adopts_between_two_events_and_survives_kills(line: Line, store: Store) -> None:
    """Given a flow, when rules are adopted in it, then the worker goes on; killed right then, all is exact after."""
    worker = line.start()
    await line.append([*store.writes(0, 400), *adoptions(OLD, 500), *store.writes(600, 100)])
    await until(lambda: sum(line.applied().values()) >= 504, 60.0, line)
    assert worker.process.poll() is None
    assert len([it for it in worker.lines() if it["event"] == "partition opened"]) == line.partitions

    await line.append([*adoptions(NEW, 800), *store.writes(900, 100)])
    worker.kill()
    line.start()
    await line.append(store.writes(1_000, 100))
    await line.settled()

    await line.must_be_exact()


def adoptions(those: Sequence[Content], hour: int) -> list[Write]:
    """The same rules for every timeline, each in its partition."""
    at = START + timedelta(hours=hour)
    events = [adopted(those, at=at, timeline=f"theatre-{number}") for number in range(TIMELINES)]
    return [Write(it.value, it.key, tuple(it.headers), it.timestamp) for it in facts.records(events)]
