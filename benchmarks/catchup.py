"""Catching up: a worker that starts with everything before it, publishing on."""

from collections.abc import Sequence
from typing import Any

from benchmarks.bed import Bed, Moved, Worker, when
from benchmarks.load import STAGE

STAGES = ("decode", "fold", "rules", "store")


def catch_up(worker: Worker, end: int, moved: Moved) -> dict[str, Any]:
    """How the worker gets from an empty file to `end`."""
    worker.applied(1, moved)
    cpu, first = worker.cpu(), worker.batches[-1]["end"]
    worker.applied(end, moved)
    cpu = worker.cpu() - cpu
    lines = worker.batches
    seconds = when(lines[-1]) - when(lines[0]) + lines[0]["seconds"]["total"]
    return {
        "events": end,
        "events_per_s": end / seconds,
        "seconds": seconds,
        "cpu_us_per_event": cpu / (end - first) * 1e6,
        "stages_us_per_event": {stage: _per_event(lines, stage) for stage in (*STAGES, "total")},
        "first_tenth_us_per_event": _per_event([line for line in lines if STAGE <= line["start"] <= STAGE + end / 10]),
        "last_tenth_us_per_event": _per_event([line for line in lines if line["start"] >= end * 0.9]),
        "wall_at_50k_us_per_event": _wall(lines, 25_000, 75_000),
        "wall_at_end_us_per_event": _wall(lines, end - 50_000, end),
        "memory_mb": worker.memory(),
        "messages": sum(line["messages"] for line in lines),
        "rejected": sum(line["rejected"] for line in lines),
    }


def _per_event(lines: Sequence[dict[str, Any]], stage: str = "total") -> float:
    events: int = sum(line["end"] - line["start"] for line in lines)
    spent: float = sum(line["seconds"].get(stage, 0.0) for line in lines)
    return spent / max(events, 1) * 1e6


def _wall(lines: Sequence[dict[str, Any]], start: int, end: int) -> float | None:
    """What an event costs there from batch to batch, publishing and all; None where the log is too short to tell."""
    those = [line for line in lines if line["start"] >= start and line["end"] <= end]
    if start < 0 or len(those) < 3:
        return None
    events = those[-1]["end"] - those[0]["end"]
    return (when(those[-1]) - when(those[0])) / events * 1e6


async def all_sent(bed: Bed, messages: int, moved: Moved) -> None:
    """Wait until so many alert messages can be read, and check that there are no more."""
    seen = 0
    async with bed.alerts(0) as consumer:
        while seen < messages:
            found = sum(map(len, (await consumer.getmany(timeout_ms=200)).values()))
            moved(found)
            seen += found
        more = await consumer.getmany(timeout_ms=300)
    if seen + sum(map(len, more.values())) != messages:
        raise AssertionError(f"{messages} messages were committed, more than that are on the wire")
