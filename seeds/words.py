"""When and how many, as people write them in a theatre's files. Pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from events.values import Occurred, Precision, Quantity

_FORM: Final = (
    "a day, 'DAY to DAY', a month or an instant: 2023-10-17, 2023-10-17 to 2023-10-21, 2023-10, 2023-10-17T05:30:00Z"
)
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DAYS: Final = re.compile(rf"({_DAY})(?: to ({_DAY}))?")
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}")


def when(words: str) -> Occurred:
    """The interval that is meant; "DAY to DAY" includes both, a month is the whole month.

    Raises:
        ValueError: the words have none of the forms.
    """
    try:
        if found := _DAYS.fullmatch(words):
            return Occurred.on(_midnight(found[1]), _midnight(found[2] or found[1]))
        if _MONTH.fullmatch(words):
            first = _midnight(f"{words}-01")
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            return Occurred.on(first, last, Precision.MONTH)
        return Occurred.exactly(datetime.fromisoformat(words))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"expected {_FORM}") from error


def _midnight(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def _text_only(words: Any) -> Occurred:
    if not isinstance(words, str):
        raise ValueError(f"expected {_FORM}")  # noqa: TRY004 -- pydantic collects ValueErrors only
    return when(words)


def _number_or_words(words: Any) -> Quantity:
    if not isinstance(words, str | int):
        raise ValueError("expected a number or words like 'at least 14' or 'dozens'")  # noqa: TRY004
    try:
        return Quantity.said(words)
    except ValueError as error:
        raise ValueError("expected a number or words like 'at least 14' or 'dozens'") from error


When = Annotated[Occurred, BeforeValidator(_text_only)]
HowMany = Annotated[Quantity, BeforeValidator(_number_or_words)]
