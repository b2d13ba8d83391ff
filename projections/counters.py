"""Our own counts: what each standing incident contributes to which cells. Pure.

A counter is the sum of contributions, so every change is `contribution(after) - contribution(before)`: corrections,
merges, splits and retractions need no case of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from projections.claims import HowMany
from projections.incidents import Incident

DAY: Final = 86_400_000_000  # µs
BOUNDS: Final = ("low", "best", "high")
# What a cell sums, in the order of the columns of `counters`. Per bound: what is known, and how many did not say.
SUMS: Final = (
    "incidents",
    "coarse",  # incidents known less exactly than to the day; they count on their earliest day
    *(f"{what}_{bound}{rest}" for what in ("wounded", "killed") for bound in BOUNDS for rest in ("", "_unknown")),
)
Sums = tuple[int, ...]
ZERO: Final[Sums] = (0,) * len(SUMS)
ONE: Final[Sums] = (1, *ZERO[1:])
ONE_COARSE: Final[Sums] = (1, 1, *ZERO[2:])


# Where a contribution is counted: timeline, day (days since the epoch, UTC), class, dimension, key. The dimension is
# all, country, site, actor, attribution or weapon. Plain tuples: an incident has six or more, and a name costs four.
Cell = tuple[str, int, str, str, str]
TallyCell = tuple[str, str, str]  # timeline, site, class: a row of `site_tallies`


def cells(it: Incident) -> list[Cell]:
    """The cells that an incident counts in, if it stands."""
    timeline, day, kind = it.timeline, it.at // DAY, it.incident_class
    found = [
        (timeline, day, kind, "all", ""),
        (timeline, day, kind, "country", it.country),
        (timeline, day, kind, "site", it.site),
        (timeline, day, kind, "attribution", it.attribution),
    ]
    if it.actor is not None:
        found.append((timeline, day, kind, "actor", it.actor))
    found += [(timeline, day, kind, "weapon", weapon) for weapon in dict.fromkeys(it.weapons)]
    return found


def sums(it: Incident) -> Sums:
    """What an incident adds to each of its cells, if it stands."""
    coarse = it.until - it.at > DAY
    if not it.wounded and not it.killed:
        return ONE_COARSE if coarse else ONE  # that very object: what is counted most
    return (1, int(coarse), *_quantities(it.wounded), *_quantities(it.killed))


def _quantities(by_party: Mapping[str, HowMany]) -> Iterable[int]:
    for bound in BOUNDS:
        known = [value for quantity in by_party.values() if (value := getattr(quantity, bound)) is not None]
        yield from (sum(known), len(by_party) - len(known))


def contribution(it: Incident | None) -> dict[Cell, Sums]:
    """What an incident adds to the counters; nothing unless it stands."""
    if it is None or not it.stands:
        return {}
    return dict.fromkeys(cells(it), sums(it))


def delta(before: Incident | None, after: Incident | None) -> dict[Cell, Sums]:
    """What a change of one incident adds to the counters; cells that stay as they are are left out."""
    gained, lost = contribution(after), contribution(before)
    if not lost:
        return gained
    found = {cell: minus(gained.get(cell, ZERO), added) for cell, added in lost.items()}
    found |= {cell: added for cell, added in gained.items() if cell not in lost}
    return {cell: added for cell, added in found.items() if any(added)}


def plus(one: Sequence[int], other: Sums) -> Sums:
    """The sums of both together."""
    return tuple([a + b for a, b in zip(one, other, strict=True)])


def minus(one: Sums, other: Sums) -> Sums:
    """The sums of the one without the other."""
    return tuple([a - b for a, b in zip(one, other, strict=True)])


# -- tallies: the counters of one site, over all days

ATTRIBUTIONS: Final = ("claimed", "attributed", "suspected", "disputed", "none")
TALLY_SUMS: Final = (*SUMS, *(f"attribution_{name}" for name in ATTRIBUTIONS))
TALLY_ZERO: Final[Sums] = (0,) * len(TALLY_SUMS)
_BY_ATTRIBUTION: Final = {name: tuple(int(name == other) for other in ATTRIBUTIONS) for name in ATTRIBUTIONS}


def tallied(it: Incident | None) -> dict[TallyCell, Sums]:
    """What an incident adds to the tallies; nothing unless it stands."""
    if it is None or not it.stands:
        return {}
    return {(it.timeline, it.site, it.incident_class): sums(it) + _BY_ATTRIBUTION[it.attribution]}


def tally_delta(before: Incident | None, after: Incident | None) -> dict[TallyCell, Sums]:
    """What a change of one incident adds to the tallies; zeros are kept, for first and last may have moved."""
    gained, lost = tallied(after), tallied(before)
    if not lost:
        return gained
    return {cell: minus(gained.get(cell, TALLY_ZERO), lost.get(cell, TALLY_ZERO)) for cell in {**lost, **gained}}
