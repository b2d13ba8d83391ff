"""`tocsin worker` and `tocsin up`: the line's working part in the foreground. Here the projection meets the worker."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
import structlog

from streams.broker.embedded import EmbeddedKafka, running
from streams.broker.errors import BrokerGone
from streams.broker.which import embedded, folder_of, none_answers
from streams.cli.exits import told
from streams.collector import calm_collector
from streams.faust.batches import Limits
from streams.settings import Settings, load_settings
from streams.topics import Topics
from streams.worker.crash import Reached, crash_at
from streams.worker.line import Line
from streams.worker.partitions import File, Projection

if TYPE_CHECKING:
    from streams.worker.meter import Meter


@click.command()
def worker() -> None:
    """Apply the log and send alerts until ctrl-C, on a broker that runs already.

    A broker that goes away is waited for. Several workers share the partitions; in one home each needs a
    TOCSIN_INSTANCE of its own.
    """
    settings = load_settings()
    servers = settings.broker or running(folder_of(settings))
    if servers is None:
        raise none_answers(settings)
    _run_and_leave(_work(settings, servers))


@click.command()
def up() -> None:
    """Run a Kafka, unless there is one, and a worker, until ctrl-C.

    Where an older projection version is in force than this code's newest, the newest is adopted first.
    """
    settings = load_settings()
    if servers := settings.broker or running(folder_of(settings)):
        _run_and_leave(_up(settings, servers))
    _run_and_leave(_with_kafka(settings, embedded(settings)))


async def _with_kafka(settings: Settings, kafka: EmbeddedKafka) -> None:
    """Run Kafka and a worker; when Kafka dies the worker is ended.

    Raises:
        BrokerFailed: it did not start.
        BrokerGone: it died.
    """
    with kafka:
        work = asyncio.ensure_future(_up(settings, kafka.bootstrap))
        while not (await asyncio.wait([work], timeout=0.5))[0]:
            if not kafka.is_alive():
                work.cancel()
                await asyncio.wait([work])
                raise BrokerGone(f"Kafka died; {kafka.log} says why")
        work.result()


async def _up(settings: Settings, servers: str) -> None:
    """Adopt what this code says otherwise than the one before it, then work."""
    from streams.cli.projection import adopt_here

    await adopt_here(settings, servers)
    await _work(settings, servers)


async def _work(settings: Settings, servers: str) -> None:
    from streams.decoder import Decoder
    from streams.worker.meter import Meter
    from streams.worker.process import work

    meter = Meter()
    reached = crash_at(os.environ.get("TOCSIN_CRASH_AT"))
    with calm_collector(), Decoder() as decoder, _endpoint(settings, meter), _heartbeat(settings, meter):
        projection = projection_in(settings.home, reached, lingers=True)
        await work(line_of(settings, servers), replace(projection, reading=decoder.read), reached, meter)


def _heartbeat(settings: Settings, meter: "Meter") -> AbstractContextManager[object]:
    """The sign of life for those who watch from outside."""
    from streams.worker.heartbeat import FOLDER, Heartbeat, called

    url = settings.heartbeat_url
    call = called(url.get_secret_value()) if url else None
    return Heartbeat(settings.home / FOLDER / f"{settings.member}.json", meter.vitals, call)


def _endpoint(settings: Settings, meter: "Meter") -> AbstractContextManager[object]:
    """The worker's own HTTP server, if there shall be one."""
    from streams.worker.endpoint import Endpoint

    if settings.listen is None:
        return nullcontext()
    token = settings.http_token.get_secret_value() if settings.http_token else None
    return Endpoint(settings.listen, meter, token)


def line_of(settings: Settings, servers: str) -> Line:
    """A worker's place in the line, from the settings."""
    return Line(
        servers=servers,
        topics=Topics(settings.prefix),
        group=settings.group,
        member=settings.member,
        home=settings.home,
        batch=Limits(settings.batch_rows, settings.batch_bytes),
        queue=Limits(settings.queue_rows, settings.queue_bytes),
        snapshot_every=settings.snapshot_every.total_seconds(),
        tick_every=settings.tick_every.total_seconds(),
        partitions=settings.partitions,
    )


def projection_in(home: Path, reached: Reached, *, lingers: bool = False) -> Projection:
    """The projection, its files in a folder; with `lingers`, what few records led to is written when it is settled."""
    from projections.apply import apply_read
    from projections.identity import record_hash
    from projections.reading import read
    from projections.store.file import PartitionFile
    from projections.store.rebuilt import swap, unfit
    from projections.store.stamp import mark

    def opened(partition: int, partitions: int) -> File:
        file = PartitionFile(home / f"p{partition}.duckdb", partition, partitions, reached)
        file.lingers = lingers
        if file.older:
            what = "a file of an older version was moved aside; it is rebuilt from the log"
            structlog.get_logger().warning(what, partition=partition, moved_to=str(file.older))
        return file

    return Projection(opened, apply_read, record_hash, read, PartitionFile.live, mark, unfit, swap)


def _run_and_leave(work: Coroutine[Any, Any, None]) -> NoReturn:
    """Run to the end, say what went wrong, leave with the exit code.

    What hangs in a task or thread of a Kafka client is left behind: it must not keep the process alive, and there is
    nothing in it that could be lost.
    """
    code = 0
    try:
        asyncio.new_event_loop().run_until_complete(work)
    except Exception as error:  # noqa: BLE001 -- as in `main`
        code = told(error)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
