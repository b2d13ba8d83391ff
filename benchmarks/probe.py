"""Latency: from the producer's send to the moment that a reader of committed messages has the alert."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

from aiokafka import AIOKafkaProducer

from benchmarks.bed import Bed, Moved
from benchmarks.load import Load, stage
from events.log import Written

RATE = 100  # events a second
RINGING = 5  # one in so many events raises an alert
RULE = {"id": "probe", "where": {"class": "probe"}, "by": "site", "window": "all", "levels": {"watch": 1}}
PROBE = "probe"  # a timeline of its own beside the load's, with one rule


async def latency(bed: Bed, seconds: int, moved: Moved) -> dict[str, Any]:
    """The times from send to readable, ms, at `RATE` events a second."""
    await bed.fill(stage(PROBE, [RULE]), lambda _: None)
    await asyncio.sleep(2.0)  # let the worker apply that
    sent: dict[str, float] = {}
    async with bed.alerts() as consumer:
        reading = asyncio.ensure_future(_arrivals(consumer, RATE * seconds // RINGING))
        await _send(bed, _probes(RATE * seconds), sent, moved)
        arrived = await asyncio.wait_for(reading, 30.0)
    found = sorted((at - sent[event_id]) * 1e3 for event_id, at in arrived.items())
    return {"alerts": len(found), "p50_ms": found[len(found) // 2], "p99_ms": found[len(found) * 99 // 100]}


def _probes(count: int) -> Iterator[Written]:
    """Events of which each `RINGING`th opens an episode at a site that had none."""
    for number, it in enumerate(Load(PROBE).reports(count)):
        said = json.loads(it.value or b"")
        ringing = number % RINGING == 0
        said["report"] |= {"class": "probe" if ringing else "context", "site": f"s{number}"}
        yield it._replace(value=json.dumps(said).encode())


async def _send(bed: Bed, records: Iterator[Written], sent: dict[str, float], moved: Moved) -> None:
    client = AIOKafkaProducer(bootstrap_servers=bed.servers, enable_idempotence=True)
    await client.start()
    began = time.perf_counter()
    for number, it in enumerate(records):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        sent[dict(it.headers)["ce_id"].decode()] = time.perf_counter()
        await client.send(bed.topics.events, it.value, it.key, 0, it.timestamp, list(it.headers))
        moved(1)
    await client.stop()


async def _arrivals(consumer: Any, count: int) -> dict[str, float]:
    """When the message of each event came."""
    found: dict[str, float] = {}
    while len(found) < count:
        record = await consumer.getone()
        body = json.loads(record.value)
        if body["timeline"] == PROBE:
            found[body["cause"]["event_id"]] = time.perf_counter()
    return found
