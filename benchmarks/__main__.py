"""`python -m benchmarks`, or `make bench`: every measure once, on an embedded real Kafka, in one run.

Only the ratios travel: the figures are this machine's, and what else runs on it changes them.
"""

import asyncio
import json
import platform
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import click

from benchmarks import staleness
from benchmarks.bed import Bed
from benchmarks.catchup import all_sent, catch_up
from benchmarks.load import Load, stage
from benchmarks.probe import RATE, latency
from benchmarks.restart import rebuild, restart
from benchmarks.show import bar, show
from streams import topics
from streams.broker.which import broker_of
from streams.compiled import refuse_stale
from streams.settings import load_settings

STOCK = 20_000  # events for stock Faust: the figure is steady long before


@click.command()
@click.option("--events", default=200_000, show_default=True, help="How many the worker catches up with.")
@click.option("--probe", default=20, show_default=True, help="Seconds of measuring latency, and of staleness.")
@click.option("--json", "file", type=click.File("w"), help="Write all figures to this file, - for stdout alone.")
def main(events: int, probe: int, file: Any) -> None:
    """Measure the line; five minutes."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        settings = load_settings(home=Path(folder))
        with broker_of(settings) as servers:
            found = asyncio.run(measured(Bed(servers, Path(folder) / "worker"), events, probe))
    if file is not sys.stdout:
        show(found)
    if file:
        json.dump(found, file, indent=2)
        file.write("\n")


async def measured(bed: Bed, events: int, probe: int) -> dict[str, Any]:
    """All measures, one after the other; the machine is this process's and theirs."""
    await topics.create(bed.servers, bed.topics, 1)
    load = Load()
    with bar("filling the log", events) as moved:
        await bed.fill(chain(stage(load.timeline), load.records(events)), moved)
    end = await bed.end()
    found: dict[str, Any] = {"machine": f"{platform.machine()}, Python {platform.python_version()}"}
    found["core"] = refuse_stale()
    with bed.worker() as worker:
        with bar("catching up", end) as moved:
            found["catch_up"] = await asyncio.to_thread(catch_up, worker, end, moved)
        messages = found["catch_up"]["messages"]
        with bar("reading the alerts", messages) as moved:
            await all_sent(bed, messages, moved)
        with bar("measuring latency", RATE * probe) as moved:
            found["latency"] = await latency(bed, probe, moved)
        with bar("reading snapshots meanwhile", staleness.RATE * probe) as moved:
            found["staleness"] = await staleness.staleness(bed, load, probe, moved)
        found["memory_mb"] = worker.memory()
    found["restart"] = await restart(bed, load)
    found["knowing"] = await asyncio.to_thread(_as_known_at, bed.home / "snapshots" / "p0.duckdb")
    found["rebuild"] = await asyncio.to_thread(rebuild, bed, await bed.end())
    for part, count in (("raw", end), ("stock", min(STOCK, end))):
        found[part] = await asyncio.to_thread(_alone, part, bed, count)
    return found


def _as_known_at(snapshot: Path) -> dict[str, float]:
    """How long questions about the past take, ms; nothing where that measure is not there."""
    if find_spec("benchmarks.knowing") is None:
        return {}
    found: dict[str, float] = import_module("benchmarks.knowing").as_known_at(snapshot)
    return found


def _alone(part: str, bed: Bed, count: int) -> dict[str, float]:
    """What a part does alone, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.alone", part, bed.servers, bed.topics.events, str(count)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=1200).stdout
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return found | {"events_per_s": found["events"] / found["seconds"]}


main()
