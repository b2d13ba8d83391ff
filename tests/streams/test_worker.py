"""The worker as a process on a real broker: what it applies, what it says, how it ends."""

import asyncio
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from streams import topics
from streams.cli.worker import line_of
from streams.settings import Settings
from streams.worker.crash import nowhere
from streams.worker.process import WorkerCrashed, work
from tests.streams.line import Line, Store, Write, until
from tests.streams.toy_store import toy_projection, toy_writes


async def test_what_is_appended_is_applied_and_sent_once(line: Line, store: Store) -> None:
    """Given events before and while a worker runs, when all is applied, then files and wire are exact."""
    await line.append(store.writes(0, 300))
    line.start()
    await line.settled()
    await line.append(store.writes(300, 300))
    await line.settled()

    await line.must_be_exact()


async def test_each_batch_is_one_log_line(line: Line, store: Store) -> None:
    """Given events, when they were applied, then one line per batch says what became of them."""
    await line.append(store.writes(0, 200))
    worker = line.start()
    await line.settled()

    said = [entry for entry in worker.lines() if entry["event"] == "batch applied"]
    sums = {key: sum(entry[key] for entry in said) for key in ("applied", "duplicates", "rejected")}
    assert sum(sums.values()) == 200
    assert sums["rejected"] > 0
    assert sums["duplicates"] > 0
    assert sum(entry["messages"] for entry in said) > 0
    assert {(entry["partition"], entry["lag"]) for entry in said} == {(0, 0), (1, 0)}
    assert all(entry["start"] < entry["end"] and entry["seconds"]["total"] > 0 for entry in said)


async def test_a_storm_of_poison_is_set_aside_and_told(line: Line, store: Store) -> None:
    """Given nothing but bytes that no one can read, when they are applied, then each is a reject and a dead letter."""
    poison = [Write(bytes([i % 256]) * (i % 40), key=None if i % 3 else b"\xff", timestamp=i) for i in range(500)]
    await line.append([*poison, *store.writes(0, 50), Write(None, timestamp=1)])
    line.start()
    await line.settled()

    letters = [where for where in await line.wire() if where[0] == line.topics.dead_letters]
    assert len(letters) == 2
    await line.must_be_exact()


async def test_what_a_producer_aborted_is_no_event(line: Line, store: Store) -> None:
    """Given committed and aborted transactions, when applied, then only the committed ones were, up to the end."""
    line.start()
    for i in range(3):
        await line.append(store.writes(i * 100, 60), transactional="some-producer")
        await line.append(store.writes(5_000 + i * 100, 40), transactional="some-producer", then="abort")
    await line.settled()

    assert line.applied() == await line.ends()  # the markers at the very end too
    await line.must_be_exact()


async def test_a_file_that_was_deleted_is_rebuilt_and_nothing_is_sent_again(line: Line, store: Store) -> None:
    """Given a projected log, when a file is deleted, then the next worker builds the same, the wire stays as it is."""
    await line.append(store.writes(0, 600))
    worker = line.start()
    await line.settled()
    before = await line.wire()
    worker.stop()

    for file in line.home.glob("p0.duckdb*"):
        file.unlink()
    again = line.start()
    await until(lambda: sum(e["event"] == "batch applied" and e["partition"] == 0 for e in again.lines()) > 0)
    await line.append(store.writes(600, 100))
    await line.settled()

    after = await line.wire()
    assert all(after[where][: len(sent)] == sent for where, sent in before.items())
    await line.must_be_exact()


async def test_a_worker_that_is_asked_to_stop_is_out_in_five_seconds_and_loses_nothing(
    line: Line, store: Store
) -> None:
    """Given a worker in the middle of its work, when it gets SIGTERM, then it ends well and the next one goes on."""
    for i in range(4):
        await line.append(store.writes(i * 1_000, 1_000))
    worker = line.start(batch_rows="100", queue_rows="200")
    await until(lambda: sum(line.applied().values()) > 200)

    began = time.monotonic()
    worker.process.send_signal(signal.SIGTERM)
    code = worker.ends()

    assert time.monotonic() - began < 5.0
    assert code == 0
    assert (line.home / "snapshots" / "p0.duckdb").exists()
    line.start()
    await line.settled()
    await line.must_be_exact()


async def test_a_worker_keeps_back_from_fetching_more_than_it_may_hold(line: Line, store: Store) -> None:
    """Given small limits, when a lot waits, then a transaction is one batch and what one fetch may add, no more."""
    for i in range(2):
        await line.append(store.writes(i * 1_000, 1_000))
    worker = line.start(batch_rows="50", queue_rows="50")
    await line.settled()

    sizes = [entry["end"] - entry["start"] for entry in worker.lines() if entry["event"] == "batch applied"]
    assert max(sizes) <= 100
    await line.must_be_exact()


async def _applied_then_stopped(line: Line, store: Store) -> None:
    await line.append(store.writes(0, 200))
    worker = line.start()
    await line.settled()
    assert worker.stop() == 0


async def _remake(line: Line, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=line.servers)
    await admin.start()
    await admin.delete_topics([name])
    while name in await admin.list_topics():
        pass
    await admin.close()
    await until(lambda: True)
    await line.open()


@pytest.mark.parametrize(
    ("count", "text"),
    [(50, "expected offset 100 next"), (400, "this is not the log the file was built from")],
    ids=["shorter", "grown past the checkpoint"],
)
async def test_a_log_that_was_made_anew_halts_the_worker(line: Line, store: Store, count: int, text: str) -> None:
    """Given a file, when the topic is made anew and filled, then the worker halts and the file is untouched."""
    await _applied_then_stopped(line, store)
    await _remake(line, line.topics.events)
    await line.append(store.writes(50_000, count))

    worker = line.start()

    assert worker.ends() == 3
    assert text in worker.said()
    assert len(worker.said().splitlines()) == 1
    assert [entry["event"] for entry in worker.lines()].count("worker halted") == 1
    assert not [entry for entry in worker.lines() if entry["event"] == "batch applied"]


async def test_a_bug_in_the_projection_ends_the_worker_and_is_named(
    line: Line, settings: Settings, tmp_path: Path
) -> None:
    """Given a projection that raises what nobody foresaw, when a batch comes, then the worker ends and names it."""

    def broken(*_: object) -> NoReturn:
        raise ZeroDivisionError("a bug")

    sound = toy_projection(tmp_path / "toy", nowhere)
    await line.append(toy_writes(0, 10))
    mine = settings.model_copy(update={"prefix": line.topics.prefix})

    with pytest.raises(WorkerCrashed, match="ZeroDivisionError\\('a bug'\\)"):
        await asyncio.wait_for(work(line_of(mine, line.servers), replace(sound, apply=broken)), 30)


async def test_a_file_that_is_no_database_ends_the_worker_with_one_line_that_says_why(line: Line) -> None:
    """Given a file that is no database, when a worker starts, then it exits with 3 and one line, said and logged."""
    line.home.mkdir()
    (line.home / "p0.duckdb").write_bytes(b"no database" * 1_000)

    worker = line.start()

    assert worker.ends() == 3
    assert len(worker.said().splitlines()) == 1
    halted = [entry for entry in worker.lines() if entry["event"] == "worker halted"]
    assert [entry["level"] for entry in halted] == ["critical"]
    assert str(halted[0]["reason"])[:40] in worker.said()


async def test_a_log_whose_begin_was_deleted_halts_a_new_file(line: Line, store: Store) -> None:
    """Given a log without its first records, when a worker starts from nothing, then it halts."""
    await line.append(store.writes(0, 200))
    admin = AIOKafkaAdminClient(bootstrap_servers=line.servers)
    await admin.start()
    await admin.delete_records({TopicPartition(line.topics.events, 1): RecordsToDelete(before_offset=10)})
    await admin.close()

    worker = line.start()

    assert worker.ends() == 3
    assert "found that it begins at 10" in worker.said()


async def test_a_topic_with_other_partitions_than_the_file_halts_the_worker(line: Line, store: Store) -> None:
    """Given files of two partitions, when the topics have three, then the worker halts."""
    await _applied_then_stopped(line, store)
    wider = replace(line, topics=topics.Topics(f"{line.topics.prefix}w"), partitions=3)
    await wider.open()

    worker = wider.start()

    assert worker.ends() == 3
    assert "partitions" in worker.said()
    line.workers.append(worker)


async def test_a_relay_topic_that_was_lost_halts_the_worker(line: Line, store: Store) -> None:
    """Given messages that were sent, when the relay topic is made anew, then the worker halts and sends nothing."""
    await _applied_then_stopped(line, store)
    before = await line.wire()
    await _remake(line, line.topics.relay)

    worker = line.start()

    assert worker.ends() == 3
    assert "the topic was lost or made anew" in worker.said()
    assert await line.wire() == before


async def test_two_workers_of_one_name_can_not_both_go_on(line: Line, store: Store) -> None:
    """Given a worker, when another one with its name starts, then that one ends at once and says why."""
    first = line.start()
    await line.append(store.writes(0, 100))
    await line.settled()

    second = line.start()

    assert second.ends() == 2
    assert "a worker named a runs in" in second.said()
    assert first.process.poll() is None
