"""Limits on free-form JSON, so that what was decoded can also be stored."""

from pydantic import JsonValue

LARGEST_INTEGER = 2**53 - 1  # RFC 8259 §6: what every JSON reader agrees on
LONGEST_TEXT = 4_000


def bounded(value: JsonValue, depth: int) -> None:
    """Check a JSON value against the limits.

    Raises:
        ValueError: it nests deeper than `depth`, or holds a number or text beyond the limits.
    """
    if depth == 0:
        msg = "expected less nesting"
        raise ValueError(msg)
    match value:
        case dict():
            bounded(list(value), depth)
            bounded(list(value.values()), depth)
        case list():
            for item in value:
                bounded(item, depth - 1)
        case _:
            _bounded_scalar(value)


def _bounded_scalar(value: str | float | None) -> None:
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        msg = f"expected text of at most {LONGEST_TEXT} characters"
        raise ValueError(msg)
    # the number is not told: one of 400 digits can not be formatted; "not <=" because NaN is neither
    if isinstance(value, int | float) and not abs(value) <= LARGEST_INTEGER:
        msg = f"expected a number within ±{LARGEST_INTEGER}"
        raise ValueError(msg)
