"""A rule as people write it: closed models of its fields. Pure; the published JSON Schema is made of them."""

from typing import Annotated, Any, ClassVar, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError

from events.together import Check, Together
from events.values import Id, Line, Value
from projections.rules import templates
from projections.rules.durations import EXAMPLES, FORM, duration, normal
from projections.rules.filters import Fields
from projections.rules.fitting import CHECKS
from projections.rules.levels import Length, Lengths, Level, Levels, clear_of, levels_of, looks_timed
from projections.rules.measures import MeasureSaid, Said, parts
from projections.rules.values import DAY_SCHEMA, Day, Duration, Name, OrAlone, Prose, day
from projections.rules.words import Measure, Status, Updates

MOST_RULES: Final = 200  # in one set; what `RulesAdopted` holds


def _window(value: Any) -> Any:
    """One of its three forms; checked here, because of a union pydantic tells every branch's complaint."""
    match value:
        case "all":
            return value
        case str() if hint := templates.meant(value, ("all",)):
            msg = f"expected a duration like {EXAMPLES}, or all{hint}"
            raise ValueError(msg)
        case str():
            if duration(value) == 0:
                msg = f"expected a window that is longer than nothing, like {EXAMPLES}"
                raise ValueError(msg)
            return normal(value)
        case {"since": since} if len(value) == 1:
            return {"since": day(since)}
    msg = f"expected a duration like {EXAMPLES}, or all, or {{since: 2023-10-17}}"
    raise ValueError(msg)


def _filled(template: str, info: ValidationInfo) -> str:
    by = info.data.get("by", get_args(By))  # of a field with a fault of its own, what it may be
    if wrong := templates.amiss(template, (*templates.FIELDS, *by)):
        each = ((found, PydanticCustomError("gap", f"Input should be {wanted}")) for found, wanted in wrong.items())
        raise ValidationError.from_exception_data("template", [{"type": said, "input": it} for it, said in each])
    return template


def _timed(value: Any, info: ValidationInfo) -> bool:
    """Whether levels are durations; where the measure has a fault of its own, they are as they look."""
    said: Said | None = info.data.get("measure")
    return looks_timed(value) if said is None else parts(said)[0] is Measure.SILENCE


By = Literal[
    "class", "site", "country", "admin1", "site_kind", "actor", "member_of", "attribution", "weapon", "outcome",
    "confidence",
]  # fmt: skip
NO_OTHERS: Final[dict[str, JsonValue]] = {"additionalProperties": False}  # beside those whose name has the pattern
WINDOW_SCHEMA: Final[JsonSchemaValue] = {
    "anyOf": [
        {"type": "string", "pattern": f"^(all|{FORM.pattern})$"},
        {
            "type": "object",
            "properties": {"since": DAY_SCHEMA},
            "required": ["since"],
            "additionalProperties": False,
        },
    ]
}


class RuleSpec(Together, use_attribute_docstrings=True):
    """When a group of incidents is worth telling about, and what is told."""

    checks: ClassVar[tuple[Check, ...]] = CHECKS

    id: Annotated[Id, Field(max_length=80)]
    """Its name: letters, digits and . _ : @ + -; one of its own."""
    title: Line | None = None
    """What people call it; the id, unless it is said."""
    description: Prose = ""
    """Why it is there, in any length."""
    references: Annotated[tuple[Line, ...], Field(max_length=20), OrAlone()] = ()
    """What it rests on: links, pages of a handbook; a line, or a list of at most 20."""
    status: Status = Status.STABLE
    """How far it is to be trusted: `experimental` is on trial, its alerts go to tocsin.alerts only and page no one."""
    where: Fields = Fields()
    """What an incident must be like for the rule to look at it; every incident, unless it is said."""
    excluded: Fields = Field(default=Fields(), alias="not")
    """What an incident must not be like, in the same fields; what is not known of it is not excluded."""
    by: Annotated[tuple[By, ...], OrAlone()] = ()
    """One value for each of these, or of several together; an incident that lacks one belongs to no group.

    An incident of several weapons, or of an actor with others above it, belongs to the group of each: of those only
    that `where` asks for, if it does. One value for the whole timeline, unless it is said.
    """
    measure: MeasureSaid = "count"
    """What is measured of a group."""
    bound: Literal["low", "best", "high"] = "best"
    """Which bound of quantities is added up or compared; where it is not stated, the next lower one that is."""
    learn_until: Day | None = None
    """Of new: values before this day (00:00 UTC) are learned, and only those from it on are told."""
    window: Annotated[Any, BeforeValidator(_window), WithJsonSchema(WINDOW_SCHEMA)] = Field(
        default="all", validate_default=True
    )
    """How long an incident counts: 7d; for ever (`all`); or from a day on, for ever. Silence has none."""
    levels: Levels | Lengths
    """The values that reach each severity, rising; of silence, durations. Not all need be there."""
    clear_below: Level | Length | None = None
    """An episode ends when the value falls below this; at most, and unless it is said, the lowest level."""
    keep_firing: Duration = "0s"
    """An episode that rises again within this time after its fall has not ended."""
    updates: Updates = Updates.CORRECTIONS
    """Which changes of value or evidence are told: none, corrections (what is known of an incident changed), or all.

    Changes of interval or severity always are.
    """
    labels: Annotated[dict[Name, Line], Field(max_length=20)] = Field(default={}, json_schema_extra=NO_OTHERS)
    """Names and values for whoever passes alerts on; they are in every message."""
    annotations: Annotated[dict[Name, Annotated[Prose, AfterValidator(_filled)]], Field(max_length=20)] = Field(
        default={}, json_schema_extra=NO_OTHERS
    )
    """Texts of your own with gaps like {value}; `summary` is what the listings show."""

    @field_validator("levels", mode="wrap")
    @classmethod
    def _in_units(cls, value: Any, _: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Levels | Lengths:
        return levels_of(value, timed=_timed(value, info))

    @field_validator("clear_below", mode="wrap")
    @classmethod
    def _in_unit(cls, value: Any, _: ValidatorFunctionWrapHandler, info: ValidationInfo) -> int | str | None:
        return None if value is None else clear_of(value, timed=_timed(value, info))


class RuleFile(Value, use_attribute_docstrings=True):
    """A file of rules; they are evaluated in its order."""

    rules: Annotated[tuple[RuleSpec, ...], Field(max_length=MOST_RULES)]
    """The rules; none, to have none."""
