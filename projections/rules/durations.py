"""Durations as people write them: one number and one unit, such as 7d. Pure; a duration is whole microseconds."""

import re
from typing import Final

UNITS: Final = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000}  # µs
NORMAL: Final = ("d", "h", "m", "s")  # the units of the normal form, longest first; 14 days stay 14d
LONGEST: Final = 36_500 * UNITS["d"]  # a century: an instant plus it is one that every store can hold
FORM: Final = re.compile(r"([0-9]{1,12})([smhdw])")
EXAMPLES: Final = "7d, 12h, 30m, 90s or 2w"


def duration(text: str) -> int:
    """The microseconds that a text like `7d` means.

    Raises:
        ValueError: it has another form, or is longer than a century.
    """
    found = FORM.fullmatch(text)
    if found is None:
        msg = f"expected a duration like {EXAMPLES}"
        raise ValueError(msg)
    microseconds = int(found[1]) * UNITS[found[2]]
    if microseconds > LONGEST:
        msg = "expected a duration of at most 36500d"
        raise ValueError(msg)
    return microseconds


def normal(text: str) -> str:
    """The one way to write a duration: 24h is 1d, 2w is 14d, nothing is 0s.

    Raises:
        ValueError: it is no duration.
    """
    return written(duration(text))


def written(microseconds: int) -> str:
    """The normal form of a duration of whole seconds."""
    unit = next((it for it in NORMAL if microseconds and not microseconds % UNITS[it]), "s")
    return f"{microseconds // UNITS[unit]}{unit}"
