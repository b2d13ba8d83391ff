"""What is shown of a run: a table for people, with the goals beside the figures."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.bed import Moved

REBUILD_S = 45  # of a million events
KNOWING_MS = {"all incidents": 150, "all tallies": 40, "one incident": 5}  # at a million events


class Line(NamedTuple):
    """One line of the table."""

    title: str
    said: str
    goal: str = ""
    reached: bool | None = None  # None: there is no goal


@contextmanager
def bar(label: str, total: int) -> Iterator[Moved]:
    """A bar on stderr that moves by what it is told; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=total)
        yield lambda amount: bars.advance(task, amount)


def lines(found: dict[str, Any]) -> Iterator[Line]:
    """The figures of a run, most telling first."""
    it, raw, stock = found["catch_up"], found["raw"], found["stock"]
    rate, stages = it["events_per_s"], it["stages_us_per_event"]
    total, own = stages["total"], 1e6 / rate
    yield _at_least("catch-up, 1 partition", rate, 25_000, "events/s")
    for stage in ("decode", "fold", "rules", "store"):
        name = "waiting for what is read" if stage == "decode" else stage
        yield Line(f"  {name}", f"{stages[stage]:.1f} µs/event, {stages[stage] / own:.0%}")
    yield Line("  in between", f"{own - total:.1f} µs/event, {1 - total / own:.0%}")
    yield Line("  processor time", f"{it['cpu_us_per_event']:.1f} µs/event")
    first, last = it["first_tenth_us_per_event"], it["last_tenth_us_per_event"]
    if first:  # there are batches of that size
        yield Line("  first and last tenth", f"{first:.1f} and {last:.1f} µs/event: {last / first:.2f} times")
    yield from _linear(it)
    yield _at_most(f"  memory at most, {it['events']:,} events", it["memory_mb"], 400, "MB")
    yield Line(
        "  messages sent, records rejected", f"{it['messages'] / it['events']:.1%}, {it['rejected'] / it['events']:.1%}"
    )
    yield Line(
        "raw getmany and decode",
        f"{raw['events_per_s']:,.0f} events/s; the line does {rate / raw['events_per_s']:.0%} of that",
    )
    yield Line("stock Faust that counts", f"{stock['events_per_s']:,.0f} events/s over {stock['events']:,} events")
    yield _at_least("  the line beside it", rate / stock["events_per_s"], 2, "times as fast")
    yield _at_most("produce → alert readable, p50", found["latency"]["p50_ms"], 30, "ms")
    yield _at_most("produce → alert readable, p99", found["latency"]["p99_ms"], 100, "ms")
    yield _at_most("kill -9 → first event applied", found["restart"]["first_batch_s"], 2, "s")
    yield from _reading(found)


def _linear(it: dict[str, Any]) -> Iterator[Line]:
    """What an event costs at the end of the log against what it costs at 50,000."""
    early, late = it["wall_at_50k_us_per_event"], it["wall_at_end_us_per_event"]
    if early and late:
        said = f"{late / early:.2f} times: {early:.1f} and {late:.1f} µs/event"
        yield Line("  cost at the end, at 50,000", said, "≤ 1.2 times", late <= 1.2 * early)


def _reading(found: dict[str, Any]) -> Iterator[Line]:
    """Rebuilding, and what readers get."""
    again, stale = found["rebuild"], found["staleness"]
    title = f"rebuild of {again['events']:,} events"
    yield _at_most(title, again["seconds"], round(REBUILD_S * again["events"] / 1e6, 1), "s")
    title = f"staleness, {stale['snapshot_mb']:.0f} MB, {stale['events_per_s']} events/s"
    yield _at_most(f"{title}, p95", stale["p95_s"], 2.5, "s")
    yield Line("  p50, at most", f"{stale['p50_s']:.2f} s, {stale['max_s']:.2f} s")
    for what, milliseconds in found["knowing"].items():
        yield _at_most(what, milliseconds, KNOWING_MS[what.rpartition(": ")[2]], "ms")


def _at_least(title: str, value: float, goal: float, unit: str) -> Line:
    return Line(title, f"{value:,.{0 if value >= 100 else 1}f} {unit}", f"≥ {goal:,} {unit}", value >= goal)


def _at_most(title: str, value: float, goal: float, unit: str) -> Line:
    return Line(
        title, f"{value:,.{0 if value >= 100 else 1 if value >= 3 else 2}f} {unit}", f"≤ {goal:,} {unit}", value <= goal
    )


def show(found: dict[str, Any]) -> None:
    """Print the table."""
    events = found["catch_up"]["events"]
    table = Table(
        "",
        "this run",
        "goal",
        title=f"tocsin, {events:,} events, core: {found['core']}",
        title_justify="left",
        box=None,
    )
    for line in lines(found):
        mark = {None: "", True: "[green]✓[/]", False: "[red]✗[/]"}[line.reached]
        table.add_row(line.title, line.said, f"{line.goal} {mark}")
    Console(width=100 if not sys.stdout.isatty() else None, highlight=False).print(table)
