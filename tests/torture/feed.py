"""A producer that appends all the while: reports, corrections, merges, retractions, poison, and the same again."""

import asyncio
import contextlib
import random  # noqa: TID251 -- seeded: the same load in every run
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from benchmarks.load import RULES, Load, stage
from events.log import Written

TIMELINES = 6  # over four partitions: some hold several
SITES = 40  # few, so that much is told
CHUNK = 150  # events sent at once, at most
PAUSE_S = 0.3  # between two chunks, at most
EVERY_MEASURE: tuple[dict[str, Any], ...] = (  # beside those of the load, which count
    {"id": "each-weapon", "by": ["weapon", "country"], "window": "1d", "levels": {"watch": 40}},
    {"id": "wide", "by": "member_of", "measure": {"distinct": "site"}, "window": "1d", "levels": {"watch": 14}},
    {
        "id": "new-site",
        "by": "actor",
        "measure": {"new": "site"},
        "window": "2d",
        "levels": {"watch": 9, "warning": 14},
    },
    {"id": "hurt", "by": "site", "measure": {"sum": "wounded.us"}, "window": "7d", "levels": {"watch": 40}},
    {"id": "surge", "by": "country", "measure": {"surge": 2}, "window": "6h", "levels": {"watch": 90}},
    {"id": "quiet", "by": "site", "measure": "silence", "levels": {"watch": "1d", "critical": "4d"}},
)
AGAIN = 0.05  # of the chunks are sent twice


@dataclass
class Feed:
    """Where the events go, and what the broker has acknowledged."""

    servers: str
    topic: str
    partitions: int
    dice: random.Random
    acknowledged: dict[tuple[int, int], bytes] = field(default_factory=dict)  # (partition, offset) -> ce_id
    again: int = 0  # records that were sent twice
    _loads: list[Load] = field(init=False)

    def __post_init__(self) -> None:
        self._loads = [Load(f"torture-{number}", count=SITES) for number in range(TIMELINES)]

    async def run(self, done: asyncio.Event) -> None:
        """Append until told to stop. A broker that is away is waited for, and the chunk is sent again."""
        for number, load in enumerate(self._loads):
            await self._surely(number, list(stage(load.timeline, (*RULES, *EVERY_MEASURE), SITES)))
        while not done.is_set():
            number = self.dice.randrange(TIMELINES)
            chunk = list(self._loads[number].records(self.dice.randint(1, CHUNK)))
            for _ in range(1 + (self.dice.random() < AGAIN)):
                await self._surely(number, chunk)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), self.dice.uniform(0, PAUSE_S))

    async def _surely(self, number: int, chunk: Sequence[Written]) -> None:
        """Send until all of it is acknowledged."""
        while not await self._sent(number % self.partitions, chunk):  # noqa: ASYNC110 -- the broker says nothing
            await asyncio.sleep(0.5)

    async def _sent(self, partition: int, chunk: Sequence[Written]) -> bool:
        client = AIOKafkaProducer(bootstrap_servers=self.servers, linger_ms=2, enable_idempotence=True)
        try:
            await asyncio.wait_for(client.start(), 10.0)
            waiting = [await client.send(self.topic, **_fields(it), partition=partition) for it in chunk]
            found = await asyncio.wait_for(asyncio.gather(*waiting), 20.0)
        except (KafkaError, OSError, TimeoutError):
            self.again += len(chunk)
            return False
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.stop(), 2.0)
        self.acknowledged |= {(it.partition, it.offset): _id(one) for it, one in zip(found, chunk, strict=True)}
        return True

    def lost(self, log: dict[int, list[Any]]) -> Iterator[tuple[int, int]]:
        """Where the log does not hold what was acknowledged: the broker's fault, not ours."""
        there = {(it.partition, it.offset): _id(it) for records in log.values() for it in records}
        return (where for where, said in self.acknowledged.items() if there.get(where) != said)


def _fields(it: Written) -> dict[str, Any]:
    return {"value": it.value, "key": it.key, "timestamp_ms": it.timestamp, "headers": list(it.headers)}


def _id(record: Any) -> bytes:
    return dict(record.headers)["ce_id"]
