"""Files that are made anew from the log: deleted ones, older ones, rebuilt ones."""

import asyncio
import json
import os
import sys
from dataclasses import replace

import duckdb
import pytest

from projections.store.stamp import mark
from streams.cli.worker import line_of
from streams.settings import load_settings
from streams.worker import holding
from streams.worker.crash import nowhere
from streams.worker.meter import Meter
from streams.worker.partitions import Partitions
from tests.streams.line import ROOT, Line, Store, until


async def test_a_deleted_file_comes_back_the_same(line: Line, store: Store) -> None:
    """Given a published snapshot and no file, when a worker goes on, then the file is as it was and nothing twice."""
    await line.append(store.writes(0, 600))
    first = line.start()
    await line.settled()
    assert first.stop() == 0
    (line.home / "p0.duckdb").unlink()

    line.start()
    await line.append(store.writes(600, 200))
    await line.settled()

    await line.must_be_exact()


@pytest.mark.parametrize("forgets", [False, True], ids=["as it is", "with a planted bug"])
async def test_a_deleted_file_never_takes_the_snapshot_back(
    line: Line, store: Store, monkeypatch: pytest.MonkeyPatch, *, forgets: bool
) -> None:
    """Given a file that has less than its snapshot, when it is copied, then not for readers; nor the bug is missed."""
    await line.append(store.writes(0, 600))
    first = line.start()
    await line.settled()
    assert first.stop() == 0
    published, end = line.home / "snapshots" / "p0.duckdb", (await line.ends())[0]
    whole, log = mark(published), (await line.log())[0]
    (line.home / "p0.duckdb").unlink()
    if forgets:
        monkeypatch.setattr(holding, "furthest", nobody_asks)

    held = held_by(line, store)
    await held.starts({0: (0, end)})
    file, projection = held.partitions.files[0], held.partitions.projection
    await held.partitions.run(projection.apply, file, projection.read(log[:100]), 0, log[100].offset)
    await held.publish()
    await held.end(patience=30.0)

    assert (mark(published) == whole) is not forgets


async def nobody_asks(*_: object) -> dict[int, int]:
    """No snapshot is further than any file."""
    return {}


def held_by(line: Line, store: Store) -> holding.Holding:
    """A worker's side of the line, without the worker."""
    where = {"home": line.home, "prefix": line.topics.prefix, "group": line.topics.prefix}
    mine = line_of(load_settings(broker=line.servers, **where), line.servers)
    return holding.Holding(mine, Partitions(store.projection(line.home), line.partitions), nowhere, Meter())


async def test_a_file_of_an_older_version_is_rebuilt_by_the_worker(line: Line, store: Store) -> None:
    """Given a file of an older version, when a worker starts, then it says so once, rebuilds it, and all is exact."""
    await line.append(store.writes(0, 400))
    first = line.start()
    await line.settled()
    assert first.stop() == 0
    with duckdb.connect(str(line.home / "p1.duckdb")) as con:
        con.execute("UPDATE meta SET schema_version = schema_version - 1")

    second = line.start()
    await line.append(store.writes(400, 100))
    await until(lambda: line.workers[-1].lines() != [])
    await line.settled()

    said = [row for row in second.lines() if "older version" in row["event"]]
    assert [row["partition"] for row in said] == [1]
    await line.must_be_exact()


REBUILD = [sys.executable, "-c", "from streams.cli.main import main; main()", "rebuild"]


async def rebuilt(line: Line, *arguments: str, answer: bytes = b"") -> tuple[int, str, str]:
    """The exit code, stdout and stderr of `tocsin rebuild`, run beside whatever runs, without a terminal."""
    given = {"TOCSIN_BROKER": line.servers, "TOCSIN_HOME": str(line.home), "TOCSIN_PREFIX": line.topics.prefix}
    process = await asyncio.create_subprocess_exec(
        *REBUILD, *arguments, env={**os.environ, "PYTHONPATH": str(ROOT), **given}, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(answer), 90.0)
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_rebuilt_file_is_taken_by_the_worker_that_runs(line: Line, store: Store) -> None:
    """Given a worker whose tables were damaged, when rebuilt beside it, then it swaps, goes on, and all is exact."""
    await line.append(store.writes(0, 400))
    first = line.start()
    await line.settled()
    assert first.stop() == 0
    with duckdb.connect(str(line.home / "p0.duckdb")) as con:
        con.execute("UPDATE site_tallies SET incidents = incidents + 1")
    worker = line.start(snapshot_every="PT0.3S")
    await line.append(store.writes(400, 100))
    await line.settled()
    at = line.applied()[0]
    await until(lambda: getattr(mark(line.home / "snapshots" / "p0.duckdb"), "next_offset", 0) >= at)

    code, out, err = await rebuilt(line, "--yes", "--json")

    assert code == 0, err
    different = {(row["partition"], row["table"]) for row in json.loads(out) if row["result"] != "same"}
    assert different == {(0, "site_tallies")}
    await until(lambda: sum(row["event"] == "rebuilt file swapped in" for row in worker.lines()) == 2)
    await line.append(store.writes(500, 100))
    await line.settled()
    await line.must_be_exact()


async def test_a_swap_that_goes_on_with_the_old_file_would_be_noticed(line: Line) -> None:
    """Given a planted bug, a worker that says that it swapped and did not, then what comes next is missing."""
    line.store = replace(line.store, command=[sys.executable, "-m", "tests.torture.planted", "keeps"])
    await line.append(line.store.writes(0, 400))
    line.start()
    await line.settled()

    code, _, err = await rebuilt(line, "--yes")
    await line.append(line.store.writes(400, 100))
    await line.settled()

    assert code == 0, err
    with pytest.raises(AssertionError, match="partition 0"):
        await line.must_be_exact()


async def test_without_a_worker_a_rebuilt_file_is_put_in_place(line: Line, store: Store) -> None:
    """Given a home where no worker runs, when rebuilt, then the files are in place, and a worker goes on from them."""
    await line.append(store.writes(0, 400))
    first = line.start()
    await line.settled()
    first.kill()

    code, out, err = await rebuilt(line, "--yes")

    assert (code, out.count("different")) == (0, 0), err
    assert err.count("it is in place") == 2
    line.start()
    await line.append(store.writes(400, 100))
    await line.settled()
    await line.must_be_exact()


async def test_a_rebuild_asks_before_anything_is_taken_into_use(line: Line, store: Store) -> None:
    """Given nobody there, a no and a yes, when asked, then only the yes puts the files in place."""
    await line.append(store.writes(0, 100))
    first = line.start()
    await line.settled()
    assert first.stop() == 0

    def files() -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in line.home.glob("p*.duckdb*")}

    before = files()
    nobody, no = await rebuilt(line), await rebuilt(line, answer=b"n\n")
    after = files()
    yes = await rebuilt(line, answer=b"y\n")

    assert [code for code, _, _ in (nobody, no, yes)] == [130, 130, 0]
    assert nobody[2].endswith("Take into use? [y/N]:\nnobody is there to answer: --yes does not ask\n")
    assert "Take into use? [y/N]" in no[2]
    assert after == before
    assert files().keys() == before.keys()
    assert not files().items() & before.items()
    assert yes[2].count("it is in place") == 2


@pytest.mark.parametrize("point", ["before-swap", "after-swap"])
async def test_a_worker_killed_in_a_swap_leaves_the_old_file_or_the_new_one(
    line: Line, store: Store, point: str
) -> None:
    """Given a worker that is killed in a swap, when another life goes on, then files and wire are exact."""
    await line.append(store.writes(0, 400))
    first = line.start(crash_at=point)
    await line.settled()

    told = asyncio.create_task(rebuilt(line, "--yes"))
    await until(lambda: first.process.poll() is not None)
    second = line.start()
    code, _, err = await told
    await line.append(store.writes(400, 100))
    await line.settled()

    assert first.ends() == -9, f"{point} was not reached"
    assert code == 0, err
    assert second.process.poll() is None
    await line.must_be_exact()


async def test_a_file_of_another_log_is_refused_and_the_worker_goes_on(line: Line, store: Store) -> None:
    """Given a waiting file of another log, when the worker looks at it, then it is set aside with one line."""
    await line.append(store.writes(0, 400))
    worker = line.start()
    await line.settled()
    other = store.projection(line.home.parent / "other")
    file = other.open(0, 2)
    log = (await line.log())[0]
    changed = [*log[:50], replace(log[50], value=b"{}")]
    other.apply(file, other.read(changed), 0, changed[-1].offset + 1)
    file.close()
    (line.home.parent / "other" / "p0.duckdb").replace(line.home / "p0.duckdb.rebuilt")

    await until(lambda: any(row["event"] == "a rebuilt file was refused" for row in worker.lines()))

    assert (line.home / "p0.duckdb.rebuilt-unfit").exists()
    await line.append(store.writes(400, 100))
    await line.settled()
    await line.must_be_exact()
