"""A backtest over a million events: `python -m benchmarks.backtest [--events N] [--home FOLDER]`.

The load of the other benchmarks, folded into a partition's file without a broker and published; then `tocsin rules
backtest` as its user runs it: other rules than those adopted, held against these. A home that has snapshots is used
as it is. Prints the seconds of the process, what of them was processor time, and the most memory it took.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.load import RULES, STAGE, Load, stage
from benchmarks.show import bar
from projections.apply import apply_batch
from projections.store.file import PartitionFile

GOAL_S = 60.0
AT_ONCE = 5_000


def candidate() -> list[dict[str, Any]]:
    """The load's rules with other lowest levels, so that every rule has to be evaluated twice."""
    return [{**rule, "levels": {**rule["levels"], **_lower(rule["levels"])}} for rule in RULES]


def _lower(levels: dict[str, int]) -> dict[str, int]:
    name = next(iter(levels))
    return {name: levels[name] - 1}


def fill(home: Path, events: int) -> None:
    """Fold a load, and publish it."""
    file, records = PartitionFile(home / "p0.duckdb", 0, 1), [*stage("load")]
    mass = Load().records(events - STAGE)
    with bar("filling the file", events) as moved:
        while records or (records := [it for _, it in zip(range(AT_ONCE), mass, strict=False)]):
            start = file.next_offset
            numbered = [it._replace(offset=start + place) for place, it in enumerate(records)]
            apply_batch(file, numbered, start, start + len(numbered))
            moved(len(records))
            records = []
    assert file.begin_publish(home / "snapshots" / "p0.duckdb").wait() == 0
    file.close()


def measured(home: Path, rules: Path, *more: str) -> dict[str, Any]:
    """What a backtest takes."""
    command = [Path(sys.executable).parent / "tocsin", "rules", "backtest", rules, "--json", *more]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env={**os.environ, "TOCSIN_HOME": str(home)}, check=True, capture_output=True)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(done.stdout)
    return {
        "events": found["events"],
        "alerts": len(found["alerts"]),
        "seconds": round(seconds, 1),
        "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "rss_mb": after.ru_maxrss // 1024,
    }


def main() -> None:
    """Print a line for a backtest alone, and one for a comparison with the adopted rules."""
    said = argparse.ArgumentParser()
    said.add_argument("--events", type=int, default=1_000_000)
    said.add_argument("--home", type=Path)
    asked = said.parse_args()
    with TemporaryDirectory(prefix="tocsin-backtest-") as name:
        home, rules = asked.home or Path(name), Path(name) / "rules.json.yaml"
        if not (home / "snapshots").exists():
            fill(home, asked.events)
        rules.write_text(json.dumps({"rules": candidate()}))  # which is YAML, too
        for title, more in (("alone", ()), ("against adopted", ("--against", "adopted"))):
            it = measured(home, rules, *more)
            mark = "ok" if it["seconds"] <= GOAL_S else "MISSED"
            print(f"backtest, {title:16} {json.dumps(it)}  goal {GOAL_S:g} s: {mark}", flush=True)


if __name__ == "__main__":
    main()
