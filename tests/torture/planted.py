"""A worker with a fault planted in it: `python -m tests.torture.planted FAULT`. The torture must report it."""

import sys
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

import projections.apply
from streams.cli.main import main
from streams.worker import swap
from streams.worker.relay import Relay


async def _send_again(relay: Relay, messages: Sequence[Any]) -> None:
    """Put the first of the messages on the wire once more, outside the transaction."""
    producer = AIOKafkaProducer(bootstrap_servers=relay.line.servers)
    await producer.start()
    for sending in relay._copies(producer, messages[0]):
        await (await sending)
    await producer.stop()


def twice() -> None:
    """A relay that sends what it has sent already."""
    honest = Relay._send

    async def send(self: Relay, producer: Any, wire: Any, messages: Sequence[Any]) -> None:
        await honest(self, producer, wire, messages)
        await _send_again(self, messages)

    Relay._send = send  # type: ignore[method-assign]


def skips() -> None:
    """A fold that leaves a record out and moves the checkpoint all the same."""
    honest = projections.apply.apply_read

    def apply(file: Any, read: Sequence[Any], start: int, end: int) -> Any:
        return honest(file, [*read[:1], *read[2:]], start, end)

    projections.apply.apply_read = apply


def keeps() -> None:
    """A swap that goes on with the file that was open, and only says otherwise."""

    async def take(line: Any, partitions: Any, partition: int, _reached: Any) -> None:
        swap.rebuilt_of(line, partition).replace(line.home / f"p{partition}.duckdb")
        at = partitions.files[partition].next_offset
        swap.log.warning("rebuilt file swapped in", partition=partition, before=at, next_offset=at)

    swap.take = take


FAULTS = {"twice": twice, "skips": skips, "keeps": keeps}

if __name__ == "__main__":
    FAULTS[sys.argv[1]]()
    main(["worker"])
