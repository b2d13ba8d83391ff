"""What the parts can do alone, each in a process of its own on the same log.

`python -m benchmarks.alone PART ADDRESS TOPIC COUNT`

`raw`: aiokafka's `getmany` and our decoder, nothing else. `stock`: Faust as it comes, an agent that counts the events
of each type in a table in memory. `fold`: the log into a new file, as a rebuild does. All print {"events", "seconds"}
as JSON: from the first record to the last one.
"""

import asyncio
import contextlib
import gc
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import faust
from aiokafka import TopicPartition

from events.codec import from_record
from events.errors import EventRejected
from projections.apply import apply_batch
from projections.store.file import PartitionFile
from streams.worker.peek import reader


async def raw(servers: str, topic: str, count: int) -> dict[str, float]:
    """Fetch and decode."""
    gc.freeze()
    gc.disable()  # as kind as can be
    async with reader(servers) as consumer:
        tp, seen = TopicPartition(topic, 0), 0
        consumer.assign([tp])
        consumer.seek(tp, 0)
        began = time.perf_counter()
        while seen < count:
            records = (await consumer.getmany(timeout_ms=1000, max_records=5_000)).get(tp, [])
            seen += len(records)
            for record in records:
                decode(record)
    return {"events": seen, "seconds": time.perf_counter() - began}


async def fold(servers: str, topic: str, count: int) -> dict[str, float]:
    """Fetch and apply everything into a new file, one batch after the other."""
    gc.freeze()
    gc.set_threshold(2_000_000, 50, 100)  # as the worker does
    tp = TopicPartition(topic, 0)
    with tempfile.TemporaryDirectory() as folder:
        file = PartitionFile(Path(folder) / "p0.duckdb", 0, 1)
        began = time.perf_counter()
        async with reader(servers) as consumer:
            consumer.assign([tp])
            consumer.seek(tp, 0)
            while file.next_offset < count:
                records = (await consumer.getmany(timeout_ms=1000, max_records=5_000)).get(tp, [])
                apply_batch(file, records, file.next_offset, records[-1].offset + 1 if records else file.next_offset)
        seconds = time.perf_counter() - began
        file.close()
    return {"events": file.next_offset, "seconds": seconds}


def decode(record: Any) -> None:
    """Decode a record; a bad one is an expected outcome."""
    with contextlib.suppress(EventRejected):
        from_record(record)


def stock(servers: str, topic: str, count: int) -> None:
    """Count in a Faust table; ends the process."""
    app = faust.App(
        f"stock-{os.getpid()}", broker=f"kafka://{servers}", store="memory://", web_enabled=False,
        consumer_auto_offset_reset="earliest", value_serializer="raw", datadir=tempfile.mkdtemp(),
        topic_disable_leader=True,
    )  # fmt: skip
    counts = app.Table("counts", default=int, partitions=1)
    seen = 0
    began = 0.0

    @app.agent(app.topic(topic, value_type=bytes))
    async def counting(stream: Any) -> None:
        nonlocal seen, began
        async for event in stream.events():
            began = began or time.perf_counter()
            counts[event.headers["ce_type"].decode()] += 1
            seen += 1
            if seen == count:
                print(json.dumps({"events": seen, "seconds": time.perf_counter() - began}), flush=True)
                os._exit(0)  # what it leaves behind is not measured

    app.finalize()
    faust.Worker(app, loglevel="warning", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    part, *place, number = sys.argv[1:]
    if part == "stock":
        stock(*place, int(number))
    else:
        print(json.dumps(asyncio.run({"raw": raw, "fold": fold}[part](*place, int(number)))))
