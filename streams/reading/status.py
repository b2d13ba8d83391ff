"""How the line is: what the log holds, what was applied of it, who applies it, and what is wrong.

The checkpoint is that of the newest snapshot: whatever stops worker, copies or relay shows as a lag that does not move.
A worker that catches up may publish seldom, but it writes its file: that counts as a move too.
A partition whose worker has another home is known by its holder alone: its snapshots are published there.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from events.errors import ConfigInvalid
from projections.store.reader import NothingPublished, Reader, Snapshot
from streams.broker.locks import held
from streams.reading.group import Member, members
from streams.reading.published import broker_here, log_ends, ownerless_here, snapshots_of
from streams.settings import Settings
from streams.topics import Topics
from streams.worker.peek import last_record
from streams.worker.wire import BEFORE_ALL, position_of

LOOK_EVERY_S: Final = 0.25
LEAST_PATIENCE_S: Final = 3.0
INTERVALS: Final = 3  # of publishing; a line that lags and does not move for so long is stuck

Holder = Literal["here", "elsewhere", "gone", "nobody"]


@dataclass(frozen=True, slots=True)
class State:
    """One partition. What is not known is None."""

    partition: int
    holder: Holder | None = None  # here: a worker of this home; gone: it was one, and is no more
    log_end: int | None = None
    checkpoint: int | None = None
    lag: int | None = None
    lag_age_s: float | None = None  # how old the newest snapshot is, while there is a lag
    unsent: int | None = None
    rejected: int | None = None  # ever: mended and open ones
    rejected_mended: int | None = None  # a later record took their place
    rejected_open: int | None = None
    duplicates: int | None = None
    open_alerts: int | None = None
    clocks: Mapping[str, str] | None = None
    file_bytes: int | None = None
    file_age_s: float | None = None
    file_changed: float | None = None  # seconds since the epoch
    snapshot_bytes: int | None = None
    snapshot_age_s: float | None = None
    ownerless_s: float | None = None  # since when no worker of this home keeps the snapshot fresh; None: one does
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """What the broker says; it must be there."""

    ends: Mapping[int, int]
    workers: Sequence[Member]
    sent: Mapping[int, tuple[int, int]]  # (offset, seq) of the last message on the wire


def states(settings: Settings, now: float) -> list[State]:
    """Every partition, judged. While there is something to wait for it looks again, for a few seconds.

    Args:
        settings: of the line.
        now: seconds since the epoch.
    """
    try:
        first = look(settings, asyncio.run(ask(settings, broker_here(settings))), now)
    except ConfigInvalid as error:
        return [replace(it, problem=str(error)) for it in look(settings, None, now) or [State(0)]]
    patience = max(LEAST_PATIENCE_S, INTERVALS * settings.snapshot_every.total_seconds())
    began, second = time.monotonic(), first
    while any(map(stands_still, first, second)) and time.monotonic() - began < patience:
        time.sleep(LOOK_EVERY_S)
        passed = time.monotonic() - began
        second = look(settings, asyncio.run(ask(settings, broker_here(settings))), now + passed)
    return [
        replace(after, problem=problem(before, after, patience)) for before, after in zip(first, second, strict=True)
    ]


def stands_still(before: State, after: State) -> bool:
    """Whether a partition that is held here has something to do, and did nothing between two looks."""
    lags = after.checkpoint is None or (after.lag or 0) > 0
    written = (after.file_bytes, after.file_changed) != (before.file_bytes, before.file_changed)
    moved = written or (after.checkpoint is not None and after.checkpoint > (before.checkpoint or 0))
    return after.holder == "here" and ((lags and not moved) or (bool(after.unsent) and after.unsent == before.unsent))


def problem(before: State, after: State, seconds: float) -> str | None:
    """What is wrong with a partition, if anything, after it was looked at for so many seconds."""
    match after.holder:
        case "nobody":
            return "no worker holds it"
        case "gone":
            return "its worker is gone"
        case "here" if stands_still(before, after):
            return f"stuck: {_stuck(after)}, and nothing moved for {seconds:g} seconds"
        case _:
            return None


def _stuck(it: State) -> str:
    if it.checkpoint is None:
        return "a worker holds it, but has published nothing"
    return f"{it.lag} records to apply" if it.lag else f"{it.unsent} messages to send"


async def ask(settings: Settings, servers: str) -> Wire:
    """What the broker knows.

    Raises:
        ConfigInvalid: no Kafka answers, or it has no topics of ours.
    """
    names = Topics(settings.prefix)
    ends = await log_ends(servers, names.events)
    if not ends:
        raise ConfigInvalid(f"there is no topic {names.events} yet: `tocsin up` makes it")
    workers = await members(servers, settings.group, names.events)
    found = [last_record(servers, names.relay, it, lambda one: position_of(one) is not None) for it in sorted(ends)]
    last = zip(sorted(ends), await asyncio.gather(*found), strict=True)
    return Wire(ends, workers, {it: position_of(record) or BEFORE_ALL for it, record in last if record})


def look(settings: Settings, wire: Wire | None, now: float) -> list[State]:
    """Every partition as it is now; without a broker those that have snapshots here."""
    try:
        with Reader(snapshots_of(settings)) as reader:
            copies = {it.partition: it for it in reader.snapshots}
            known = {it["partition"]: it for it in reader.rows("state")}
            unsent = _unsent(reader, wire.sent) if wire else {}
            alone = {it: since.timestamp() for it, since in ownerless_here(settings, reader.snapshots).items()}
    except NothingPublished:
        copies, known, unsent, alone = {}, {}, {}, {}
    partitions = sorted({*(wire.ends if wire else ()), *known})
    ownerless = {it: {"ownerless_s": _age(since, now)} for it, since in alone.items()}
    more = {it: {"unsent": unsent.get(it), "partition": it, **ownerless.get(it, {})} for it in partitions}
    return [_state(settings, wire, {**known.get(it, {}), **more[it]}, copies.get(it), now) for it in partitions]


def _unsent(reader: Reader, sent: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    positions = {it.partition: sent.get(it.partition, BEFORE_ALL) for it in reader.as_of}
    offsets, seqs = zip(*positions.values(), strict=True)
    rows = reader.rows("unsent", partitions=list(positions), offsets=list(offsets), seqs=list(seqs))
    return {row["partition"]: row["unsent"] for row in rows}


def _state(settings: Settings, wire: Wire | None, known: dict[str, Any], copy: Snapshot | None, now: float) -> State:
    partition, checkpoint = known["partition"], known.get("checkpoint")
    end = wire.ends.get(partition) if wire else None
    lag = None if end is None else max(0, end - (checkpoint or 0))
    age = _age(copy.made, now) if copy else None
    size, changed = _size_and_change(settings.home / f"p{partition}.duckdb")
    return State(
        holder=holder(settings, wire.workers, partition) if wire else None,
        log_end=end,
        lag=lag,
        lag_age_s=None if lag is None else age if lag else 0.0,
        file_bytes=size,
        file_age_s=None if changed is None else _age(changed, now),
        file_changed=changed,
        snapshot_bytes=copy.size_bytes if copy else None,
        snapshot_age_s=age,
        **known,
    )


def holder(settings: Settings, workers: Sequence[Member], partition: int) -> Holder:
    """Where the worker of a partition is. A killed one is a member until its session ends, but holds no lock."""
    having = [it for it in workers if partition in it.partitions]
    ours = {path.name: path for path in (settings.home / "workers").glob("*")}
    for member in having:
        if here := [path for name, path in ours.items() if member.is_named(name)]:
            return "here" if any(map(held, here)) else "gone"
    return "elsewhere" if having else "nobody"


def _size_and_change(path: Path) -> tuple[int | None, float | None]:
    """Bytes of a live file and its log, and when one of them changed last; the file is not opened."""
    found = [it.stat() for it in (path, path.with_name(f"{path.name}.wal")) if it.exists()]
    return (sum(it.st_size for it in found), max(it.st_mtime for it in found)) if found else (None, None)


def _age(since: float, now: float) -> float:
    return round(max(0.0, now - since), 1)
