"""What pydantic says of a fault, as we say it: a field, what was expected, what was found."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

LONGEST = 400  # characters of what is told of a value; the whole value is kept with the record


class Fault(NamedTuple):
    """One thing that is wrong with a value."""

    path: tuple[str | int, ...]  # names and positions, from the outside in
    expected: str
    found: str

    @property
    def field(self) -> str | None:
        """The path as people write it; None for the value as a whole."""
        return ".".join(map(str, self.path)) or None


def faults(error: ValidationError) -> list[Fault]:
    """Everything that is wrong, in the order of the fields."""
    return [_fault(details) for details in error.errors(include_url=False, include_context=False)]


def _fault(details: Mapping[str, Any]) -> Fault:
    path, kind, message = details["loc"], details["type"], details["msg"]
    if kind == "json_invalid":
        return Fault(path, "JSON", message.removeprefix("Invalid JSON: "))
    if kind == "missing":
        return Fault(path, "this field", "nothing")
    return Fault(
        path, "no such field" if kind == "extra_forbidden" else _expected(message), f"{details['input']!r:.80}"
    )


def _expected(message: str) -> str:
    """What follows the word "expected": of "Input should be a valid integer", "a valid integer"."""
    for opening in ("Value error, expected ", "Value error, ", "Input should be "):
        if message.startswith(opening):
            return message.removeprefix(opening)[:LONGEST]
    plain = message.replace(" should ", " to ", 1)
    return plain[:1].lower() + plain[1:LONGEST]
