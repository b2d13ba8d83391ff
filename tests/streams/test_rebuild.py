"""Files that are made anew from the log: deleted ones, older ones, rebuilt ones."""

import asyncio
import json
import os
import sys
from dataclasses import replace

import duckdb
import pytest

from projections.store.stamp import mark
from tests.streams.line import ROOT, Line, Store, until


async def test_a_deleted_file_never_takes_the_snapshot_back(line: Line, store: Store) -> None:
    """Given a published snapshot and no file, when it is rebuilt, then no snapshot has less, and all is exact."""
    await line.append(store.writes(0, 600))
    first = line.start()
    await line.settled()
    assert first.stop() == 0
    path, live = line.home / "snapshots" / "p0.duckdb", line.home / "p0.duckdb"
    whole = mark(path)
    assert whole
    live.unlink()

    seen: list[int] = []
    second = line.start(batch_rows="1")

    def caught_up() -> bool:
        there = mark(path)
        seen.append(there.next_offset if there else 0)
        return any(row.get("end") == whole.next_offset for row in second.lines() if row.get("partition") == 0)

    await until(caught_up, 60.0, line)
    await line.append(store.writes(600, 200))
    await line.settled()

    assert min(seen) == whole.next_offset
    await line.must_be_exact()
    after = mark(path)
    assert after
    assert after.next_offset > whole.next_offset


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


async def rebuilt(line: Line, *arguments: str) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of `tocsin rebuild`, run beside whatever runs."""
    given = {"TOCSIN_BROKER": line.servers, "TOCSIN_HOME": str(line.home), "TOCSIN_PREFIX": line.topics.prefix}
    process = await asyncio.create_subprocess_exec(
        *REBUILD, *arguments, env={**os.environ, "PYTHONPATH": str(ROOT), **given}, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 90.0)
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
    assert sum(row["event"] == "rebuilt file swapped in" for row in worker.lines()) == 2
    await line.append(store.writes(500, 100))
    await line.settled()
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
