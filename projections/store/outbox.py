"""What is to be sent: alert messages and dead letters, in one order (offset, seq). An offset has either, never both.

The newest are in memory, so that the relay need not ask the tables for what was told just now (docs/adr/0018).
"""

import base64
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final, NamedTuple

import duckdb

from events.values import instant, iso

MESSAGES: Final = ("alert_messages", "rejected")  # the tables whose rows are to be sent
BEFORE_ALL: Final = (-1, 0)
KEPT: Final = 1_000  # messages in memory, a few kilobytes each; when more wait the tables are asked
Header = tuple[str, bytes]
Row = tuple[Any, ...]


class Outgoing(NamedTuple):
    """One message, for the same partition of each of its topics as its cause came from."""

    offset: int
    seq: int
    topics: tuple[str, ...]  # without the prefix
    key: bytes | None
    value: bytes | None
    headers: list[Header]
    timestamp: int  # ms since the epoch


class Standing(NamedTuple):
    """How a file stands."""

    unsent: int  # messages, dead letters included, that are not marked sent
    open_alerts: dict[str, int]  # by severity


UNSENT: Final = """
    SELECT
        (SELECT count(*) FROM alert_messages WHERE event_offset >= $1 AND (event_offset, seq) > ($1, $2))
        + (SELECT count(*) FROM rejected WHERE event_offset > $1)
"""
OPEN: Final = "SELECT severity, count(*) FROM alerts WHERE state = 'open' GROUP BY severity"
# Rows are selected as they are handed to the tables. `event_offset >= $1` says nothing new, but lets the engine skip
# what was sent long ago
ALERTS: Final = """
    SELECT event_offset, seq, message_id::VARCHAR, alert_id::VARCHAR, timeline, rule, group_key, kind, severity, state,
        topics, epoch_us(known_at), body::VARCHAR
    FROM alert_messages WHERE event_offset >= $1 AND (event_offset, seq) > ($1, $2) ORDER BY event_offset, seq LIMIT $3
"""
REJECTED: Final = """
    SELECT event_offset, reason, expected, found, field, epoch_us(known_at), record_timestamp, key, value,
        headers::VARCHAR
    FROM rejected WHERE event_offset > $1 ORDER BY event_offset LIMIT $2
"""


class Outbox:
    """The messages of one partition that are not known to be on the wire."""

    def __init__(self, con: duckdb.DuckDBPyConnection, pen: duckdb.DuckDBPyConnection, partition: int) -> None:
        self._con, self._pen, self._partition = con, pen, partition
        found = con.execute("SELECT event_offset, seq FROM relay_position").fetchall()
        self._written: tuple[int, int] | None = found[0] if found else None
        self.position = self._written  # (offset, seq) of the last message that is committed on the wire; any thread
        self._tail: tuple[Outgoing, ...] | None = None  # all that wait, and some that do not; None: the tables know

    @property
    def _after(self) -> tuple[int, int]:
        return self.position or BEFORE_ALL

    def take(self, alerts: Sequence[Row], rejected: Sequence[Row]) -> None:
        """Take in messages that were told just now: rows of `alert_messages` and `rejected` as they are handed over."""
        if self._tail is None or not (alerts or rejected):
            return
        tail = (*self._waiting(self._tail), *self._merged(alerts, rejected))
        self._tail = tail if len(tail) <= KEPT else None

    def waiting(self) -> list[Outgoing] | None:
        """All that wait, in order; None: `unsent` knows them. On any thread."""
        tail = self._tail
        return None if tail is None else self._waiting(tail)

    def _waiting(self, tail: Collection[Outgoing]) -> list[Outgoing]:
        after = self._after
        return [it for it in tail if it[:2] > after]

    def unsent(self, limit: int, unwritten: Iterable[Mapping[str, Sequence[Row]]] = ()) -> list[Outgoing]:
        """The first messages that wait, at most `limit`, in order.

        Args:
            limit: how many.
            unwritten: rows by table, in order, of batches that may not be in the tables yet; one may be written now.
        """
        found = self._stored(limit)
        for rows in unwritten:
            if len(found) < limit:
                found += self._behind(found[-1][:2] if found else self._after, rows, limit - len(found))
        self._tail = tuple(found) if len(found) < limit else None
        return found

    def _behind(self, after: tuple[int, int], rows: Mapping[str, Sequence[Row]], limit: int) -> Iterable[Outgoing]:
        alerts, rejected = (rows.get(table, ()) for table in MESSAGES)
        alerts = [row for row in alerts if row[:2] > after]
        rejected = [row for row in rejected if (row[0], 0) > after]
        return islice(self._merged(alerts, rejected), limit)

    def _stored(self, limit: int) -> list[Outgoing]:
        self._con.begin()  # both are looked at in one moment, since a batch may be written between
        try:
            alerts = self._con.execute(ALERTS, [*self._after, limit]).fetchall()
            rejected = self._con.execute(REJECTED, [self._after[0], limit]).fetchall()
        finally:
            self._con.rollback()
        return list(islice(self._merged(alerts, rejected), limit))

    def _merged(self, alerts: Iterable[Row], rejected: Iterable[Row]) -> Iterator[Outgoing]:
        told = (_alert(row) for row in alerts)
        dead = (_dead_letter(row, self._partition) for row in rejected)
        return merge(told, dead, key=lambda it: it[:2])

    def write_position(self) -> None:
        """Write how far the wire is, if it has moved."""
        position = self.position  # once: it may move on meanwhile
        if position != self._written:
            statement = "UPDATE relay_position SET event_offset = ?, seq = ?"
            if self._written is None:
                statement = "INSERT INTO relay_position VALUES (?, ?)"
            self._pen.execute(statement, position)
            self._written = position

    def standing(self) -> Standing:
        """How many wait, and what is open."""
        waiting = self.waiting()
        if waiting is None:
            [(count,)] = self._con.execute(UNSENT, [*self._after]).fetchall()
        else:
            count = len(waiting)
        return Standing(count, dict(self._con.execute(OPEN).fetchall()))


def _alert(row: Row) -> Outgoing:
    offset, seq, message_id, alert_id, timeline, _, _, kind, _, _, topics, known, body = row
    at = iso(instant(known))
    attributes = {
        "specversion": "1.0",
        "id": message_id,
        "source": f"/timelines/{timeline}",
        "type": f"tocsin.alert.{kind}.v1",
        "subject": alert_id,
        "time": at,
        "recordedtime": at,
    }
    headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    headers.append(("content-type", b"application/json"))
    return Outgoing(offset, seq, tuple(topics.split(",")), alert_id.encode(), body.encode(), headers, known // 1_000)


def _dead_letter(row: Row, partition: int) -> Outgoing:
    """The record as it was, with what was wrong with it in further headers."""
    offset, *said, _, timestamp, key, value, headers = row
    kept = [(name, base64.b64decode(raw)) for name, raw in json.loads(headers)]
    names = ("tocsin_reason", "tocsin_expected", "tocsin_found", "tocsin_field")
    kept += [(name, (text or "").encode()) for name, text in zip(names, said, strict=True)]
    kept.append(("tocsin_record", f"events/{partition}/{offset}".encode()))
    return Outgoing(offset, 0, ("events.dlq",), key, value, kept, timestamp)
