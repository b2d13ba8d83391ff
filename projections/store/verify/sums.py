"""Incidents, tallies and counters: from the events alone (law 1), and as sums of one another (law 6)."""

from typing import Final

from projections.store.verify.found import Verdict, Wrong
from projections.store.verify.snapshot import Snapshot, text

SUMMED: Final = """
    incidents, coarse, wounded_low, wounded_low_unknown, wounded_best, wounded_best_unknown, wounded_high,
    wounded_high_unknown, killed_low, killed_low_unknown, killed_best, killed_best_unknown, killed_high,
    killed_high_unknown
"""
CELL: Final = ["timeline", "day", "class", "dimension", "key"]
TALLY: Final = ["timeline", "site", "class"]
# a tally whose incidents stand no more stays, and says nothing
TALLIES: Final = f"SELECT * FROM site_tallies WHERE ({SUMMED}) <> ({', '.join('0' * 14)})"
COUNTERS: Final = "FROM counters"
PER_SITE: Final = f"SELECT {', '.join(TALLY)}, {SUMMED} FROM ({TALLIES})"


def incidents(it: Snapshot) -> Verdict:
    """Whether each incident is what its events say."""
    _derive(it)
    it.make("bounds")
    asked = [text("incidents", source=source) for source in ("derived", "stored")]
    count, shown = it.compare("incident", ["timeline", "incident_id"], *asked)
    return Verdict("incidents", it.partition, f"{it.size('derived')} incidents", count, shown)


def tallies(it: Snapshot) -> Verdict:
    """Whether each tally is what the events alone make it."""
    _derive(it)
    count, shown = it.compare("tally", TALLY, text("tallies", source="by_events"), TALLIES)
    return Verdict("tallies", it.partition, f"{it.size('site_tallies')} tallies", count, shown)


def counters(it: Snapshot) -> Verdict:
    """Whether each counter is what the events alone make it."""
    _derive(it)
    count, shown = it.compare("counter", CELL, text("counters", source="by_events"), COUNTERS)
    return Verdict("counters", it.partition, f"{it.size('counters')} counters", count, shown)


def sums(it: Snapshot) -> Verdict:
    """Whether each tally is the sum of its incidents as they are stored, and of its counters."""
    _derive(it)
    of_incidents = it.compare("tally by its incidents", TALLY, text("tallies", source="by_incidents"), TALLIES)
    of_counters = it.compare("tally by its counters", TALLY, f"{text('tallies_of_counters')} {NOT_ZERO}", PER_SITE)
    wrong: list[Wrong] = [*of_incidents[1], *of_counters[1]]
    looked_at = f"{it.size('site_tallies')} tallies"
    return Verdict("sums", it.partition, looked_at, of_incidents[0] + of_counters[0], wrong)


NOT_ZERO: Final = "HAVING sum(incidents) <> 0"


def _derive(it: Snapshot) -> None:
    it.make("derived")
    it.make("stored")
    it.make("contributions", source="derived", made="by_events")
    it.make("contributions", source="stored", made="by_incidents")
