"""What fields of a rule hold: lists that may stand alone, durations, days, names. Pure."""

import re
from datetime import date
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from projections.rules.durations import FORM, normal

_DAY: Final = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
T = TypeVar("T", bound=str)


class OrAlone:
    """A list, or one value that stands alone for a list of one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: value if isinstance(value, list | tuple) else [value], handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        listed = handler(schema)
        return {"anyOf": [listed["items"], listed]}


def _sorted(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _duration(said: Any) -> str:
    return normal(said if isinstance(said, str) else "")  # nothing is no duration, what is no text neither


def day(said: Any) -> str:
    """A day as people write it.

    Raises:
        ValueError: it has another form, or there is no such day.
    """
    if not isinstance(said, str) or not _DAY.fullmatch(said):
        msg = "expected a day, 1900 to 2199, like 2023-10-17"
        raise ValueError(msg)
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError as error:
        msg = "expected a day that exists"
        raise ValueError(msg) from error


def comparison(said: Any) -> str:
    """The one way to write a comparison: `>=3` is `>= 3`.

    Raises:
        ValueError: it is none.
    """
    found = COMPARISON.fullmatch(said) if isinstance(said, str) else None
    if found is None:
        msg = 'expected a comparison with a whole number, like ">= 3"; or with >, <, <= or ='
        raise ValueError(msg)
    return f"{found[1]} {int(found[2])}"


COMPARISON: Final = re.compile(r"(>=|<=|>|<|=) ?([0-9]{1,10})")
COMPARISON_SCHEMA: Final[JsonSchemaValue] = {"type": "string", "pattern": f"^{COMPARISON.pattern}$"}
DAY_SCHEMA: Final[JsonSchemaValue] = {"type": "string", "format": "date", "pattern": f"^{_DAY.pattern}$"}
DURATION_SCHEMA: Final[JsonSchemaValue] = {"type": "string", "pattern": f"^{FORM.pattern}$"}
Prose = Annotated[str, StringConstraints(max_length=4_000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
Name = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]
AnyOf = Annotated[tuple[T, ...], AfterValidator(_sorted), Field(min_length=1, max_length=1_000), OrAlone()]
Duration = Annotated[str, BeforeValidator(_duration), WithJsonSchema(DURATION_SCHEMA)]
Comparison = Annotated[str, BeforeValidator(comparison), WithJsonSchema(COMPARISON_SCHEMA)]
Day = Annotated[str, BeforeValidator(day), WithJsonSchema(DAY_SCHEMA)]
