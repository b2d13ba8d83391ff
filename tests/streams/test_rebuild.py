"""Files that are made anew from the log: deleted ones, older ones, rebuilt ones."""

import duckdb

from projections.store.stamp import mark
from tests.streams.line import Line, Store, until


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
