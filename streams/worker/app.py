"""The Faust app: one agent over the events' topic, which gets batches and hands them to what the worker holds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, cast

from faust.serializers.schemas import Schema
from faust.tables.manager import TableManager
from faust.types import TP, StreamT
from mode import CrashingSupervisor

from streams.faust.batches import Batch, Limits
from streams.faust.consumer import FAUSTS, BatchApp
from streams.security import faust_credentials
from streams.settings import load_settings
from streams.worker.applying import TailWatch
from streams.worker.holding import Holding

SETTLE_EVERY = 0.25  # seconds; a crash costs at most so much that is applied again, and is not sent again
SESSION_S = 10.0  # a dead worker is replaced after this; one that comes back sooner has its partitions at once


class AsIs(Schema[Any, Any]):
    """Faust decodes nothing: the agent gets the batch, and the projection reads the raw bytes."""

    def loads_key(self, *_: Any, **__: Any) -> None:
        return None

    def loads_value(self, app: Any, message: Any, **_: Any) -> Any:  # noqa: ARG002 - Faust names it
        return message.value


class NoTables(TableManager):
    """Faust's table manager without its first second of sleep: there are no tables here."""

    logger = FAUSTS

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


def make_app(holding: Holding) -> BatchApp:
    """An app that is ready to start; it ends, crashed, on anything unexpected."""
    app = _configured(holding)
    _agent(app, holding)
    _watches(app, holding)
    _revocation(app, holding)
    _assignment(app, holding)
    return app


def _configured(holding: Holding) -> BatchApp:
    line = holding.line
    app = BatchApp(
        line.group,
        broker=[f"kafka://{server}" for server in line.servers.split(",")],
        broker_credentials=faust_credentials(load_settings()),
        consumer_group_instance_id=line.member,  # static: who restarts gets the same partitions back at once
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=1.0,
        consumer_auto_offset_reset="earliest",  # see streams.faust.consumer
        agent_supervisor=CrashingSupervisor,
        TableManager=NoTables,
        table_standby_replicas=0,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        datadir=str(line.home / "faust"),
    )
    app.feed = holding
    return app


def _agent(app: BatchApp, holding: Holding) -> None:
    topic = app.topic(holding.topic, schema=AsIs(), acks=False)  # Faust commits nothing: the files hold the truth

    @app.agent(topic)
    async def project(stream: StreamT[Batch]) -> None:
        async for batches in grouped(app, stream, holding.line.batch):
            await app.batches.rewind(await holding.apply(batches, app.batches.epoch))


async def grouped(app: BatchApp, stream: StreamT[Batch], limits: Limits) -> AsyncIterator[list[Batch]]:
    """All that waits, up to the limits: many records share a transaction when there are many, none waits for others."""
    queue = cast("Any", stream).channel.queue
    app.batches.waiting = queue
    group: list[Batch] = []
    async for event in stream.events():
        app.batches.taken()
        group.append(event.value)
        if queue.empty() or limits.reached(group):
            yield group
            group = []


def _watches(app: BatchApp, holding: Holding) -> None:
    tail = TailWatch()

    async def watch_tail() -> None:
        idle = not (app.rebalancing or holding.is_busy() or app.batches.queued())
        lost = tail.lost(app.batches.cursor, holding.checkpoints if idle else {})
        await app.batches.rewind(lost)

    async def swap() -> None:
        await app.batches.rewind(await holding.swap())

    again = (
        (watch_tail, 1.0),
        (swap, 0.25),
        (holding.settle, SETTLE_EVERY),
        (holding.publish, 0.1),
        (holding.tick, 0.1),
    )
    for function, pause in again:
        app.task(partial(_again_and_again, app, function, pause))
    app.task(holding.failure)


async def _again_and_again(app: BatchApp, function: Callable[[], Awaitable[None]], pause: float) -> None:
    """Call with a pause between, until the end; Faust's timers warn when a call takes longer than the pause."""
    while not app.should_stop:
        await app.sleep(pause)
        await function()


def _revocation(app: BatchApp, holding: Holding) -> None:
    async def revoked(_app: BatchApp, tps: set[TP], **_: Any) -> None:
        partitions = {tp.partition for tp in tps if tp.topic == holding.topic}
        app.batches.forget(partitions)
        await asyncio.shield(holding.release(partitions))

    app.on_partitions_revoked.connect(cast("Any", revoked))


def _assignment(app: BatchApp, holding: Holding) -> None:
    async def assigned(_app: BatchApp, _tps: set[TP], **_: Any) -> None:
        holding.meter.vitals.assigned()

    app.on_partitions_assigned.connect(cast("Any", assigned))
