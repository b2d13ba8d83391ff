"""A batch: read, fold, evaluate, write. Applying a batch twice is refused; see `OffsetGap`."""

import time
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from events.errors import EventRejected, OffsetGap
from events.log import Record
from events.model import ProjectionAdopted, RulesAdopted
from projections.alerting import Step
from projections.batch import Batch
from projections.fold import fold
from projections.growing import Growing
from projections.known import Known
from projections.reading import Bad, Read, check_same, known_before, read
from projections.store.connection import FEW, halting
from projections.store.file import PartitionFile

MOST: Final = 25_000  # records that may wait in memory for the end of a checkpoint, or of another batch's writing


class Applied(NamedTuple):
    """What became of a batch."""

    applied: int
    duplicates: int
    rejected: int
    messages: int
    seconds: dict[str, float]  # by stage; without "store" what it led to is not written yet


def apply_batch(file: PartitionFile, records: Sequence[Record], start: int, end: int) -> Applied:
    """Read records, and apply what they hold.

    Raises:
        As `apply_read`.
    """
    began = time.perf_counter()
    those = read(records)
    seconds = {"decode": time.perf_counter() - began}
    applied = apply_read(file, those, start, end)
    return applied._replace(seconds=seconds | applied.seconds)


@halting
def apply_read(file: PartitionFile, those: Sequence[Read | Bad], start: int, end: int) -> Applied:
    """Fold what records hold into the projection of their partition, and move it from `start` to `end`.

    All is written in one transaction, unless the file `lingers`: then what few records led to waits for more, and what
    many led to is written while the next ones are applied.

    Raises:
        OffsetGap: `start` is not the checkpoint; nothing was written.
        ProjectionHalted: the tables can no longer be trusted; nothing of the failing transaction was written.
    """
    if start != file.next_offset:
        msg = f"partition {file.partition}: expected a batch from offset {file.next_offset}, found one from {start}"
        raise OffsetGap(msg)
    seconds: dict[str, float] = {}
    counts = [_apply(file, part, upto, seconds) for part, upto in _parts(those, end)]
    applied, duplicates, rejected, messages = (sum(column) for column in zip(*counts, strict=True))
    return Applied(applied, duplicates, rejected, messages, seconds)


def _parts(those: Sequence[Read | Bad], end: int) -> Iterator[tuple[Sequence[Read | Bad], int]]:
    """The batch cut before and after each adoption, which looks at the tables as they are then."""
    begin = 0
    for index, it in enumerate(those):
        if _adopts(it):
            if begin < index:
                yield those[begin:index], it.record.offset
            begin = index + 1
            yield those[index:begin], those[begin].record.offset if begin < len(those) else end
    if begin < len(those) or not those:
        yield those[begin:], end


def _adopts(it: Read | Bad) -> bool:
    return isinstance(it, Read) and isinstance(it.event.fact, RulesAdopted | ProjectionAdopted)


def _apply(file: PartitionFile, those: Sequence[Read | Bad], end: int, seconds: dict[str, float]) -> tuple[int, ...]:
    began, adopts = time.perf_counter(), any(map(_adopts, those[:1]))
    if adopts:
        file.settle()
    with file.growing(those, end) as it:
        counted = _counts(it.batch)
        steps = _fold(file, those, it)
        folded = time.perf_counter()
        file.alerting.evaluate(steps, it.batch, it.clocks)
        counts = tuple(now - before for now, before in zip(_counts(it.batch), counted, strict=True))
    judged = time.perf_counter()
    spent = {"fold": folded - began, "rules": judged - folded}
    if adopts or not file.lingers:
        file.settle()
    elif len(it.marks) > FEW:
        file.hand_over(wait=len(it.marks) > MOST)
    spent["store"] = time.perf_counter() - judged
    for stage, more in spent.items():
        seconds[stage] = seconds.get(stage, 0.0) + more
    return counts


def _counts(batch: Batch) -> tuple[int, ...]:
    return tuple(len(batch.rows.get(table, ())) for table in ("events", "duplicates", "rejected", "alert_messages"))


def _fold(file: PartitionFile, those: Sequence[Read | Bad], into: Growing) -> list[Step]:
    """Fold the records in order; the events that were applied, and what they did."""
    batch = into.batch
    into.first |= known_before(those, file.seen.meet, file.stored)
    file.fetch([it.event for it in those if isinstance(it, Read)])
    steps: list[Step] = []
    for it in those:
        if isinstance(it, Bad):
            batch.rejected(it.record, it.why, _clock(file.known, it))
            continue
        try:
            step = _step(file, it, into)
        except EventRejected as why:
            batch.rejected(it.record, why, _clock(file.known, it))
            continue
        if step is not None:
            steps.append(step)
    return steps


def _step(file: PartitionFile, it: Read, into: Growing) -> Step | None:
    """What one record did; None for one that came before.

    Raises:
        EventRejected: it is to be set aside; nothing changed.
    """
    event, offset = it.event, it.record.offset
    if (before := into.before(event.event_id)) is not None:
        check_same(it, before)
        into.batch.duplicate(it, before)
        return None
    changes = fold(file.known, event, offset)
    into.here[event.event_id] = into.batch.applied(it, changes, file.known)
    return Step(offset, event, file.known.timelines[event.timeline].clock, changes)


def _clock(known: Known, it: Read | Bad) -> int | None:
    name = it.event.timeline if isinstance(it, Read) else (it.record.key or b"").decode(errors="replace")
    timeline = known.timelines.get(name)
    return timeline.clock if timeline else None
