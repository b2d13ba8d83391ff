"""What it costs to ask what was known: `python -m benchmarks.knowing FILE...`, files that were folded and closed.

Milliseconds, the median of some runs: all incidents, all tallies, and one incident by its number, as known when nine
tenths of the log's time had passed. Every column is made; nothing but its count leaves the database.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

from projections.store.reader import Snapshot, opened

RUNS: Final = 7
QUERIES: Final = {
    "as known at: all incidents": "SELECT count(COLUMNS(*)) FROM incidents_as_known_at({})",
    "as known at: all tallies": "SELECT count(COLUMNS(*)) FROM site_tallies_as_known_at({})",
    "as known at: one incident": "SELECT * FROM incidents_as_known_at({}) WHERE number = {}",
}


def as_known_at(path: Path) -> dict[str, float]:
    """Median milliseconds of each question, asked of one partition's file."""
    it = path.stat()
    con = opened([Snapshot(0, path, it.st_ino, it.st_size, it.st_mtime)], macros=True)
    first, last, number = con.execute(
        "SELECT epoch_us(min(known_from)), epoch_us(max(known_from)), max(number) // 2 FROM incident_versions"
    ).fetchall()[0]
    then = f"make_timestamptz({first + (last - first) * 9 // 10})"
    return {name: _median(lambda: con.execute(text).fetchall()) for name, text in _asked(then, number).items()}  # noqa: B023


def _asked(then: str, number: int) -> dict[str, str]:
    return {name: query.format(then, number) for name, query in QUERIES.items()}


def _median(ask: Callable[[], object]) -> float:
    spent = []
    for _ in range(RUNS):
        began = time.perf_counter()
        ask()
        spent.append((time.perf_counter() - began) * 1e3)
    return median(spent)


if __name__ == "__main__":
    for file in sys.argv[1:]:
        for what, milliseconds in as_known_at(Path(file)).items():
            print(f"{file}  {what:28} {milliseconds:8.1f} ms")
