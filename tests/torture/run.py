"""One torture: kills under load, then everything is compared with an offline fold of the log."""

import asyncio
import random  # noqa: TID251 -- seeded
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from streams.broker.embedded import EmbeddedKafka
from streams.topics import Topics
from streams.worker.peek import last_record
from streams.worker.wire import position_of
from tests.streams.line import Line, Store, ended
from tests.torture.chaos import NAMES, Chaos
from tests.torture.check import Fault, Seen, faults
from tests.torture.feed import Feed
from tests.torture.rebuilds import Rebuilds
from tests.torture.seen import Fold, expected, left

PARTITIONS = 4
PATIENCE_S = 120.0  # for everything to be applied and sent after the last kill
LEAST = 3_000  # records, however few the kills
Say = Callable[[str], None]


class Plan(NamedTuple):
    """What is to be done."""

    kills: int
    seed: int
    homes: int  # 1: two workers of one machine; 2: as on two machines
    store: Store


@dataclass
class Outcome:
    """What came of it."""

    kills: Counter[str]
    seconds: float
    acknowledged: int  # records
    again: int  # records that the producer had to send again
    log: int  # records
    files: int
    messages: int  # of alerts, as they should be, over all topics
    letters: int
    faults: list[Fault]
    rebuilt: Counter[str] = field(default_factory=Counter)  # files, by what became of them
    ended: list[str] = field(default_factory=list)  # workers and rebuilds that ended otherwise than they should


async def torture(plan: Plan, broker: EmbeddedKafka, folder: Path, say: Say) -> Outcome:
    """Kill so many times under load, let the line settle, compare."""
    dice = random.Random(plan.seed)
    homes = {name: folder / (f"home-{name}" if plan.homes > 1 else "home") for name in NAMES}
    line = Line(broker.bootstrap, Topics("torture"), folder / "home", plan.store, PARTITIONS)
    await line.open()
    feed = Feed(broker.bootstrap, line.topics.events, PARTITIONS, random.Random(plan.seed))
    chaos = Chaos(line, broker, dice, homes, say)
    rebuilds = Rebuilds(line, sorted(set(homes.values())), random.Random(plan.seed))
    began = time.monotonic()
    with ended(line):
        await _under_load(chaos, feed, rebuilds, plan.kills)
        log, ends = await line.log(), await line.ends()
        say(f"{sum(map(len, log.values()))} records in the log; folding it offline")
        fold = Fold(line, log, folder / "offline")
        full = await asyncio.to_thread(expected, fold, {}, ends)
        await _settled(chaos, full, say)
        await chaos.end()
        say("comparing")
        files = left(line, dict.fromkeys(homes.values()))
        wanted = await asyncio.to_thread(expected, fold, files, ends)
        found = [*faults(wanted, Seen(files, await line.wire(), ends)), *_unlogged(feed, log)]
    letters = sum(len(sent) for (topic, _), sent in wanted.wire.items() if topic == line.topics.dead_letters)
    messages = sum(map(len, wanted.wire.values())) - letters
    records = sum(map(len, log.values()))
    told = (messages, letters, found, rebuilds.files, [*chaos.ended, *rebuilds.ended])
    return Outcome(
        chaos.kills, time.monotonic() - began, len(feed.acknowledged), feed.again, records, len(files), *told
    )


async def _under_load(chaos: Chaos, feed: Feed, rebuilds: Rebuilds, kills: int) -> None:
    done, over = asyncio.Event(), asyncio.Event()
    feeding, rebuilding = asyncio.create_task(feed.run(done)), asyncio.create_task(rebuilds.run(over))
    await chaos.strike(kills)
    await chaos.disarm()
    while len(feed.acknowledged) < LEAST:  # noqa: ASYNC110 -- whatever the chunks are
        await asyncio.sleep(0.1)
    done.set()
    await feeding
    over.set()
    await rebuilding


async def _settled(chaos: Chaos, full: Seen, say: Say) -> None:
    """Wait until everything is applied and sent; what is not by then will be found missing."""
    say("waiting until everything is applied and sent")
    last = {p: _last([sent for (_, at), sent in full.wire.items() if at == p]) for p in full.ends}
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while not (_applied(chaos, full) and await _sent(chaos.line, last)):
                chaos.revive(armed=False)
                await asyncio.sleep(0.5)


def _applied(chaos: Chaos, full: Seen) -> bool:
    reached: dict[int, int] = {}
    for worker in chaos.alive.values():
        for entry in worker.lines():
            if at := {"batch applied": "end", "partition opened": "next_offset"}.get(entry["event"]):
                reached[entry["partition"]] = max(reached.get(entry["partition"], 0), entry[at])
    return all(reached.get(partition, 0) >= end for partition, end in full.ends.items())


def _last(sent: Sequence[Sequence]) -> tuple[int, int] | None:
    """The position of the last message of a partition."""
    return max((position_of(it) for messages in sent for it in messages), default=None)


async def _sent(line: Line, last: dict[int, tuple[int, int] | None]) -> bool:
    for partition, position in last.items():
        record = await last_record(line.servers, line.topics.relay, partition, lambda it: position_of(it) is not None)
        if position and (record is None or position_of(record) < position):
            return False
    return True


def _unlogged(feed: Feed, log: dict[int, list]) -> list[Fault]:
    """What the broker acknowledged and does not have."""
    lost = list(feed.lost(log))
    return [Fault("lost", "the log itself", len(lost), str(lost[0]))] if lost else []
