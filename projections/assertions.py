"""Totals that sources assert, held against ours: the gap, and what would explain it. Pure.

Our three numbers for an asserted total: `best` is what our counters say, `low` leaves out the incidents that the source
may not have counted, `high` takes in all that it may have counted. None is a bound that nobody knows.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

# Where each incident that may be part of a total is put, in exactly one of them (the view `considered` does it).
CATEGORIES: Final = (
    "itemised",  # nothing speaks against it
    "claimed",  # only its author says so
    "unnamed",  # at a site that nobody named
    "edge",  # known so coarsely that it may lie beyond the first or last day
    "outside",  # of the scope: another country, site or actor
)


class Bounds(NamedTuple):
    """A number that is known more or less; None: not at all."""

    low: int | None
    best: int | None
    high: int | None


class Explanation(NamedTuple):
    """What may account for a gap, and for how much of it."""

    reason: str
    least: int
    best: int | None  # None: no better guess than any other
    most: int | None  # None: nobody knows


def gap(asserted: Bounds, ours: Bounds) -> Bounds:
    """How much more a source asserts than we itemise; below zero: how much less."""
    low, high = _minus(asserted.low, ours.high), _minus(asserted.high, ours.low)
    return Bounds(low, _minus(_nearest(asserted), ours.best), high)


def explanations(asserted: Bounds, ours: Bounds, categories: Mapping[str, int]) -> list[Explanation]:
    """What would explain the gap, what is certain first. `categories` are the incidents in each of CATEGORIES."""
    between = gap(asserted, ours)
    if not between.best:
        return []
    return _missing(between, ours, categories) if between.best > 0 else _surplus(-between.best, categories)


def _missing(between: Bounds, ours: Bounds, categories: Mapping[str, int]) -> list[Explanation]:
    """Why a source asserts more than we itemise: what it tells nothing of, or what we count otherwise."""
    found = [Explanation("not itemised here", max(between.low or 0, 0), between.best, between.high)]
    doubtful = _minus(ours.high, ours.best)
    if doubtful is None:
        found.append(Explanation("no upper bound told of ours", 0, None, None))
    elif doubtful > 0:
        found.append(Explanation("at the edge of the period or at an unnamed site", 0, None, doubtful))
    if categories["outside"]:
        found.append(Explanation("outside the scope", 0, None, categories["outside"]))
    return found


def _surplus(more: int, categories: Mapping[str, int]) -> list[Explanation]:
    """Why we itemise more than a source asserts: what it may have left out."""
    names = {"claimed": "claimed only", "unnamed": "at an unnamed site", "edge": "at the edge of the period"}
    found = [
        Explanation(said, 0, None, min(more, categories[name])) for name, said in names.items() if categories[name]
    ]
    left = more - sum(it.most or 0 for it in found)
    return [*found, Explanation("not counted by the source", left, None, more)] if left > 0 else found


def bounds(row: Mapping[str, Any], prefix: str = "") -> Bounds:
    """The bounds in a row of `reconciliation`: `""` what is asserted, `"our_"` what we say."""
    return Bounds(*(row[f"{prefix}{name}"] for name in Bounds._fields))


def _nearest(it: Bounds) -> int | None:
    """The best number, or the one that was said instead."""
    return next((value for value in (it.best, it.low, it.high) if value is not None), None)


def _minus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other
