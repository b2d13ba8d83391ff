"""`tocsin verify` on a real Kafka: five planted bugs, each found where it is."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
from aiokafka import AIOKafkaProducer

from streams import topics as topic_admin
from streams.topics import Topics
from tests.streams.line import ROOT, Line, Store

VERIFY = [sys.executable, "-c", "from streams.cli.main import main; main()", "verify"]


def verified(line: Line, home: Path, *arguments: str, **more: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and what every check found, by check and partition."""
    settings = {"broker": line.servers, "home": str(home), "prefix": line.topics.prefix, **more}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **{f"TOCSIN_{k.upper()}": v for k, v in settings.items()}}
    done = subprocess.run([*VERIFY, "--json", *arguments], env=environment, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.returncode, {f"{row['check']} {row['partition']}": row for row in json.loads(done.stdout)}


def wrong(rows: dict[str, Any]) -> set[str]:
    return {name for name, row in rows.items() if row["wrong"]}


async def settled(line: Line, store: Store) -> None:
    """Six hundred events over two partitions, applied, sent and published."""
    await line.append(store.writes(0, 600))
    worker = line.start()
    await line.settled()
    assert worker.stop() == 0


def altered(home: Path, folder: Path, statement: str) -> Path:
    """Another home, whose snapshot of partition 0 somebody has changed."""
    shutil.copytree(home / "snapshots", folder / "snapshots")
    path = folder / "snapshots" / "p0.duckdb"
    path.chmod(0o644)
    with duckdb.connect(str(path)) as con:
        assert con.execute(statement).fetchall()[0][0] > 0, "nothing was planted"
    return folder


async def test_verify_finds_nothing_in_what_is_sound_and_each_planted_bug_where_it_is(
    line: Line, store: Store, tmp_path: Path
) -> None:
    """Given a line that ran, when snapshot, wire or log are changed, then verify exits 1 and names check and place."""
    await settled(line, store)

    code, sound = verified(line, line.home)

    assert (code, wrong(sound)) == (0, set())
    assert len(sound) == 22  # eleven checks of two partitions
    assert re.fullmatch(r"[1-9]\d* messages on 4 topics", sound["messages 0"]["looked_at"])
    assert sound["dead-letters 1"]["looked_at"] == "6 messages"

    fold = altered(line.home, tmp_path / "fold", "UPDATE site_tallies SET incidents = incidents + 1")
    assert verified(line, fold, "--only", "tallies,replay")[0] == 1
    evaluator = altered(line.home, tmp_path / "evaluator", "UPDATE episode_versions SET value = value + 1")
    assert wrong(verified(line, evaluator, "--only", "episodes,tallies")[1]) == {"episodes 0"}
    snapshot = altered(line.home, tmp_path / "snapshot", "DELETE FROM events WHERE event_offset = 20")
    assert wrong(verified(line, snapshot, "--only", "replay")[1]) == {"replay 0"}

    await relay_sends_again(line)
    code, rows = verified(line, line.home, "--only", "messages,dead-letters")
    assert (code, wrong(rows)) == (1, {"messages 0"})
    assert [it["found"] for it in rows["messages 0"]["shown"]] == ["2 times"]

    other = await edited_log(line)
    code, rows = verified(line, line.home, "--only", "chain", prefix=other.prefix)
    assert (code, wrong(rows)) == (1, {"chain 0"})
    assert "records 1 to" in rows["chain 0"]["shown"][0]["where"]


async def relay_sends_again(line: Line) -> None:
    """A message that is on the wire already comes again, as from a relay that lost its place."""
    first = (await line.read(line.topics.alerts))[0][0]
    async with AIOKafkaProducer(bootstrap_servers=line.servers) as producer:
        headers: Sequence[tuple[str, bytes]] = first.headers
        await producer.send_and_wait(
            line.topics.alerts, first.value, first.key, 0, first.timestamp, headers=list(headers)
        )


async def edited_log(line: Line) -> Topics:
    """The same log on topics of another name, but for a blank in one record of partition 0."""
    other = Topics(f"{line.topics.prefix}x")
    await topic_admin.create(line.servers, other, line.partitions)
    async with AIOKafkaProducer(bootstrap_servers=line.servers) as producer:
        for partition, records in (await line.log()).items():
            for record in records:
                changed = partition == 0 and record.offset == 150
                value = record.value + b" " if changed else record.value
                await producer.send(
                    other.events, value, record.key, partition, record.timestamp, headers=list(record.headers)
                )
        await producer.flush()
    return other
