"""What one event costs the rules: `python -m benchmarks.rules [--alone] [--json]`.

µs of CPU per event and affected rule, beside the cost of one turn of a bare Python loop in the same run. Cold: many
groups. Hot: one group that everything falls into, far below its thresholds, in an open episode, or all in one window.
In batches of a thousand events, as a worker that catches up applies them; alone, one by one, as they trickle in.
"""

import json
import random  # noqa: TID251  (seeded: the same histories on each run)
import sys
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from projections.fold import Change
from projections.incidents import Incident
from projections.rules.engine import Engine
from projections.rules.model import FOREVER, Rule
from projections.rules.outcome import Moment
from projections.rules.words import Updates

DAY = 86_400_000_000  # µs
NEVER = 10**9  # a threshold that is not reached


@dataclass(frozen=True)
class Load:
    """A log of reports, and the rules that look at all of them."""

    title: str
    rules: tuple[Rule, ...]
    groups: int = 1000
    incidents: int = 200_000
    days: int = 730
    late: float = 0.0  # share told when all of the past is equally likely
    amended: float = 0.0  # share moved by some days or retracted
    jitter: int = DAY // 4  # µs; the usual delay of a report


def rule(name: str, levels: tuple[int, ...], days: int | None, **more: Any) -> Rule:
    """A rule by site."""
    return Rule(name, levels, window=days * DAY if days else FOREVER, by=("site",), **more)


QUIET = rule("quiet-7d", (NEVER,), 7)
OPEN = rule("open-7d", (5, 8, 12), 7, updates=Updates.NONE)
WIDE = rule("wide-730d", (5, 8, 12), 730, updates=Updates.NONE)
EVERYDAY = (
    rule("7d", (5, 8, 12), 7, clear=3, keep_firing=DAY),
    rule("1d", (2, 3, 5), 1),
    rule("30d", (20, 40, 80), 30),
    rule("all", (100, 1000), None, updates=Updates.NONE),
)
LOADS = (
    Load("cold: 1 000 groups, quiet", (QUIET,)),
    Load("hot: one group, quiet", (QUIET,), groups=1),
    Load("hot: one group, quiet, all in one window", (rule("quiet-730d", (NEVER,), 730),), groups=1),
    Load("cold: episode open", (WIDE,)),
    Load("hot: episode open", (OPEN,), groups=1),
    Load("hot: episode open, all in one window", (WIDE,), groups=1),
    Load("cold: told years late", (QUIET,), late=1.0),
    Load("hot: told years late, episode open", (OPEN,), groups=1, late=1.0),
    Load("hot: told years late, all in one window", (WIDE,), groups=1, late=1.0),
    Load("cold: half moved or retracted", (OPEN,), amended=0.5),
    Load("hot: half moved or retracted, one window", (WIDE,), groups=1, amended=0.5),
    Load("everyday: 4 rules, 20 % late, 2 % amended", EVERYDAY, late=0.2, amended=0.02),
)


BLANK = Incident(**dict.fromkeys(Incident._fields))._replace(
    timeline="t", version=1, incident_class="attack", retracted=False
)


def incident(number: int, at: int, group: int) -> Incident:
    """An attack."""
    site = f"site-{group}"
    return BLANK._replace(number=number, incident_id=f"i{number}", at=at, until=at, site=site)


def log(load: Load) -> Iterator[tuple[int, Change]]:
    """(clock, change) of reports, and of corrections and retractions of some."""
    dice, standing = random.Random(7), list[Incident]()
    for number in range(load.incidents):
        clock = number * load.days * DAY // load.incidents
        if standing and dice.random() < load.amended:
            place = dice.randrange(len(standing))
            old = standing[place]
            if dice.random() < 0.3:
                standing[place] = standing[-1]
                standing.pop()
                yield clock, Change(old, old._replace(version=2, retracted=True))
                continue
            standing[place] = old._replace(version=2, at=max(0, old.at + dice.randrange(-2 * DAY, 2 * DAY)))
            yield clock, Change(old, standing[place])
            continue
        back = dice.randrange(clock + 1) if dice.random() < load.late else dice.randrange(load.jitter)
        new = incident(number, max(0, clock - back), dice.randrange(load.groups))
        standing.append(new)
        yield clock, Change(None, new)


def measured(load: Load, batch: int = 1000) -> dict[str, Any]:
    """The cost of a load, in µs per event and rule: median and last batch, on average, and at worst."""
    engine, told, spent, worst = Engine("t", load.rules), 0, list[float](), 0.0
    changes = list(log(load))
    together = 1 if "--alone" in sys.argv else batch
    for start in range(0, len(changes), batch):
        begun = time.process_time()
        stop = min(start + batch, len(changes))
        for first in range(start, stop, together):
            before = time.process_time()
            told += applied(engine, changes[first : min(first + together, stop)])
            worst = max(worst, time.process_time() - before)
        spent.append((time.process_time() - begun) / (stop - start) / len(load.rules) * 1e6)
    average = sum(spent) / len(spent)
    return {"load": load.title, "median": median(spent), "average": average, "worst_ms": worst * 1e3, "told": told}


def applied(engine: Engine, changes: Sequence[tuple[int, Change]]) -> int:
    """Apply some events; how many messages they led to."""
    moments = [Moment("00000000-0000-5000-8000-000000000000", clock, [change]) for clock, change in changes]
    touches = engine.touches(moments)
    for key in engine.wanted(touches, moments[-1].clock):
        engine.load(key, [], {}, moments[0].clock)
    return sum(len(outcome.told) for outcome in engine.apply(moments, touches).values())


def loop() -> float:
    """µs of one turn of a bare loop."""
    begun = time.process_time()
    total = 0
    for number in range(3_000_000):
        total += number
    return (time.process_time() - begun) / 3


def bytes_each() -> float:
    """Bytes of memory for one incident in one group's track."""
    load = Load("memory", (QUIET,))
    changes = [(clock, change) for clock, change in log(load)]
    engine = Engine("t", load.rules)
    tracemalloc.start()
    for start in range(0, len(changes), 1000):
        applied(engine, changes[start : start + 1000])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / len(changes)


def main() -> None:
    """Print a line for each load, or JSON."""
    turn = loop()
    chosen = [
        load for load in LOADS if not sys.argv[1:] or any(word in load.title for word in sys.argv[1:] if word[0] != "-")
    ]
    found = []
    for load in chosen or LOADS:
        it = measured(load) | {"turns": 0.0}
        it["turns"] = it["average"] / turn
        found.append(it)
        if "--json" not in sys.argv:
            print(
                f"{it['load']:44} median {it['median']:6.1f} average {it['average']:6.1f} us/event/rule"
                f" = {it['turns']:5.0f} turns   worst {it['worst_ms']:6.1f} ms  {it['told']:7,} told",
                flush=True,
            )
    if "--json" in sys.argv:
        print(json.dumps({"us_per_turn": turn, "loads": found}))
    elif not sys.argv[1:]:
        print(f"one turn of a bare loop: {turn:.3f} us; memory: {bytes_each():.0f} bytes per incident and rule")


if __name__ == "__main__":
    main()
