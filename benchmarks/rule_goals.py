"""What rules of all measures cost, against their goals: `python -m benchmarks.rule_goals [--events N] [--json]`.

A load of 20 rules of six measures, of which two look at each event, over 1 000 sites; processor time of the engine,
whole groups in memory, in batches of a thousand as a worker that catches up applies them. On an ordinary day there are
two or three messages in a hundred events; in a storm, which has no goal, one in three. Beside it a bare Python loop in
the same run, so that a slow machine does not look like slow code. Each line says its goal, and whether it is met.
What it takes to bring groups in from the tables (docs/adr/0024) is not in it: `python -m benchmarks` has that.
"""

import argparse
import gc
import json
import random  # noqa: TID251  (seeded: the same history on each run)
import resource
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from benchmarks.rules import DAY, NEVER, applied, incident, loop, rule
from projections.claims import HowMany
from projections.fold import Change
from projections.rules.engine import Engine
from projections.rules.model import Rule
from projections.rules.words import Measure, Updates

SITES, CLASSES, AT_ONCE = 1_000, 10, 1_000
YEARS_LATE = 5
WEAPONS = ("drone", "rocket", "mortar", "ied", "missile", "small-arms", "vehicle", "unknown")
WOUNDED = HowMany(low=2, best=2, high=None, qualifier="at-least")


class Goal(NamedTuple):
    """A number, and what it should be at most."""

    what: str
    found: float
    unit: str
    most: float | None = None  # None: it is only told

    @property
    def met(self) -> bool:
        """Whether it is."""
        return self.most is None or self.found <= self.most

    def line(self) -> str:
        """For people."""
        goal = "" if self.most is None else f" goal {self.most:g}: {'ok' if self.met else 'MISSED'}"
        return f"{self.what:58} {self.found:9.1f} {self.unit:8}{goal}"


MEASURES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("count", {}),
    ("sum", {"measure": Measure.SUM, "of": "wounded.us"}),
    ("distinct", {"measure": Measure.DISTINCT, "of": "weapon"}),
    ("new", {"measure": Measure.NEW, "of": "weapon"}),
    ("surge", {"measure": Measure.SURGE, "preceding": 4}),
    ("silence", {"measure": Measure.SILENCE}),
)


Levels = tuple[int, ...]
# By measure: on an ordinary day a rule tells something of one to four in a hundred of its events, in a storm of many.
ORDINARY: dict[str, Levels] = {
    "count": (9, 18),
    "sum": (18, 36),
    "distinct": (6, 8),
    "new": (7, 8),
    "surge": (28, 56),
    "silence": (60 * DAY, 120 * DAY),
}
STORM: dict[str, Levels] = {**dict.fromkeys(ORDINARY, (6, 12)), "silence": (30 * DAY, 90 * DAY)}


def rules(levels: Mapping[str, Levels]) -> tuple[Rule, ...]:
    """Two rules for each class: a count, and one of the other measures in turn."""
    return tuple(it for kind in range(CLASSES) for it in _of_class(kind, levels))


def _of_class(kind: int, levels: Mapping[str, Levels]) -> Iterator[Rule]:
    where = (("class", frozenset({f"c{kind}"})),)
    name, more = MEASURES[1 + kind % (len(MEASURES) - 1)]
    days = None if name in {"new", "silence"} else 30
    yield rule(f"count-{kind}", levels["count"], 30, where=where, clear=3, keep_firing=DAY)
    yield rule(f"{name}-{kind}", levels[name], days, where=where, updates=Updates.NONE, **more)


def mass(count: int, sites: int = SITES, days: int = 1_000) -> Iterator[tuple[int, Change]]:
    """Reports over some years: 20 % up to ten days late, 2 % corrected by days, 1 % retracted."""
    dice, recent = random.Random(7), list[Any]()
    for number in range(count):
        clock = number * days * DAY // count
        lot = dice.random()
        if lot < 0.03 and len(recent) > 1_000:
            old = recent.pop(dice.randrange(len(recent)))
            moved = old._replace(version=2, at=old.at - DAY, until=old.at - DAY)
            yield clock, Change(old, old._replace(version=2, retracted=True) if lot < 0.01 else moved)
            continue
        at = clock - dice.randrange(10 * DAY if dice.random() < 0.2 else DAY // 24)
        it = incident(number, at, dice.randrange(sites))
        it = it._replace(
            incident_class=f"c{dice.randrange(CLASSES)}", weapons=(dice.choice(WEAPONS),), wounded={"us": WOUNDED}
        )
        recent.append(it)
        del recent[:-5_000]
        yield clock, Change(None, it)


def followed(engine: Engine, changes: Iterator[tuple[int, Change]]) -> tuple[float, int]:
    """Lead an engine through a history: the seconds of processor time, without making the history; messages."""
    spent, told, batch = 0.0, 0, list(islice(changes, AT_ONCE))
    while batch:
        began = time.process_time()
        told += applied(engine, batch)
        spent += time.process_time() - began
        batch = list(islice(changes, AT_ONCE))
    return spent, told


def loads(events: int, turn: float) -> Iterator[Goal]:
    """What an event costs each rule that looks at it, and the memory of the engine: on an ordinary day, in a storm."""
    engine, before = Engine("t", rules(ORDINARY)), _rss_mb()
    spent, told = followed(engine, mass(events))
    gc.collect()
    each = spent / events / 2 * 1e6  # two rules look at each
    yield Goal(f"{events:,} events, 20 rules: an event and affected rule", each, "us", 15)
    yield Goal("the same, in turns of a bare loop", each / turn, "turns", 150)
    yield Goal("memory of the rules", _rss_mb() - before, "MB", 150)
    yield Goal("messages of a hundred events", 100 * told / events, "")
    few = events // 5
    spent, told = followed(Engine("t", rules(STORM)), mass(few, SITES // 5))
    yield Goal(f"{few:,} events of a storm: an event and affected rule", spent / few / 2 * 1e6, "us")
    yield Goal("messages of a hundred events", 100 * told / few, "")


def _rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def quiet(it: Rule, groups: int, incidents: int) -> tuple[float, Engine]:
    """µs of an event for one rule that tells nothing, and the engine after that."""
    engine, dice = Engine("t", [it]), random.Random(7)
    history = (
        (number * 5_000_000, Change(None, _plain(number, number * 5_000_000, dice.randrange(groups))))
        for number in range(incidents)
    )
    return followed(engine, history)[0] / incidents * 1e6, engine


def _plain(number: int, at: int, group: int) -> Any:
    return incident(number, at, group)._replace(weapons=("drone",), wounded={"us": WOUNDED})


def hot(name: str, more: dict[str, Any], incidents: int = 200_000) -> Iterator[Goal]:
    """One group that has everything beside a thousand; then one incident that is told years late."""
    days = None if name in {"new", "silence"} else 30
    it = rule(name, (NEVER * DAY,), days, updates=Updates.NONE, **more)
    cold, _ = quiet(it, SITES, incidents)
    one, engine = quiet(it, 1, incidents)
    yield Goal(f"{name}: a hot group of {incidents:,}, of a cold one", one / cold, "times", 3)
    yield Goal(f"{name}: an incident {YEARS_LATE} years late, there", late(engine, incidents), "ms", 1)


def late(engine: Engine, incidents: int, tries: int = 20) -> float:
    """Ms of processor time for an incident of years ago, in a group of many: the median of some."""
    clock = incidents * 5_000_000
    spent = []
    for number in range(tries):
        at = clock - YEARS_LATE * 365 * DAY - number
        one = iter([(clock, Change(None, _plain(incidents + number, at, 0)))])
        spent.append(followed(engine, one)[0] * 1e3)
    return sorted(spent)[tries // 2]


def main() -> None:
    """Print a line for each goal, or all as JSON."""
    said = argparse.ArgumentParser()
    said.add_argument("--events", type=int, default=1_000_000)
    said.add_argument("--json", action="store_true")
    asked = said.parse_args()
    gc.freeze()
    gc.set_threshold(2_000_000, 50, 100)  # as the worker does
    turn, found = loop(), list[Goal]()
    goals = (it for part in (loads(asked.events, turn), *(hot(*it) for it in MEASURES)) for it in part)
    for it in goals:
        found.append(it)
        if not asked.json:
            print(it.line(), flush=True)
    if asked.json:
        print(json.dumps({"us_per_turn": turn, "goals": [{**it._asdict(), "met": it.met} for it in found]}))


if __name__ == "__main__":
    main()
