"""What is to be sent: alert messages and dead letters, in one order (offset, seq). An offset has either, never both."""

import base64
import json
from typing import Final, NamedTuple

import duckdb

from events.values import instant, iso

EVENTS: Final = "events"
DEAD_LETTERS: Final = "events.dlq"
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


UNSENT: Final = """
    SELECT * FROM (
        SELECT event_offset, seq, topics, alert_id::VARCHAR AS name, body::VARCHAR AS body, message_id::VARCHAR AS message_id,
            kind, timeline, epoch_us(known_at) AS known, NULL::BLOB AS key, NULL::BLOB AS value, NULL AS headers, NULL AS said
        FROM alert_messages WHERE (event_offset, seq) > ($1, $2)
        UNION ALL
        SELECT event_offset, 0, 'events.dlq', NULL, NULL, NULL, NULL, NULL, record_timestamp * 1000, key, value, headers::VARCHAR,
            [reason, expected, found, coalesce(field, '')]
        FROM rejected WHERE event_offset > $1
    ) ORDER BY event_offset, seq LIMIT $3
"""


def unsent(con: duckdb.DuckDBPyConnection, partition: int, position: tuple[int, int], limit: int) -> list[Outgoing]:
    """The next messages after a position (offset, seq), at most `limit`, in order."""
    rows = con.execute(UNSENT, [*position, limit]).fetchall()
    return [_alert(*row[:9]) if row[3] is not None else _dead_letter(partition, row) for row in rows]


def _alert(
    offset: int, seq: int, topics: str, alert_id: str, body: str, message_id: str, kind: str, timeline: str, known: int
) -> Outgoing:
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


def _dead_letter(partition: int, row: tuple[object, ...]) -> Outgoing:
    """The record as it was, with what was wrong with it in further headers."""
    offset, known, key, value, headers, said = row[0], row[8], row[9], row[10], row[11], row[12]
    kept = [(name, base64.b64decode(raw)) for name, raw in json.loads(str(headers))]
    names = ("tocsin_reason", "tocsin_expected", "tocsin_found", "tocsin_field")
    kept += [(name, text.encode()) for name, text in zip(names, said, strict=True)]  # type: ignore[call-overload]
    kept.append(("tocsin_position", f"{EVENTS}/{partition}/{offset}".encode()))
    return Outgoing(offset, 0, (DEAD_LETTERS,), key, value, kept, known // 1_000)  # type: ignore[arg-type, operator]
