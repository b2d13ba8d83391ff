"""What must stand on the wire: the messages and dead letters of a snapshot, as far as they must be the same there."""

from typing import Final, NamedTuple

from projections.store.verify.snapshot import Snapshot

ALERTS: Final = """
    SELECT unnest(string_split(topics, ',')), event_offset, seq, message_id::VARCHAR, sha256(body::VARCHAR)
    FROM alert_messages ORDER BY event_offset, seq
"""
DEAD_LETTERS: Final = "SELECT 'events.dlq', event_offset, 0, reason, sha256(value) FROM rejected ORDER BY event_offset"


class Sent(NamedTuple):
    """A message as far as it must be the same in the file and on the wire."""

    offset: int  # of the record that caused it
    seq: int  # among the messages of that record
    name: str | None  # a message's id; a dead letter's reason
    hash: str | None  # SHA-256 of the value; None: a tombstone


def outgoing(it: Snapshot) -> dict[str, list[Sent]]:
    """Topic, without the prefix -> what stands there, in order."""
    found: dict[str, list[Sent]] = {}
    for query in (ALERTS, DEAD_LETTERS):
        for topic, *said in it.con.execute(query).fetchall():
            found.setdefault(topic, []).append(Sent(*said))
    return found
