"""The messages on the wire against those of a snapshot: each once, in order, the same."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from itertools import pairwise
from typing import Any, Final

from aiokafka import TopicPartition

from projections.store.verify.found import Verdict, Wrong
from projections.store.verify.outgoing import Sent, outgoing
from projections.store.verify.snapshot import Snapshot
from streams.reading.log import pieces
from streams.topics import Topics
from streams.worker.peek import last_record
from streams.worker.wire import BEFORE_ALL, POSITION, position_of

DEAD_LETTERS: Final = "events.dlq"
ALERTS: Final = ("alerts", "alerts.watch", "alerts.warning", "alerts.critical")


async def messages(servers: str, topics: Topics, it: Snapshot) -> Verdict:
    """Whether each alert message stands once on each of its topics, in order."""
    return await _checked("messages", ALERTS, servers, topics, it)


async def dead_letters(servers: str, topics: Topics, it: Snapshot) -> Verdict:
    """Whether each rejected record stands once among the dead letters, in order."""
    return await _checked("dead-letters", (DEAD_LETTERS,), servers, topics, it)


async def _checked(check: str, names: Sequence[str], servers: str, topics: Topics, it: Snapshot) -> Verdict:
    ours = lambda record: position_of(record) is not None  # noqa: E731
    last = await last_record(servers, topics.relay, it.partition, ours)  # first: the wire may go on meanwhile
    reached = (last and position_of(last)) or BEFORE_ALL
    expected, wrong, count = outgoing(it), list[Wrong](), 0
    for name in names:
        due = [one for one in expected.get(name, []) if one[:2] <= reached]
        found = await _sent(servers, f"{topics.prefix}.{name}", it.partition)
        wrong += differences(
            name, due, [sent for sent in found if sent.offset < it.next_offset and sent[:2] <= reached]
        )
        count += len(due)
    return Verdict.of(check, it.partition, _looked_at(count, len(names)), wrong)


def _looked_at(count: int, topics: int) -> str:
    """How many there are; an alert's message stands on as many topics as concern it, and counts on each."""
    return f"{count} messages" if topics == 1 else f"{count} messages on {topics} topics"


async def _sent(servers: str, topic: str, partition: int) -> list[Sent]:
    async with aclosing(pieces(servers, TopicPartition(topic, partition), 0)) as those:
        return [_of(record) async for piece in those for record in piece.records]


def _of(record: Any) -> Sent:
    headers = {
        name: value.decode(errors="replace") for name, value in record.headers
    }  # the last of a name: the relay's
    value = None if record.value is None else hashlib.sha256(record.value).hexdigest()
    return Sent(*_position(headers.get(POSITION, "")), headers.get("tocsin_reason") or headers.get("ce_id"), value)


def _position(said: str) -> tuple[int, int]:
    """Where a message says that it comes from; nowhere when no relay of ours has sent it."""
    found = re.fullmatch(r"(\d+)/(\d+)", said)
    return (int(found[1]), int(found[2])) if found else BEFORE_ALL


def differences(topic: str, expected: Sequence[Sent], found: Sequence[Sent]) -> list[Wrong]:
    """What of the wire is not as the file has it."""
    wire, file = {sent[:2]: sent for sent in found}, {sent[:2]: sent for sent in expected}
    times = Counter(sent[:2] for sent in found)
    wrong = [
        Wrong(_where(topic, at), "once", "not on the wire" if not times[at] else f"{times[at]} times")
        for at in file
        if times[at] != 1
    ]
    wrong += [Wrong(_where(topic, at), "no such message", f"{wire[at].name}") for at in wire if at not in file]
    wrong += [
        Wrong(_where(topic, at), _said(file[at]), _said(wire[at])) for at in file if at in wire and file[at] != wire[at]
    ]
    wrong += [
        Wrong(_where(topic, later[:2]), "in the order of the log", f"after {_at(earlier[:2])}")
        for earlier, later in pairwise([one for one in found if one[:2] in file])
        if later[:2] < earlier[:2] and times[later[:2]] == 1
    ]
    return wrong


def _where(topic: str, at: tuple[int, int]) -> str:
    return f"{topic}, the message of {_at(at)}"


def _at(at: tuple[int, int]) -> str:
    return f"offset {at[0]}/{at[1]}"


def _said(sent: Sent) -> str:
    return f"{sent.name} with value {(sent.hash or 'none')[:16]}"
