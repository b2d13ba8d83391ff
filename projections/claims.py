"""What a report or a correction states of an incident, in plain values: cheap to hand from process to process. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from events.model import Report
from events.values import Attributed, Occurred, Precision, Quantity, micros

# By field of a report: `occurred` is (at µs, until µs, precision), `actor` (actor, attribution), quantities `HowMany`,
# the others are text; None where a correction takes a field back.
Stated = Mapping[str, Any]
NOBODY: Final = (None, "none")


class HowMany(NamedTuple):
    """A quantity as the source said it: None where a bound is not known."""

    low: int | None
    best: int | None
    high: int | None
    qualifier: str

    def stated(self, bound: str) -> int | None:
        """A bound, or the next lower one that is stated; None: nothing is, or only higher ones."""
        stated = {"low": (self.low,), "best": (self.best, self.low), "high": (self.high, self.best, self.low)}
        return next((it for it in stated[bound] if it is not None), None)


class Reported(NamedTuple):
    """A source's account of an incident."""

    incident: str
    stated: Stated


class Corrected(NamedTuple):
    """Fields that were wrong, as they should read."""

    incident: str
    stated: Stated


def stated(report: Report) -> Stated:
    """The fields that are spoken of."""
    said = vars(report)
    return {name: PLAIN[name](said[name]) if name in PLAIN else said[name] for name in sorted(report.model_fields_set)}


def _occurred(it: Occurred | None) -> tuple[int, int, str] | None:
    if it is None:
        return None
    at = micros(it.earliest)
    return at, at if it.precision is Precision.INSTANT else micros(it.latest), it.precision.value


def _actor(it: Attributed | None) -> tuple[str | None, str] | None:
    return None if it is None else (it.actor, it.attribution.value)


def _how_many(it: Quantity | None) -> HowMany | None:
    return None if it is None else HowMany(it.low, it.best, it.high, it.qualifier.value)


def _by_party(it: Mapping[str, Quantity] | None) -> dict[str, HowMany | None] | None:
    return None if it is None else {party: _how_many(quantity) for party, quantity in it.items()}


PLAIN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "occurred": _occurred,
    "actor": _actor,
    "munitions": _how_many,
    "targets": _how_many,
    "wounded": _by_party,
    "killed": _by_party,
}
