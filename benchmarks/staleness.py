"""Staleness: how old what a reader sees is, while events arrive and the worker publishes."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from benchmarks.bed import Bed, Moved
from benchmarks.load import Load
from events.log import Written
from projections.store.reader import NothingPublished, Reader, published

RATE = 500  # events a second
LOOK_S = 0.02  # between two looks of the reader
TICK_S = 0.02  # between two sends


async def staleness(bed: Bed, load: Load, seconds: int, moved: Moved) -> dict[str, Any]:
    """The ages of what a reader sees, s: at each look the time since the oldest event that is not shown was sent."""
    sent: dict[int, float] = {}  # offset -> when it was sent
    ended = asyncio.Event()
    looking = asyncio.ensure_future(_look(bed.home / "snapshots", sent, ended))
    await _send(bed, load.records(RATE * seconds), sent, moved)
    ended.set()
    ages, size = await looking
    if not ages:
        raise AssertionError(f"no snapshot showed any of what was sent in {seconds} s: --probe may be longer")
    ages.sort()
    return {
        "snapshot_mb": size / 1e6,
        "events_per_s": RATE,
        "looks": len(ages),
        "p50_s": ages[len(ages) // 2],
        "p95_s": ages[len(ages) * 95 // 100],
        "max_s": ages[-1],
    }


async def _look(folder: Path, sent: dict[int, float], ended: asyncio.Event) -> tuple[list[float], int]:
    ages: list[float] = []
    seen, shown, size = None, 0, 0
    while not ended.is_set():
        if (there := published(folder)) and there[0].inode != seen:
            try:
                shown = await asyncio.to_thread(_shown, folder)
            except NothingPublished:
                continue
            seen, size = there[0].inode, there[0].size_bytes
        if sent and shown >= next(iter(sent)):  # until then the catching up is measured, not this
            ages.append(time.perf_counter() - sent[shown] if shown in sent else 0.0)
        await asyncio.sleep(LOOK_S)
    return ages, size


def _shown(folder: Path) -> int:
    """The first offset that the newest snapshot does not show."""
    with Reader(folder) as reader:
        return reader.as_of[0].next_offset


async def _send(bed: Bed, records: Iterator[Written], sent: dict[int, float], moved: Moved) -> None:
    """Send evenly; `sent` has the time of each before it can be read."""
    client = AIOKafkaProducer(bootstrap_servers=bed.servers, enable_idempotence=True)
    await client.start()
    offset, began = await bed.end(), time.perf_counter()
    for number, it in enumerate(records):
        if (ahead := began + number / RATE - time.perf_counter()) > TICK_S:
            await asyncio.sleep(ahead)
        sent[offset + number] = time.perf_counter()
        await client.send(bed.topics.events, it.value, it.key, 0, it.timestamp, list(it.headers))
        moved(1)
    await client.flush()
    await client.stop()
