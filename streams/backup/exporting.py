"""The log into files: what is committed now, each partition into one file, the manifest last."""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from events.errors import ConfigInvalid
from streams.backup.lines import is_raw, to_line
from streams.backup.manifest import Manifest, Part, Sum, save, written
from streams.broker.errors import BrokerGone
from streams.reading.published import log_ends
from streams.worker.peek import reader

SILENCE_S: Final = 30.0  # without a record, while there must be more
AT_ONCE: Final = 5_000
Progress = Callable[[int], None]


class Span(NamedTuple):
    """What a partition's log holds now."""

    partition: int
    first: int
    end: int


async def spans(servers: str, topic: str) -> list[Span]:
    """What there is to export, by partition.

    Raises:
        ConfigInvalid: there is no such topic, or no Kafka.
    """
    ends = await log_ends(servers, topic)
    if not ends:
        raise ConfigInvalid(f"there is no topic {topic}: nothing to export")
    async with reader(servers) as consumer:
        firsts = await consumer.beginning_offsets([TopicPartition(topic, it) for it in ends])
    return [Span(it, firsts[TopicPartition(topic, it)], ends[it]) for it in sorted(ends)]


async def export(servers: str, topic: str, folder: Path, suffix: str, progress: Progress) -> Manifest:
    """Write a backup of what is committed now into a folder that is empty, or is made.

    Args:
        servers: of the broker, which must run.
        topic: the log.
        folder: where to.
        suffix: of the files: ".ndjson" or ".ndjson.gz".
        progress: hears of the offsets that were passed.

    Raises:
        ConfigInvalid: the folder holds something, or there is nothing to export; nothing was written.
        BrokerGone: Kafka went away; what was written is no backup, since it has no manifest.
    """
    there = await spans(servers, topic)
    _begin(folder)
    try:
        async with reader(servers) as consumer:
            parts = [await _part(consumer, topic, it, folder / f"p{it.partition}{suffix}", progress) for it in there]
    except (KafkaError, OSError, TimeoutError) as error:
        if isinstance(error, OSError) and error.filename:
            raise
        raise BrokerGone(f"the Kafka at {servers} is gone; what is in {folder} is no backup, delete it") from error
    manifest = Manifest(topic=topic, parts=tuple(parts))
    save(folder, manifest)
    return manifest


def _begin(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigInvalid(f"{folder}: expected a folder that is empty or not there, found something in it")
    folder.mkdir(parents=True, exist_ok=True)


async def _part(consumer: AIOKafkaConsumer, topic: str, span: Span, path: Path, progress: Progress) -> Part:
    found, newest = Sum(), None
    with written(path) as file:
        async for record in _records(consumer, TopicPartition(topic, span.partition), span, progress):
            line = to_line(record)
            file.write(line)
            found.add(line, raw=is_raw(line))
            newest = max(record.timestamp, newest or record.timestamp)
    return Part(
        name=path.name,
        partition=span.partition,
        first=span.first,
        end=span.end,
        records=found.records,
        raw=found.raw,
        newest=newest,
        sha256=found.sha256,
    )


async def _records(
    consumer: AIOKafkaConsumer, tp: TopicPartition, span: Span, progress: Progress
) -> AsyncIterator[Any]:
    """Every committed record of a partition that lies below its end.

    Raises:
        TimeoutError: none came for too long.
    """
    consumer.assign([tp])
    consumer.seek(tp, span.first)
    at, heard = span.first, time.monotonic()
    while at < span.end:
        for record in (await consumer.getmany(tp, timeout_ms=200, max_records=AT_ONCE)).get(tp, ()):
            if record.offset < span.end:
                yield record
        now = min(await consumer.position(tp), span.end)
        if now > at:
            heard = time.monotonic()
        elif time.monotonic() - heard > SILENCE_S:
            raise TimeoutError
        progress(now - at)
        at = now
