"""The adoptions of rules that stand in the log of a timeline beyond an offset: no snapshot may have them yet."""

from contextlib import aclosing, suppress
from typing import Final, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from events.codec import from_record
from events.errors import EventRejected
from events.log import Event, Record
from events.model import RulesAdopted
from streams.broker.errors import BrokerSilent
from streams.reading.log import pieces
from streams.reading.published import log_ends

TYPE: Final = f"tocsin.{RulesAdopted.kind}.v".encode()  # of whatever version


class Adopted(NamedTuple):
    """An adoption, and where it stands."""

    partition: int
    offset: int
    event: Event

    @property
    def rules(self) -> RulesAdopted:
        """What it says."""
        return self.event.fact  # type: ignore[return-value]

    def as_object(self) -> dict[str, object]:
        """For programs."""
        said = {name: getattr(self.rules, name) for name in ("who", "why", "content_hash")}
        return {"event_id": self.event.event_id, "partition": self.partition, "offset": self.offset, **said}

    def __str__(self) -> str:
        return f"those that {self.rules.who} adopted at {self.partition}:{self.offset}"


class Look(NamedTuple):
    """What a look into the log found; the next one may begin at its end."""

    end: int  # the next offset, as the log was then
    adopted: list[Adopted]  # of the timeline, in order


async def adoptions(servers: str, topic: str, partition: int, timeline: str, start: int) -> Look:
    """Every adoption of rules of a timeline from `start` on. What is no event adopts nothing.

    Raises:
        BrokerSilent: no Kafka answers.
        LogChanged: the log does not go back as far as `start`.
    """
    end, found = (await log_ends(servers, topic)).get(partition, 0), list[Adopted]()
    if start >= end:
        return Look(start, found)
    try:
        async with aclosing(pieces(servers, TopicPartition(topic, partition), start, end)) as those:
            async for piece in those:
                found += [it for record in piece.records for it in _read(record, partition, timeline)]
    except (KafkaError, OSError) as error:
        raise BrokerSilent(servers) from error
    return Look(end, found)


def _read(record: Record, partition: int, timeline: str) -> list[Adopted]:
    """The adoption that a record is; its headers are looked at first, for nearly none is one."""
    if record.key == timeline.encode() and (dict(record.headers).get("ce_type") or b"").startswith(TYPE):
        with suppress(EventRejected):
            return [Adopted(partition, record.offset, from_record(record))]
    return []
