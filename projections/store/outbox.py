"""What is to be sent: alert messages and dead letters, in one order (offset, seq). An offset has either, never both."""

import base64
import json
from heapq import merge
from itertools import islice
from typing import Any, Final, NamedTuple

import duckdb

from events.values import instant, iso

BEFORE_ALL: Final = (-1, 0)
Header = tuple[str, bytes]


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


STANDING: Final = """
    SELECT
        (SELECT count(*) FROM alert_messages WHERE event_offset >= $1 AND (event_offset, seq) > ($1, $2))
        + (SELECT count(*) FROM rejected WHERE event_offset > $1),
        (SELECT map(list(severity), list(n)) FROM (
            SELECT severity, count(*) AS n FROM alerts WHERE state = 'open' GROUP BY severity
        ))
"""
# `event_offset >= $1` says nothing new, but lets the engine skip what was sent long ago
ALERTS: Final = """
    SELECT event_offset, seq, topics, alert_id::VARCHAR, body::VARCHAR, epoch_us(known_at), message_id::VARCHAR, kind,
        timeline
    FROM alert_messages WHERE event_offset >= $1 AND (event_offset, seq) > ($1, $2) ORDER BY event_offset, seq LIMIT $3
"""
DEAD_LETTERS: Final = """
    SELECT event_offset, key, value, headers::VARCHAR, record_timestamp, reason, expected, found, coalesce(field, '')
    FROM rejected WHERE event_offset > $1 ORDER BY event_offset LIMIT $2
"""


def unsent(con: duckdb.DuckDBPyConnection, partition: int, position: tuple[int, int], limit: int) -> list[Outgoing]:
    """The next messages after a position (offset, seq), at most `limit`, in order."""
    told = [_alert(row) for row in con.execute(ALERTS, [*position, limit]).fetchall()]
    dead = [_dead_letter(row, partition) for row in con.execute(DEAD_LETTERS, [position[0], limit]).fetchall()]
    return list(islice(merge(told, dead, key=lambda it: it[:2]), limit))


def standing(con: duckdb.DuckDBPyConnection, position: tuple[int, int]) -> Standing:
    """How a file stands whose messages are sent up to and including a position."""
    [(unsent_, open_)] = con.execute(STANDING, [*position]).fetchall()
    return Standing(unsent_, open_ or {})


def _alert(row: tuple[Any, ...]) -> Outgoing:
    offset, seq, topics, alert_id, body, known, message_id, kind, timeline = row
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


def _dead_letter(row: tuple[Any, ...], partition: int) -> Outgoing:
    """The record as it was, with what was wrong with it in further headers."""
    offset, key, value, headers, timestamp, *said = row
    kept = [(name, base64.b64decode(raw)) for name, raw in json.loads(headers)]
    names = ("tocsin_reason", "tocsin_expected", "tocsin_found", "tocsin_field")
    kept += [(name, text.encode()) for name, text in zip(names, said, strict=True)]
    kept.append(("tocsin_position", f"events/{partition}/{offset}".encode()))
    return Outgoing(offset, 0, ("events.dlq",), key, value, kept, timestamp)
