"""The worker as a process: waits for the broker, runs a Faust app, ends on a signal or says why it could not go on."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Iterator
from typing import Any

import structlog

from events.errors import ConfigInvalid, ProjectionHalted, TimelineError
from streams import topics
from streams.broker.errors import FolderBusy
from streams.broker.locks import FolderLock
from streams.clock import now
from streams.faust.consumer import BatchApp
from streams.worker.app import make_app
from streams.worker.away import is_away, tell_of_outages, waits
from streams.worker.crash import Reached, nowhere
from streams.worker.holding import Holding
from streams.worker.line import Line
from streams.worker.meter import Meter
from streams.worker.partitions import Partitions, Projection

# Seconds; with what lies between they keep the promise to be out within five.
STOP_PATIENCE = 1.0  # for Faust to stop
END_PATIENCE = 3.5  # for relays, last snapshots and files, of which
LAST_COPY_PATIENCE = 1.0  # for the snapshots, all together

TURN_EVERY = 0.5
MEASURE_EVERY = 2.0  # a query of a millisecond or two for each partition

Witnesses = tuple[Reached, Meter]  # whom a life tells how far it is

log = structlog.get_logger()


class WorkerCrashed(ProjectionHalted):
    """Something unexpected; what was committed is intact."""


@contextlib.contextmanager
def _alone(line: Line) -> Iterator[None]:
    """Own the member's name in this home: two workers of one name would take each other's partitions for ever.

    Raises:
        ConfigInvalid: another worker has it.
    """
    lock = FolderLock(line.home / "workers" / line.member)
    try:
        lock.acquire()
    except FolderBusy as error:
        here = f"a worker named {line.member} runs in {line.home} already (its process id is in {lock.path})"
        raise ConfigInvalid(f"{here}; end it, or set another TOCSIN_INSTANCE") from error
    try:
        yield
    finally:
        lock.release()


async def work(line: Line, projection: Projection, reached: Reached = nowhere, meter: Meter | None = None) -> None:
    """Hold a place in the line until SIGTERM or ctrl-C; out within five seconds, committed work intact.

    A broker that is missing or dies is waited for.

    Raises:
        ProjectionHalted: tables or log can not be trusted, or something unexpected happened.
        ConfigInvalid: the topics are not as they must be.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    meter = meter or Meter()
    turning = asyncio.ensure_future(_turn(meter))
    try:
        with _alone(line):
            await _live(line, projection, (reached, meter), stop)
    finally:
        turning.cancel()


async def _turn(meter: Meter) -> None:
    """Leave the loop's sign of life, for ever."""
    while True:
        meter.vitals.loop_turned()
        await asyncio.sleep(TURN_EVERY)


async def _live(line: Line, projection: Projection, witnesses: Witnesses, stop: asyncio.Event) -> None:
    """One life after another, until told to stop."""
    for seconds in waits():
        away = await _until_the_broker_is_away(line, projection, witnesses, stop)
        if away is None:
            return
        log.warning("waiting for the broker", servers=line.servers, error=str(away), seconds=seconds)
        await _first_of(stop.wait(), asyncio.sleep(seconds))
        if stop.is_set():
            return


async def _until_the_broker_is_away(
    line: Line, projection: Projection, witnesses: Witnesses, stop: asyncio.Event
) -> Exception | None:
    """Live until told to stop; the error that says that the broker is away, if that comes first."""
    try:
        await _one_life(line, projection, witnesses, stop)
    except Exception as error:
        if is_away(error):
            return error
        expected = isinstance(error, TimelineError)
        log.critical("worker halted", error=type(error).__name__, reason=str(error), exc_info=not expected and error)
        raise error if expected else WorkerCrashed(repr(error)) from error
    return None


async def _one_life(line: Line, projection: Projection, witnesses: Witnesses, stop: asyncio.Event) -> None:
    """Run one app until it is told to stop or crashes."""
    count = await topics.create(line.servers, line.topics, line.partitions)
    line.home.mkdir(parents=True, exist_ok=True)
    holding = Holding(line, Partitions(projection, count), *witnesses)
    vitals = holding.meter.vitals
    vitals.begin_anew()
    app = make_app(holding)
    log.info("worker started", member=line.member, servers=line.servers, topic=holding.topic, partitions=count)
    try:
        await _first_of(
            stop.wait(), _run(app), _measure(app, holding), tell_of_outages(line.servers, vitals.broker_reached)
        )
    except BaseException as error:
        if not await _end(app, holding) and is_away(error):  # another life would open the files a second time
            raise WorkerCrashed("the files could not be closed in time") from error
        raise
    else:
        await _end(app, holding)


async def _measure(app: BatchApp, holding: Holding) -> None:
    """Take note of how things stand, for ever."""
    while True:
        await asyncio.sleep(MEASURE_EVERY)
        at = now().timestamp()
        await holding.measure({partition: (end, at - said) for partition, (end, said) in app.batches.ends.items()})


async def _end(app: BatchApp, holding: Holding) -> bool:
    """End an app and give away what it held, as far as there is time; whether everything was."""
    await _bounded(app.stop(), STOP_PATIENCE)
    closed = await _bounded(holding.end(LAST_COPY_PATIENCE), END_PATIENCE)
    log.info("worker stopped", member=holding.line.member)
    return closed


async def _run(app: BatchApp) -> None:
    """Run an app until it ends by itself.

    Raises:
        Exception: why it did.
    """
    await app.start()
    await app.wait_until_stopped()
    raise app.crash_reason or WorkerCrashed("the app ended by itself")


async def _first_of(*these: Coroutine[Any, Any, Any]) -> None:
    """Wait until one ends, cancel the others without waiting for them; raise what the first one raised."""
    tasks = [asyncio.ensure_future(one) for one in these]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    for task in done:
        task.result()


async def _bounded(coroutine: Coroutine[Any, Any, Any], seconds: float) -> bool:
    """Wait for something that may hang or fail when the broker is away, but not longer than this; whether it ended."""
    task = asyncio.ensure_future(coroutine)
    await asyncio.wait([task], timeout=seconds)
    if not task.done():
        log.warning("did not stop in time", what=repr(coroutine), seconds=seconds)
        task.cancel()
    elif error := task.exception():
        log.warning("did not stop cleanly", error=repr(error))
    return task.done()
