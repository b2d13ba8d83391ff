"""What a rule measures, as people write it. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import (
    AfterValidator,
    Field,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from events.together import Check, Draft, Together, Wrong
from projections.rules.filters import BY_PARTY, QUANTITIES, Fields
from projections.rules.templates import meant
from projections.rules.words import Measure

MOST_PRECEDING: Final = 52  # windows that a surge is held against: a year of weeks
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


def _one(it: Draft) -> Iterator[Wrong]:
    there = [name for name in MEASURED if it.said.get(name) is not None]
    if len(there) > 1 or (it.closed and not there):
        yield Wrong((), f"exactly one of {', '.join(MEASURED)}", it.said)


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
    said = {str(it): text for it, text in WRITTEN.items()}
    raise ValueError(msg + (meant(value, said) if isinstance(value, str) else ""))


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
