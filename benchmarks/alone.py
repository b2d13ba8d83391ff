"""What the parts can do alone, each in a process of its own on the same log.

`python -m benchmarks.alone PART ADDRESS TOPIC COUNT`

`raw`: aiokafka's `getmany` and our decoder, nothing else. `stock`: Faust as it comes, an agent that counts the events
of each type in a table in memory. Both print {"events", "seconds"} as JSON: from the first record to the last one.
"""

import asyncio
import contextlib
import gc
import json
import os
import sys
import tempfile
import time
from typing import Any

import faust
from aiokafka import TopicPartition

from events.codec import from_record
from events.errors import EventRejected
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
        print(json.dumps(asyncio.run(raw(*place, int(number)))))
