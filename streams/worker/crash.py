"""Crash points: where tests end the worker the hard way. Without TOCSIN_CRASH_AT, which is theirs, nothing happens."""

import os
import signal
from collections.abc import Callable

POINTS = (
    "before-commit",
    "after-commit",
    "in-checkpoint",
    "in-publish",
    "in-relay-send",
    "after-kafka-commit",
    "before-mark-sent",
    "after-tick",
    "before-swap",
    "after-swap",
)

Reached = Callable[[str], None]


def nowhere(_point: str) -> None:
    """Go on: the crash point of production."""


def crash_at(wanted: str | None) -> Reached:
    """Kill -9 ourselves when the point of `wanted` ("point" or "point:n") is reached for the n-th time.

    Raises:
        ValueError: `wanted` names no point.
    """
    if wanted is None:
        return nowhere
    name, _, times = wanted.partition(":")
    if name not in POINTS:
        raise ValueError(f"expected one of {', '.join(POINTS)}, found {name!r}")
    left = [int(times or 1)]

    def reached(point: str) -> None:
        left[0] -= point == name
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached
