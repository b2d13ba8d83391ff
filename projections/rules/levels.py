"""The levels of a rule, as people write them. Pure.

They are whole numbers in units of the measure; of silence, which measures time, they are durations.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import (
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from events.values import Value
from projections.rules.durations import FORM, duration, normal
from projections.rules.values import DURATION_SCHEMA

GREATEST_LEVEL: Final = 1_000_000_000
DIGITS: Final = re.compile(r"[-+]?[0-9]+")


def _number(value: Any) -> Any:
    if isinstance(value, str):
        msg = "expected a whole number"
        if FORM.fullmatch(value):
            msg += ": only silence is measured in time"
        elif DIGITS.fullmatch(value):  # in quotes, or more than are read as a number
            msg += f" of at most {GREATEST_LEVEL}, without quotes"
        raise ValueError(msg)  # noqa: TRY004  pydantic takes no other
    return value


def _length(value: Any) -> str:
    if not isinstance(value, str):
        msg = "expected a duration like 2d: silence is measured in time"
        raise ValueError(msg)  # noqa: TRY004  pydantic takes no other
    if duration(value) == 0:
        msg = "expected a duration that is longer than nothing, like 2d"
        raise ValueError(msg)
    return normal(value)


Level = Annotated[int, Field(ge=1, le=GREATEST_LEVEL, strict=True), BeforeValidator(_number)]
Length = Annotated[str, BeforeValidator(_length), WithJsonSchema(DURATION_SCHEMA)]


def size(level: int | str) -> int:
    """A level in units of its measure: a duration in µs."""
    return duration(level) if isinstance(level, str) else level


class _Rising(Value):
    """Levels of which at least one is there."""

    @field_validator("warning", "critical", check_fields=False)
    @classmethod
    def _rising(cls, level: int | str | None, info: ValidationInfo) -> int | str | None:
        lower = {name: it for name, it in info.data.items() if it is not None}
        greatest = max(lower, key=lambda name: size(lower[name]), default=None)
        if level is not None and greatest is not None and size(level) <= size(lower[greatest]):
            msg = f"expected more than {greatest}, {lower[greatest]}"
            raise ValueError(msg)
        return level

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.said():
            msg = "expected at least one of watch, warning, critical"
            raise ValueError(msg)
        return self

    def said(self) -> dict[str, int | str]:
        """The levels that there are, rising, as they are written."""
        return self.model_dump(exclude_none=True)

    def given(self) -> dict[str, int]:
        """The levels that there are, rising, in units of the measure; durations in µs."""
        return {name: size(level) for name, level in self.said().items()}


class Levels(_Rising, use_attribute_docstrings=True):
    """The thresholds that are reached by a value of at least so much."""

    watch: Level | None = None
    """Worth a look: the value that reaches it."""
    warning: Level | None = None
    """Worth an answer; more than watch."""
    critical: Level | None = None
    """Worth waking somebody; more than warning."""


class Lengths(_Rising, use_attribute_docstrings=True):
    """The thresholds of silence, which are reached when nothing has happened for so long."""

    watch: Length | None = None
    """Worth a look: how long nothing has happened by then, as in 2d."""
    warning: Length | None = None
    """Worth an answer; longer than watch."""
    critical: Length | None = None
    """Worth waking somebody; longer than warning."""


NUMBER: Final[TypeAdapter[int]] = TypeAdapter(Level)
LENGTH: Final[TypeAdapter[str]] = TypeAdapter(Length)


def looks_timed(said: Any) -> bool:
    """Whether levels, or one of them, are written as durations."""
    levels = said.values() if isinstance(said, Mapping) else [said]
    return any(isinstance(it, str) and FORM.fullmatch(it) for it in levels)


def levels_of(said: Any, *, timed: bool) -> Levels | Lengths:
    """The levels that are written; those of a rule that measures time are durations.

    Raises:
        ValidationError: they are none, not of that kind, or do not rise.
    """
    if isinstance(said, _Rising):
        said = said.said()
    return (Lengths if timed else Levels).model_validate(said)


def clear_of(said: Any, *, timed: bool) -> int | str:
    """The value under which an episode ends, as it is written.

    Raises:
        ValidationError: it is none.
    """
    return LENGTH.validate_python(said) if timed else NUMBER.validate_python(said)
