"""A relay by hand: one partition's file of the toy store, and the wire under it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from events.log import Written
from streams.faust.batches import Limits
from streams.worker.crash import nowhere
from streams.worker.line import Line
from streams.worker.partitions import Partitions
from streams.worker.relay import PartitionTaken, Relay
from streams.worker.wire import POSITION
from tests.streams import line as harness
from tests.streams.line import until_true
from tests.streams.toy_store import apply_toy, toy_projection, toy_writes


class Bench:
    """One partition's file and its relay, by hand."""

    def __init__(self, under_test: harness.Line, folder: Path) -> None:
        self.wire = under_test
        limits = Limits(1_000, 1_000_000)
        names = {"group": under_test.topics.prefix, "member": "a", "home": folder, "snapshot_every": 2.0}
        self.line = Line(under_test.servers, under_test.topics, batch=limits, queue=limits, **names)
        self.partitions = Partitions(toy_projection(folder, nowhere), 2)

    async def open(self) -> "Bench":
        await self.partitions.open(0)
        return self

    async def end(self) -> None:
        await self.partitions.close({0})
        self.partitions.end()

    def relay(self) -> Relay:
        return Relay(self.line, 0, self.partitions, nowhere)

    async def apply(self, first: int, count: int) -> None:
        """Apply toy events to the file, at the offsets that come next."""
        file = self.partitions.files[0]
        start = file.next_offset
        writes = enumerate(toy_writes(first, count), start)
        records = [Written(offset, write.timestamp or 0, write.key, write.value, ()) for offset, write in writes]
        await self.partitions.run(apply_toy, file, records, start, start + count)  # type: ignore[arg-type]

    async def offsets(self) -> list[int]:
        """The log offsets of the alerts on the wire, in their order."""
        sent = (await self.wire.wire()).get((self.line.topics.alerts, 0), [])
        return [int(dict(one.headers)[POSITION].split(b"/")[0]) for one in sent]

    async def has_sent(self, count: int) -> None:
        async def asked() -> bool:
            return len(await self.offsets()) >= count

        await until_true(asked)


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.ensure_future(relay.run())
    yield task
    relay.stop()
    with suppress(asyncio.CancelledError, PartitionTaken):
        await asyncio.wait_for(task, 10)
