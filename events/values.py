"""The values that facts are made of: when, how many, who told, who did it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
GREATEST = 1_000_000_000  # of any quantity; far above what can be counted, far below what a sum of 64 bits holds


class Value(BaseModel):
    """Immutable, and closed: a field that is not in the contract is a fault, not noise.

    Numbers and truth values are declared strict one by one: "7" is no number, 1 is not true. Strictness for all would
    refuse lists and plain text where code of ours builds a value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def micros(instant: datetime) -> int:
    """An aware instant as whole microseconds since the epoch."""
    return (instant - EPOCH) // MICROSECOND


def instant(micros_since_epoch: int) -> datetime:
    """The aware UTC instant of whole microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=micros_since_epoch)


def iso(moment: datetime) -> str:
    """An aware instant as text: UTC, `Z`, no fraction when there is none."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class _Written:
    """In JSON only text of this form will do; pydantic would take "1697500800" for an instant, or for a day."""

    def __init__(self, form: str, example: str) -> None:
        self.form, self.example = form, example

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = handler(source)
        text = core_schema.chain_schema([core_schema.str_schema(pattern=self.form), inner])
        message = f"Input should be {self.example}"
        plain = core_schema.custom_error_schema(text, custom_error_type="form", custom_error_message=message)
        return core_schema.json_or_python_schema(plain, inner)


# 1900 to 2199: what every store of ours can hold. Checked in Rust: a validator in Python would cost 1 µs a value.
_DAY = r"(19|20|21)\d\d-\d\d-\d\d"
_TIME = r"\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)"
Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
    _Written(rf"^{_DAY}T{_TIME}$", "an instant with its offset, 1900 to 2199: 2023-10-17T05:30:00Z"),  # RFC 3339
]
Day = Annotated[
    date,
    Field(ge=date(1900, 1, 1), lt=date(2200, 1, 1)),
    _Written(rf"^{_DAY}$", "a day, 1900 to 2199: 2023-10-17"),
]
Id = Annotated[str, StringConstraints(max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+-]*$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, StringConstraints(max_length=4_000)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]  # ISO 3166-1 alpha-2


class Precision(StrEnum):
    """How exactly the source knows when."""

    INSTANT = "instant"
    DAY = "day"
    RANGE = "range"
    MONTH = "month"


class Occurred(Value):
    """When it happened: somewhere in [earliest, latest); `latest` equals `earliest` for an instant."""

    earliest: Instant
    latest: Instant
    precision: Precision

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ordered = self.earliest == self.latest if self.precision is Precision.INSTANT else self.earliest < self.latest
        if not ordered:
            msg = "expected earliest before latest (equal for, and only for, precision instant)"
            raise ValueError(msg)
        return self

    @classmethod
    def on(cls, first_day: datetime, last_day: datetime | None = None, precision: Precision | None = None) -> Self:
        """The whole days from the first to the last, both included; both at 00:00Z."""
        end = (last_day or first_day) + timedelta(days=1)
        derived = Precision.DAY if end - first_day == timedelta(days=1) else Precision.RANGE
        return cls(earliest=first_day, latest=end, precision=precision or derived)

    @classmethod
    def exactly(cls, moment: datetime) -> Self:
        """An instant that is known to the moment."""
        return cls(earliest=moment, latest=moment, precision=Precision.INSTANT)


class Qualifier(StrEnum):
    """The source's own word for how exact a number is."""

    EXACT = "exact"
    AT_LEAST = "at-least"
    MORE_THAN = "more-than"
    ALMOST = "almost"
    ABOUT = "about"
    AT_MOST = "at-most"
    SEVERAL = "several"
    DOZENS = "dozens"
    HUNDREDS = "hundreds"
    THOUSANDS = "thousands"


# The least that a bare word says: more than two; two dozen; two hundred; two thousand.
_LEAST = {Qualifier.SEVERAL: 3, Qualifier.DOZENS: 24, Qualifier.HUNDREDS: 200, Qualifier.THOUSANDS: 2_000}
_BOUNDS: Final[dict[Qualifier, Callable[[int], tuple[int | None, int | None, int | None]]]] = {
    Qualifier.EXACT: lambda n: (n, n, n),
    Qualifier.AT_LEAST: lambda n: (n, n, None),
    Qualifier.MORE_THAN: lambda n: (n + 1, n + 1, None),
    Qualifier.ALMOST: lambda n: (None, n - 1, n - 1),
    Qualifier.ABOUT: lambda n: (None, n, None),
    Qualifier.AT_MOST: lambda n: (None, n, n),
}
Number = Annotated[int, Field(ge=0, le=GREATEST, strict=True)]


class Quantity(Value):
    """How many, as the source said it: None where a bound is not known."""

    low: Number | None = None
    best: Number | None = None
    high: Number | None = None
    qualifier: Qualifier = Qualifier.EXACT

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        known = [bound for bound in (self.low, self.best, self.high) if bound is not None]
        if not known or known != sorted(known):
            msg = "expected at least one bound, and low <= best <= high"
            raise ValueError(msg)
        return self

    @classmethod
    def of(cls, qualifier: Qualifier, value: int | None = None) -> Self:
        """What a qualified number says: "at least 56" is low 56, best 56, high unknown; "dozens" is low 24."""
        if value is None:
            if qualifier not in _LEAST:
                msg = f"expected a number with {qualifier}"
                raise ValueError(msg)
            return cls(low=_LEAST[qualifier], qualifier=qualifier)
        if qualifier not in _BOUNDS:
            msg = f"expected no number with {qualifier}, found {value}"
            raise ValueError(msg)
        low, best, high = _BOUNDS[qualifier](value)
        return cls(low=low, best=best, high=high, qualifier=qualifier)

    @classmethod
    def said(cls, words: str | int) -> Self:
        """A quantity from a source's words: 4, "at least 14", "more than 1400", "dozens".

        Raises:
            ValueError: the words are none of the qualifiers' forms.
        """
        if isinstance(words, int):
            return cls.of(Qualifier.EXACT, words)
        found = re.fullmatch(r"([a-z][a-z -]*?)(?: ([0-9]{1,18}))?", words.strip())
        name = found[1].replace(" ", "-") if found else ""
        if found is None or name not in set(Qualifier):
            msg = f"expected a number or words like 'at least 14' or 'dozens', found {words[:80]!r}"
            raise ValueError(msg)
        return cls.of(Qualifier(name), int(found[2]) if found[2] else None)


class Attribution(StrEnum):
    """On what ground an actor is named."""

    CLAIMED = "claimed"
    ATTRIBUTED = "attributed"
    SUSPECTED = "suspected"
    DISPUTED = "disputed"
    NONE = "none"


class Attributed(Value):
    """Who is said to have done it; no actor where it is disputed or nobody's."""

    actor: Id | None = None
    attribution: Attribution

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.actor is None and self.attribution not in (Attribution.DISPUTED, Attribution.NONE):
            msg = f"expected an actor with attribution {self.attribution}"
            raise ValueError(msg)
        return self


class Reliability(StrEnum):
    """Of a source, on the Admiralty scale (NATO AJP-2.1): A completely reliable … E unreliable, F cannot be judged."""

    A, B, C, D, E, F = "A", "B", "C", "D", "E", "F"


Credibility = Annotated[
    int, Field(ge=1, le=6, strict=True)
]  # Admiralty scale: 1 confirmed … 5 improbable, 6 cannot be judged


class Source(Value):
    """Who told us, and where in it."""

    document: Id | None = None
    feed: Id | None = None
    places: tuple[Line, ...] = Field(default=(), max_length=50)  # "para 7"
    reliability: Reliability = Reliability.F
    credibility: Credibility = 6

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.document is None) == (self.feed is None):
            msg = "expected either a document or a feed"
            raise ValueError(msg)
        return self
