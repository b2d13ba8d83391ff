"""Waiting until what is in the log is in the snapshots that this home publishes."""

import asyncio
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from events.errors import TimelineError
from projections.store.reader import NothingPublished, Reader
from streams.reading.published import broker_here, log_ends, snapshots_of
from streams.settings import Settings

LOOK_EVERY_S: Final = 0.05
ASK_EVERY_S: Final = 2.0  # who holds the partitions


class StillBehind(TimelineError):
    """What was in the log did not come into the snapshots in time."""


def wait_until_read(settings: Settings, seconds: float) -> None:
    """Wait until what is in the log now is in the snapshots of this home; as `wait_for`.

    Raises:
        StillBehind: it is not after so many seconds.
        ConfigInvalid: there is no broker to ask.
    """
    wait_for(settings, asyncio.run(log_ends(broker_here(settings), f"{settings.prefix}.events")), seconds)


def wait_for(settings: Settings, ends: Mapping[int, int], seconds: float) -> frozenset[int]:
    """Wait until the snapshots of this home hold everything below these offsets.

    A partition whose worker has another home is published there: it is not waited for, but returned.

    Raises:
        StillBehind: they do not after so many seconds.
    """
    folder, began, asked = snapshots_of(settings), time.monotonic(), -ASK_EVERY_S
    reader, there = None, frozenset[int]()
    try:
        while missing := behind(reader, ends, there):
            passed = time.monotonic() - began
            if passed - asked >= ASK_EVERY_S:
                reader, there, asked = _newer(folder, reader), _elsewhere(settings, ends, there), passed
                continue
            if passed > seconds:
                raise StillBehind(f"{'; '.join(missing)} after {seconds:g} seconds; `tocsin status` says why")
            time.sleep(LOOK_EVERY_S)
            reader = _newer(folder, reader)
    finally:
        if reader:
            reader.close()
    return there


def behind(reader: Reader | None, ends: Mapping[int, int], there: Collection[int]) -> list[str]:
    """What of the log below these offsets is not in the snapshots, one line a partition but for those `there`."""
    reached = {it.partition: it.next_offset for it in reader.as_of} if reader else {}
    return [
        f"partition {partition}: expected everything below {end}, found everything below {reached.get(partition, 0)}"
        for partition, end in sorted(ends.items())
        if reached.get(partition, 0) < end and partition not in there
    ]


def _elsewhere(settings: Settings, partitions: Collection[int], before: frozenset[int]) -> frozenset[int]:
    """Which partitions a worker of another home has; as `before` when the broker is away."""
    from streams.broker.errors import BrokerSilent  # noqa: PLC0415 -- mostly there is nothing to wait for
    from streams.reading.group import members  # noqa: PLC0415
    from streams.reading.status import holder  # noqa: PLC0415

    with suppress(BrokerSilent):
        workers = asyncio.run(members(broker_here(settings), settings.group, f"{settings.prefix}.events"))
        return frozenset(it for it in partitions if holder(settings, workers, it) == "elsewhere")
    return before


def _newer(folder: Path, reader: Reader | None) -> Reader | None:
    try:
        if reader is None:
            return Reader(folder)
        reader.refresh()
    except NothingPublished:
        return None
    return reader
