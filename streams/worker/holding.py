"""What one worker holds: of each partition the file, the relay and the snapshot, from assignment to revocation."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from events.log import Record
from streams import clock, turns
from streams.faust.batches import Batch, Limits
from streams.worker import owner, swap
from streams.worker.applying import Run, plan
from streams.worker.checks import must_be_same, must_hold
from streams.worker.crash import Reached
from streams.worker.forward import furthest, snapshot_of
from streams.worker.line import Line
from streams.worker.meter import Meter
from streams.worker.partitions import Applied, Partitions
from streams.worker.relay import Relay
from streams.worker.snapshots import Snapshot
from streams.worker.ticking import Ticker

RELAY_PATIENCE = 1.5  # seconds for the transaction in flight; a relay that hangs is fenced by the next owner's producer

log = structlog.get_logger()


class Holding:
    """The worker's side of the Faust app (streams.faust.consumer.Feed)."""

    def __init__(self, line: Line, partitions: Partitions, reached: Reached, meter: Meter) -> None:
        self.line, self.partitions, self.meter = line, partitions, meter
        self._reached = reached
        self._relays: dict[int, tuple[Relay, asyncio.Task[None]]] = {}
        self._snapshots: dict[int, Snapshot] = {}
        self.ticker = Ticker(line, partitions, clock.now, meter.vitals.ticked)
        self._log_ends: dict[int, int] = {}  # of what is held: how far the log reached when last heard of
        self._busy = asyncio.Lock()  # held while files are opened, written or closed
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def topic(self) -> str:
        return self.line.topics.events

    @property
    def limits(self) -> Limits:
        return self.line.queue

    @property
    def checkpoints(self) -> dict[int, int]:
        """Partition -> next offset to apply, of what is held."""
        return {partition: self.partitions.files[partition].next_offset for partition in self._relays}

    def read(self, records: Sequence[Record]) -> Callable[[], Sequence[Any]]:
        projection = self.partitions.projection
        return projection.reading(records) if projection.reading else partial(projection.read, records)

    def is_busy(self) -> bool:
        return self._busy.locked()

    async def starts(self, bounds: Mapping[int, tuple[int, int]]) -> Mapping[int, int]:
        """Open what is not open yet, check it against the log, start its relay; the next offset of each.

        Raises:
            LogChanged: the log is not the one the file was built from; nothing was applied.
        """
        async with self._busy:
            new = bounds.keys() - self._relays.keys()
            files = {partition: await self.partitions.open(partition) for partition in sorted(new)}
            for partition, file in files.items():
                must_hold(f"{self.topic}[{partition}]", *bounds[partition], file)
            await must_be_same(self.line.servers, self.topic, files, self.partitions.projection)
            ends = {partition: bounds[partition][1] for partition in files}
            self._log_ends |= ends
            reached = await furthest(self.line, self.partitions, files, ends)
            for partition in files:
                self._start(partition, reached.get(partition, 0))
            return {partition: self.checkpoints[partition] for partition in bounds}

    async def apply(self, batches: Iterable[Batch], epochs: Mapping[int, int]) -> dict[int, int]:
        """Apply batches, one transaction per partition; what must be read again, and from where.

        Raises:
            ProjectionHalted: tables or log can not be trusted; the run that showed it was not written.
        """
        async with self._busy:
            runs, again = plan(batches, self.checkpoints, epochs)
            for run in runs:
                self._log_ends[run.partition] = run.end + run.lag
                self._say(run, *await self.partitions.run(self._apply, run))
        if again:
            log.warning("reading again", offsets=again)
        return again

    async def release(self, partitions: set[int]) -> None:
        """Give partitions away after what is under way; bounded: a relay that hangs can not hold up the group."""
        async with self._busy:
            await self._stop_relays(partitions & self._relays.keys())
            leaving = [snapshot for partition in partitions if (snapshot := self._snapshots.pop(partition, None))]
            for snapshot in leaving:
                await self.partitions.run(snapshot.give_up)
            for partition in partitions & self.partitions.files.keys():
                owner.give_away(self.line.snapshots, partition)
            await self.partitions.close(partitions)
            self.meter.vitals.released(partitions)

    async def end(self, patience: float) -> None:
        """Publish what is new and give everything away."""
        async with self._busy:
            await self._stop_relays(set(self._relays))
            snapshots = list(self._snapshots.values())
            for snapshot in snapshots:
                await self.partitions.run(snapshot.finish, patience / len(snapshots))
        await self.release(set(self.partitions.files))
        self.partitions.end()

    async def publish(self) -> None:
        """Begin the snapshots that are due."""
        for partition, snapshot in list(self._snapshots.items()):
            behind = self._log_ends.get(partition, 0) - snapshot.file.next_offset
            await self.partitions.run(snapshot.tick, behind)

    async def settle(self) -> None:
        """Write what was applied and waits to be written, and how far the relays are."""
        for partition, file in list(self.partitions.files.items()):
            await self.partitions.run(partial(file.settle, wait=False))
            self.meter.written(partition, file.took())

    async def swap(self) -> dict[int, int]:
        """Take files into use that were rebuilt beside ours; their next offsets, from which to read again."""
        waiting = [partition for partition in self._relays if swap.rebuilt_of(self.line, partition).exists()]
        if not waiting:
            return {}
        async with self._busy:
            for partition in (taken := [it for it in waiting if it in self._relays and await self._fits(it)]):
                await self._swap(partition)
            return {partition: self.checkpoints[partition] for partition in taken}

    async def _fits(self, partition: int) -> bool:
        return await swap.fits(self.line, self.partitions, partition)

    async def _swap(self, partition: int) -> None:
        """No message goes twice: the new file's relay begins where the relay topic says that the last one came to."""
        await self._stop_relays({partition})
        await self.partitions.run(self._snapshots.pop(partition).give_up)
        await swap.take(self.line, self.partitions, partition, self._reached)
        file = {partition: self.partitions.files[partition]}
        reached = await furthest(self.line, self.partitions, file, {partition: self._log_ends[partition]})
        self._start(partition, reached.get(partition, 0))

    async def measure(self, ends: Mapping[int, tuple[int, float]]) -> None:
        """Take note of how things stand; waits for the files' thread, whose answer is a sign of life.

        Args:
            ends: of partitions the log's end, and how many seconds ago the broker said it.
        """
        vitals = self.meter.vitals
        vitals.files_asked()
        await self.partitions.run(vitals.files_answered)
        for partition, (end, ago) in ends.items():
            if partition in vitals.held:
                vitals.heard(partition, end, ago)
        for partition, snapshot in list(self._snapshots.items()):
            if file := self.partitions.files.get(partition):
                vitals.stands(partition, await self.partitions.run(file.standing), snapshot.published)

    async def tick(self) -> None:
        """Append the ticks that live timelines lack, of partitions that are caught up."""
        async with self._busy:
            caught_up = [it for it, at in self.checkpoints.items() if at >= self._log_ends[it]]
            ticks = await self.ticker.look(caught_up)
        if ticks:
            await self.ticker.send(ticks)
            self._reached("after-tick")

    async def failure(self) -> None:
        """Wait until a relay fails, and raise why."""
        await self._failed

    def _start(self, partition: int, published: int) -> None:
        """Have relay and snapshots of an open file begin; no snapshot before the one that is `published` is reached."""
        owner.take(self.line.snapshots, partition, self.line.member)
        destination, file = snapshot_of(self.line, partition), self.partitions.files[partition]
        self._snapshots[partition] = Snapshot(file, destination, self.line.snapshot_every)
        self._snapshots[partition].not_before = published
        self.meter.vitals.opened(partition, self.partitions.files[partition].next_offset)
        relay = Relay(self.line, partition, self.partitions, self._reached)
        task = asyncio.ensure_future(relay.run())
        task.add_done_callback(self._look_at)
        self._relays[partition] = relay, task
        log.info("partition opened", partition=partition, next_offset=self.checkpoints[partition])

    def _look_at(self, task: asyncio.Task[None]) -> None:
        """Pass on a relay's failure, unless it was one of a partition that was given away."""
        error = None if task.cancelled() else task.exception()
        held = any(task is mine for _, mine in self._relays.values())
        if error and held and not self._failed.done():
            self._failed.set_exception(error)

    async def _stop_relays(self, partitions: set[int]) -> None:
        """Ask, then wait a little, then cancel and go on."""
        leaving = [self._relays.pop(partition) for partition in partitions]
        for relay, _ in leaving:
            relay.stop()
        if tasks := [task for _, task in leaving]:
            _, late = await asyncio.wait(tasks, timeout=RELAY_PATIENCE)
            for task in late:
                log.warning("relay did not stop by itself")
                task.cancel()

    def _apply(self, run: Run) -> tuple[Applied, dict[str, float]]:  # on the files' thread
        began = time.perf_counter()
        those = run.read()
        waited = time.perf_counter() - began
        applied = self.partitions.projection.apply(self.partitions.files[run.partition], those, run.start, run.end)
        took = {"decode": waited, **applied.seconds, "total": time.perf_counter() - began}
        return applied, took

    def _say(self, run: Run, applied: Applied, took: dict[str, float]) -> None:
        """Log the batch, and have its messages sent."""
        turns.share_out(run.lag)
        if applied.messages or applied.rejected:  # a reject sends a dead letter
            self._relays[run.partition][0].wake()
        self.meter.batch(run, applied, took)
        self.meter.written(run.partition, self.partitions.files[run.partition].took())
        log.info(
            "batch applied",
            partition=run.partition,
            start=run.start,
            end=run.end,
            applied=applied.applied,
            duplicates=applied.duplicates,
            rejected=applied.rejected,
            messages=applied.messages,
            lag=run.lag,
            seconds={stage: round(spent, 4) for stage, spent in took.items()},
        )
