"""A rule as people write it: closed models of its fields. Pure; the published JSON Schema is made of them."""

import re
from datetime import date
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    JsonValue,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from events.values import Attribution, Country, Id, Line, Value
from projections.rules import templates
from projections.rules.durations import EXAMPLES, FORM, duration, normal
from projections.rules.words import Status, Updates

MOST_RULES: Final = 200  # in one set; what `RulesAdopted` holds
GREATEST_LEVEL: Final = 1_000_000_000
LATER: Final = ("sum", "distinct", "new", "surge", "silence")  # measures that are evaluated, but can not be written yet
_DAY: Final = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
T = TypeVar("T", bound=str)


class _OrAlone:
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


def _different(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        msg = "expected each field once"
        raise ValueError(msg)
    return values


def _measure(value: Any) -> Any:
    name = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else value
    if isinstance(name, str) and name in LATER:
        msg = f"expected count; {name} is not available yet"
        raise ValueError(msg)
    return value


def _window(value: Any) -> Any:
    """One of its three forms; checked here, because of a union pydantic tells every branch's complaint."""
    match value:
        case "all":
            return value
        case str():
            if duration(value) == 0:
                msg = f"expected a window that is longer than nothing, like {EXAMPLES}"
                raise ValueError(msg)
            return normal(value)
        case {"since": str(day)} if len(value) == 1 and _DAY.fullmatch(day):
            return {"since": _real(day)}
    msg = f"expected a duration like {EXAMPLES}, or all, or {{since: 2023-10-17}}"
    raise ValueError(msg)


def _real(day: str) -> str:
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError as error:
        msg = "expected a day that exists"
        raise ValueError(msg) from error


def _filled(template: str, info: ValidationInfo) -> str:
    if "by" in info.data:  # else that field has a fault of its own
        templates.check(template, (*templates.FIELDS, *info.data["by"]))
    return template


By = Literal["class", "site", "country", "admin1", "site_kind", "actor", "attribution"]
Prose = Annotated[str, StringConstraints(max_length=4_000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
Name = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]
AnyOf = Annotated[tuple[T, ...], AfterValidator(_sorted), Field(min_length=1, max_length=1_000), _OrAlone()]
Duration = Annotated[str, AfterValidator(normal), WithJsonSchema({"type": "string", "pattern": f"^{FORM.pattern}$"})]
Level = Annotated[int, Field(ge=1, le=GREATEST_LEVEL, strict=True)]


NO_OTHERS: Final[dict[str, JsonValue]] = {"additionalProperties": False}  # beside those whose name has the pattern
WINDOW_SCHEMA: Final[JsonSchemaValue] = {
    "anyOf": [
        {"type": "string", "pattern": f"^(all|{FORM.pattern})$"},
        {
            "type": "object",
            "properties": {"since": {"type": "string", "format": "date"}},
            "required": ["since"],
            "additionalProperties": False,
        },
    ]
}


class Fields(Value):
    """What an incident must be like, or must not be like: a field that is left out does not matter."""

    incident_class: AnyOf[Id] | None = Field(default=None, alias="class")
    site: AnyOf[Id] | None = None
    country: AnyOf[Country] | None = None
    admin1: AnyOf[Line] | None = None
    site_kind: AnyOf[Id] | None = None
    actor: AnyOf[Id] | None = None
    attribution: AnyOf[Attribution] | None = None
    weapon: AnyOf[Id] | None = None  # any of those of the incident
    outcome: AnyOf[Id] | None = None
    confidence: AnyOf[Literal["low", "medium", "high"]] | None = None


class Levels(Value):
    """The thresholds that are reached by a value of at least so much."""

    watch: Level | None = None
    warning: Level | None = None
    critical: Level | None = None

    @field_validator("warning", "critical")
    @classmethod
    def _rising(cls, level: int | None, info: ValidationInfo) -> int | None:
        below = max((it for it in info.data.values() if it is not None), default=0)
        if level is not None and level <= below:
            msg = f"expected more than the level below, {below}"
            raise ValueError(msg)
        return level

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.given():
            msg = "expected at least one of watch, warning, critical"
            raise ValueError(msg)
        return self

    def given(self) -> dict[str, int]:
        """The levels that there are, rising."""
        return self.model_dump(exclude_none=True)


class RuleSpec(Value):
    """When a group of incidents is worth telling about, and what is told."""

    id: Annotated[Id, Field(max_length=80)]
    title: Line | None = None  # None: the id
    description: Prose = ""
    references: Annotated[tuple[Line, ...], Field(max_length=20), _OrAlone()] = ()
    status: Status = Status.STABLE
    where: Fields = Fields()
    excluded: Fields = Field(default=Fields(), alias="not")
    by: Annotated[tuple[By, ...], AfterValidator(_different), _OrAlone()] = ()  # (): the whole timeline is one group
    measure: Annotated[Literal["count"], BeforeValidator(_measure)] = "count"
    bound: Literal["low", "best", "high"] = "best"  # of quantities
    window: Annotated[Any, BeforeValidator(_window), WithJsonSchema(WINDOW_SCHEMA)] = "all"
    levels: Levels
    clear_below: Level | None = None  # None: the lowest level
    keep_firing: Duration = "0s"
    updates: Updates = Updates.CORRECTIONS
    labels: Annotated[dict[Name, Line], Field(max_length=20)] = Field(default={}, json_schema_extra=NO_OTHERS)
    annotations: Annotated[dict[Name, Annotated[Prose, AfterValidator(_filled)]], Field(max_length=20)] = Field(
        default={}, json_schema_extra=NO_OTHERS
    )

    @field_validator("clear_below")
    @classmethod
    def _within(cls, value: int | None, info: ValidationInfo) -> int | None:
        levels = info.data.get("levels")
        if value is not None and levels is not None and value > (lowest := min(levels.given().values())):
            msg = f"expected at most the lowest level, {lowest}"
            raise ValueError(msg)
        return value


class RuleFile(Value):
    """A file of rules; they are evaluated in its order."""

    rules: Annotated[tuple[RuleSpec, ...], Field(max_length=MOST_RULES)]
