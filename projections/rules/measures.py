"""What a rule measures, and the levels of that: as people write them. Pure.

Levels are whole numbers in units of the measure; of silence, which measures time, they are durations.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    field_validator,
    model_validator,
)

from events.together import Check, Together, Written, Wrong
from events.values import Value
from projections.rules.durations import FORM, duration, normal
from projections.rules.filters import BY_PARTY, QUANTITIES, Fields
from projections.rules.templates import meant
from projections.rules.values import DURATION_SCHEMA
from projections.rules.words import Measure

GREATEST_LEVEL: Final = 1_000_000_000
MOST_PRECEDING: Final = 52  # windows that a surge is held against: a year of weeks
DIGITS: Final = re.compile(r"[-+]?[0-9]+")
WRITTEN: Final = {  # as in a file; what is told apart, summed or held against is an example
    Measure.COUNT: "count",
    Measure.SUM: "{sum: wounded.us}",
    Measure.DISTINCT: "{distinct: weapon}",
    Measure.NEW: "{new: weapon}",
    Measure.SURGE: "{surge: 4}",
    Measure.SILENCE: "silence",
}
QUANTITY: Final = re.compile(r"munitions|targets|(wounded|killed)\.[A-Za-z0-9][A-Za-z0-9._:@+-]{0,119}")


def _quantity(said: str) -> str:
    if not QUANTITY.fullmatch(said):
        msg = "expected munitions, targets, or wounded or killed of a party, like wounded.us"
        name, _, party = said.partition(".")
        raise ValueError(msg + meant(name, {it: _whole(it, party) for it in QUANTITIES}, unless=said))
    return said


def _whole(quantity: str, party: str) -> str:
    """A quantity as it is written; those of parties with the party that was said."""
    if quantity not in BY_PARTY:
        return quantity
    return f"{quantity}.{party or 'PARTY'}"


NO_VALUE: Final = (*QUANTITIES, "member_of")  # fields that incidents are asked for, but have no value of
FIELDS: Final = tuple(field.alias or name for name, field in Fields.model_fields.items() if name not in NO_VALUE)


def _field(said: str) -> str:
    if said not in FIELDS:
        msg = f"expected one of {', '.join(FIELDS)}"
        raise ValueError(msg + meant(said, FIELDS))
    return said


def _said(schema: dict[str, Any]) -> None:
    """What may be left out, but not be nothing."""
    del schema["default"]
    schema |= schema.pop("anyOf")[0]


def _of(description: str) -> Any:
    return Field(default=None, description=description, json_schema_extra=_said)


Quantity = Annotated[
    str, AfterValidator(_quantity), WithJsonSchema({"type": "string", "pattern": f"^({QUANTITY.pattern})$"})
]
FieldName = Annotated[str, AfterValidator(_field), WithJsonSchema({"enum": [*FIELDS]})]
Preceding = Annotated[int, Field(ge=1, le=MOST_PRECEDING, strict=True)]


MEASURED: Final = ("sum", "distinct", "new", "surge")  # measures that say what they are of


def _one(it: Written) -> Iterator[Wrong]:
    there = [name for name in MEASURED if it.said.get(name) is not None]
    if len(there) > 1 or (it.closed and not there):
        yield Wrong((), f"one of {', '.join(MEASURED)}", it.said)


class Measured(Together, json_schema_extra={"minProperties": 1, "maxProperties": 1}):
    """A measure that says what it is of: exactly one of these."""

    sum: Quantity | None = _of(
        "A quantity, added up over the incidents: munitions, targets, wounded.PARTY or killed.PARTY."
    )
    distinct: FieldName | None = _of("How many different values this field has.")
    new: FieldName | None = _of("How many values this field has that it never had before.")
    surge: Preceding | None = _of(
        "How far the window is above the mean of this many windows before it, times their number."
    )

    checks: ClassVar[tuple[Check, ...]] = (_one,)


Said = Literal["count", "silence"] | Measured


def _measure(value: Any, _: ValidatorFunctionWrapHandler) -> Said:
    """Checked here, because of a union pydantic tells every branch's complaint."""
    if isinstance(value, Mapping | Measured):
        return Measured.model_validate(value)
    if value in ("count", "silence"):
        return Measure(value).value  # type: ignore[return-value]  # one of the two
    *most, last = WRITTEN.values()
    msg = f"expected {', '.join(most)} or {last}"
    raise ValueError(msg + meant(str(value), {str(it): text for it, text in WRITTEN.items()}))


MeasureSaid = Annotated[Said, WrapValidator(_measure)]


def kind_of(said: Any) -> Measure | None:
    """The measure that is written, be it with a fault in what it is of; None: it can not be told."""
    if isinstance(said, str):
        return Measure(said) if said in ("count", "silence") else None
    there = [name for name in MEASURED if said.get(name) is not None] if isinstance(said, Mapping) else []
    return Measure(there[0]) if len(there) == 1 else None


def parts(said: Said) -> tuple[Measure, str | int]:
    """The measure, and what it is of: a quantity, a field, a number of windows; nothing of a count and of silence."""
    if isinstance(said, str):
        return Measure(said), ""
    [(name, of)] = said.model_dump(exclude_none=True).items()
    return Measure(name), of


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
