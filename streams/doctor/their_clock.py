"""What time it is for the broker. No request of Kafka asks that, but a refusal tells it.

A record of the year 9999 is refused by a topic that takes nothing from the future, and since KIP-467 the refusal says
which times it would have taken. Nothing is written: what is refused as a whole leaves no trace.
Source: Kafka's protocol guide, Produce version 8; measured with Kafka 4.3.1.
"""
# ruff: noqa: SLF001 -- the administrator has no method for a request of one's own; a test on a real Kafka holds it

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka.protocol.produce import ProduceRequest, ProduceRequest_v8
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from streams.topics import Topic

FAR_MS: Final = 253_402_300_799_000  # the end of the year 9999
LIMIT: Final = "message.timestamp.after.max.ms"
LARGEST_LIMIT_MS: Final = 24 * 3600 * 1000  # beyond that it is no limit, and the record might be taken
RANGE: Final = re.compile(r"should be within \[-?\d+, (\d+)\]")


class _Telling(ProduceRequest):  # type: ignore[misc]  # aiokafka is untyped
    """In the version whose answer has the reason in words; aiokafka 0.14 asks in version 7 and drops them."""

    def prepare(self, versions: Mapping[int, tuple[int, int]]) -> Any:  # noqa: ARG002 -- aiokafka's signature
        return self.build(ProduceRequest_v8)


async def broker_time(client: Any, topic: Topic) -> datetime | None:
    """The broker's time; None when this topic would not refuse, or the refusal does not tell.

    Args:
        client: an administrator that has started.
        topic: the log.
    """
    limit = int(topic.config.get(LIMIT, FAR_MS))
    if limit > LARGEST_LIMIT_MS or topic.config.get("message.timestamp.type") != "CreateTime":
        return None
    [found] = await client.describe_topics([topic.name])
    leader = next(it["leader"] for it in found["partitions"] if it["partition"] == 0)
    request = _Telling(None, 1, 5_000, [(topic.name, [(0, _record())])])
    return said(await client._client.send(leader, request), limit)


def _record() -> bytes:
    ids = {"producer_id": -1, "producer_epoch": -1, "base_sequence": -1}
    builder = DefaultRecordBatchBuilder(2, 0, is_transactional=0, batch_size=1024, **ids)
    builder.append(0, timestamp=FAR_MS, key=b"doctor", value=b"", headers=[])
    return bytes(builder.build())


def said(answer: Any, limit_ms: int) -> datetime | None:
    """The time that a refusal tells."""
    errors = [it[1] for _, parts in answer.topics for part in parts for it in part[5]]
    match = next((match for text in errors if text and (match := RANGE.search(text))), None)
    return datetime.fromtimestamp((int(match[1]) - limit_ms) / 1000, UTC) if match else None
