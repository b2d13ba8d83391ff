"""What of a rule does not fit together, field by field of what is written. Pure.

Each check asks for what it needs, and says nothing where that has a fault of its own.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from events.together import Check, Draft, Wrong
from projections.rules.durations import EXAMPLES
from projections.rules.levels import clear_of, size
from projections.rules.measures import kind_of
from projections.rules.model import SEVERITIES
from projections.rules.words import Measure


def _each_once(it: Draft) -> Iterator[Wrong]:
    by = it.said.get("by")
    names = [name for name in by if isinstance(name, str)] if isinstance(by, list | tuple) else []
    if len(set(names)) < len(names):
        yield Wrong(("by",), "each field once", by)


def _learns(it: Draft) -> Iterator[Wrong]:
    day = it.said.get("learn_until")
    if day is not None and it.sound("learn_until") and _measure(it) not in {None, Measure.NEW}:
        yield Wrong(("learn_until",), "none: only {new: …} learns", day)


def _windowed(it: Draft) -> Iterator[Wrong]:
    window, measure = it.said.get("window", "all"), _measure(it)
    if not it.sound("window"):
        return
    if measure is Measure.SURGE and (isinstance(window, Mapping) or window == "all"):
        yield Wrong(("window",), f"a duration like {EXAMPLES}: a surge is held against windows of that length", window)
    if measure is Measure.SILENCE and window != "all":
        yield Wrong(("window",), "none: silence is measured from the newest incident on", window)


def _clears(it: Draft) -> Iterator[Wrong]:
    clear, lowest = it.said.get("clear_below"), _lowest(it)
    if clear is None or lowest is None or not (it.sound("clear_below") and it.sound("measure")):
        return
    timed = _measure(it) is Measure.SILENCE
    lowest = clear_of(lowest, timed=timed)
    if size(clear_of(clear, timed=timed)) > size(lowest):
        yield Wrong(("clear_below",), f"at most the lowest level, {lowest}", clear)


def _measure(it: Draft) -> Measure | None:
    """What the rule measures; None: it can not be told."""
    return kind_of(it.said.get("measure", Measure.COUNT.value))


def _lowest(it: Draft) -> Any:
    """The lowest level as it is written; None: it can not be told."""
    levels = it.said.get("levels")
    if not isinstance(levels, Mapping):
        return None
    lowest = next((name for name in SEVERITIES if levels.get(name) is not None), None)
    return levels[lowest] if lowest and it.sound("levels", lowest) else None


CHECKS: Final[tuple[Check, ...]] = (_each_once, _learns, _windowed, _clears)
