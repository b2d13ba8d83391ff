"""A small store with the interface of projections.store.file: tests of the worker need no real fold.

What it does with a record: JSON with `id` and `severity` becomes a row, a second one of the same id a duplicate;
severity 9 and above sends a message; anything else is rejected and sends a dead letter.
"""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from events.errors import OffsetGap, ProjectionHalted
from events.log import Record
from projections.store.outbox import Standing
from streams.worker.partitions import Projection
from tests.streams.line import Write

DDL = """
create table if not exists events(off bigint, id varchar, severity int);
create table if not exists rejected(off bigint, error varchar, raw blob);
create table if not exists outbox(off bigint, seq int, topics varchar[], key blob, value blob, ts bigint);
create table if not exists state(
    next_off bigint, last_off bigint, last_hash varchar, relay_off bigint, relay_seq int, partitions int
);
"""


class Outgoing(NamedTuple):
    offset: int
    seq: int
    topics: tuple[str, ...]
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    timestamp: int


class Applied(NamedTuple):
    applied: int
    duplicates: int
    rejected: int
    messages: int
    seconds: dict[str, float]


@dataclass
class Decided:
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    rejected: list[tuple[Any, ...]] = field(default_factory=list)
    outbox: list[tuple[Any, ...]] = field(default_factory=list)
    duplicates: int = 0


class ToyFile:
    def __init__(self, path: Path, partitions: int, reached: Callable[[str], None], patience: float = 20.0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.reached = reached
        self.con = self._connect(path, patience)
        self.path = path
        self.con.execute(DDL)
        self.con.execute("set checkpoint_threshold='2GB'")
        known = self.con.execute("select * from state").fetchall()
        if not known:
            self.con.execute("insert into state values (0, null, null, null, null, ?)", [partitions])
            known = [(0, None, None, None, None, partitions)]
        if known[0][5] != partitions:
            raise ProjectionHalted(f"{path}: expected {known[0][5]} partitions, found {partitions}")
        self.next_offset: int = known[0][0]
        self.last_applied = None if known[0][1] is None else (known[0][1], known[0][2])
        self.relay_position = None if known[0][3] is None else (known[0][3], known[0][4])
        self.ids = {row[0] for row in self.con.execute("select id from events").fetchall()}

    @staticmethod
    def _connect(path: Path, patience: float) -> duckdb.DuckDBPyConnection:
        end = time.monotonic() + patience
        while True:  # the worker that had this partition may still be closing it
            try:
                return duckdb.connect(str(path))
            except duckdb.IOException:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def commit(self, decided: Decided, end: int, last: tuple[int, str] | None) -> None:
        self.con.begin()
        if decided.rows:
            self.con.execute(
                "insert into events select unnest($1::bigint[]), unnest($2::varchar[]), unnest($3::int[])",
                [list(column) for column in zip(*decided.rows, strict=True)],
            )
        if decided.rejected:
            self.con.executemany("insert into rejected values (?,?,?)", decided.rejected)
        if decided.outbox:
            self.con.executemany("insert into outbox values (?,?,?,?,?,?)", decided.outbox)
        self.con.execute("update state set next_off = ?", [end])
        if last:
            self.con.execute("update state set last_off = ?, last_hash = ?", list(last))
        self.reached("before-commit")
        self.con.commit()
        self.reached("after-commit")
        self.next_offset, self.last_applied = end, last or self.last_applied

    def unsent(self, limit: int) -> list[Outgoing]:
        offset, seq = self.relay_position or (-1, -1)
        rows = self.con.execute(
            "select off, seq, topics, key, value, ts from outbox where (off, seq) > (?, ?) order by off, seq limit ?",
            [offset, seq, limit],
        ).fetchall()
        return [Outgoing(o, s, tuple(t), k, v, [("ce_id", f"{o}-{s}".encode())], ts) for o, s, t, k, v, ts in rows]

    def waiting(self) -> None:
        return None  # `unsent` knows them

    def mark_sent(self, offset: int, seq: int) -> None:
        self.relay_position = (offset, seq)

    def settle(self, *, wait: bool = True) -> bool:  # noqa: ARG002 -- its checkpoints hold up nobody
        if self.relay_position is not None:
            self.con.execute("update state set relay_off = ?, relay_seq = ?", list(self.relay_position))
        return False

    def took(self) -> list[float]:
        return []  # it measures no transactions

    def standing(self) -> Standing:
        return Standing(len(self.unsent(1_000_000)), {})

    def begin_publish(self, destination: Path) -> subprocess.Popen[bytes]:
        destination.parent.mkdir(parents=True, exist_ok=True)
        self.settle()
        self.con.execute("checkpoint")
        self.reached("in-checkpoint")
        part = destination.with_suffix(".part")
        copy = subprocess.Popen(["/bin/sh", "-c", 'cp "$0" "$1" && mv -f "$1" "$2"', self.path, part, destination])
        self.reached("in-publish")
        return copy

    def close(self) -> None:
        self.settle()
        self.con.close()


def apply_toy(file: ToyFile, records: Sequence[Record], start: int, end: int) -> Applied:
    if start != file.next_offset:
        raise OffsetGap(f"expected {file.next_offset}, found {start}")
    decided = Decided()
    for record in records:
        _decide(file, record, decided)
    last = (records[-1].offset, toy_hash(records[-1])) if records else None
    file.commit(decided, end, last)
    file.ids.update(row[1] for row in decided.rows)
    return Applied(len(decided.rows), decided.duplicates, len(decided.rejected), len(decided.outbox), {})


def _decide(file: ToyFile, record: Record, into: Decided) -> None:
    try:
        it = json.loads(record.value or b"")
        row = (record.offset, it["id"], it["severity"])
    except (ValueError, KeyError, TypeError) as error:
        into.rejected.append((record.offset, type(error).__name__, record.value))
        into.outbox.append((record.offset, 0, ["events.dlq"], record.key, record.value, record.timestamp))
        return
    if row[1] in file.ids or any(row[1] == other[1] for other in into.rows[-50:]):
        into.duplicates += 1
        return
    into.rows.append(row)
    if row[2] >= 9:
        body = json.dumps({"alert": row[1], "offset": record.offset}).encode()
        topics = ["alerts", "alerts.critical"]
        into.outbox.append((record.offset, 0, topics, record.key, body, record.timestamp))


def toy_hash(record: Record) -> str:
    return sha256((record.value or b"") + str(record.timestamp).encode()).hexdigest()


def toy_projection(folder: Path, reached: Callable[[str], None]) -> Projection:
    def opened(partition: int, partitions: int) -> ToyFile:
        return ToyFile(folder / f"p{partition}.duckdb", partitions, reached)

    return Projection(opened, apply_toy, toy_hash)


def toy_writes(first: int, count: int) -> list[Write]:
    """One in a hundred is bad, one in ten rings, one in fifty says what was said before."""
    return [Write(_toy_value(i), timestamp=1_700_000_000_000 + i) for i in range(first, first + count)]


def _toy_value(i: int) -> bytes:
    if i % 100 == 7:
        return b"\x00bad"
    number = i - 4 if i % 50 == 4 else i
    return json.dumps({"id": f"i{number}", "severity": 9 if number % 10 == 0 else 1, "text": "x" * 60}).encode()
