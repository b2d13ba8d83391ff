"""The values that facts are made of: what they mean, and what they refuse."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from pydantic import ValidationError

from events.values import (
    Attributed,
    Attribution,
    Occurred,
    Precision,
    Qualifier,
    Quantity,
    Source,
    instant,
    iso,
    micros,
)
from tests.events.strategies import instants, numbers

NOON = datetime(2023, 10, 17, 12, tzinfo=UTC)

SAID = {
    "a number": (4, (4, 4, 4)),
    "zero": (0, (0, 0, 0)),
    "exact": ("exact 4", (4, 4, 4)),
    "at least": ("at least 56", (56, 56, None)),
    "more than": ("more than 1400", (1401, 1401, None)),
    "almost": ("almost 24", (None, 23, 23)),
    "about": ("about 2500", (None, 2500, None)),
    "at most": ("at most 3", (None, 3, 3)),
    "several": ("several", (3, None, None)),
    "dozens": ("dozens", (24, None, None)),
    "hundreds": ("hundreds", (200, None, None)),
    "thousands": ("thousands", (2000, None, None)),
}


@pytest.mark.parametrize(("words", "bounds"), SAID.values(), ids=SAID.keys())
def test_a_quantity_keeps_what_its_words_say(
    words: str | int, bounds: tuple[int | None, int | None, int | None]
) -> None:
    """Given a source's words, then low, best and high are what they say, and unknown what they do not say."""
    said = Quantity.said(words)

    assert (said.low, said.best, said.high) == bounds


@pytest.mark.parametrize(
    "words", ["", "4", "many", "several 5", "at least", "almost 0", "at least -1", -1, True, "at least 9999999999"]
)
def test_words_that_say_no_quantity_are_refused(words: str | int) -> None:
    """Given words without a meaning, then they are refused, and never with another error."""
    with pytest.raises(ValueError, match=r"expected|Input should be"):
        Quantity.said(words)


@given(numbers)
def test_the_bounds_of_a_quantity_are_ordered(value: int) -> None:
    """Given any number and qualifier, then low <= best <= high wherever they are known."""
    for qualifier in Qualifier:
        try:
            said = Quantity.of(qualifier, value)
        except ValueError:
            continue
        known = [bound for bound in (said.low, said.best, said.high) if bound is not None]
        assert known == sorted(known)


@pytest.mark.parametrize("bounds", [{}, {"low": 2, "best": 1}, {"low": 2, "high": 1}, {"best": 2, "high": 1}])
def test_a_quantity_without_order_or_without_bounds_is_refused(bounds: dict[str, int]) -> None:
    """Given no bound at all, or bounds that cross, then there is no quantity."""
    with pytest.raises(ValidationError, match="at least one bound"):
        Quantity(**bounds)


@given(instants)
def test_an_instant_is_the_same_in_microseconds_and_in_text(moment: datetime) -> None:
    """Given any instant, when it is counted in microseconds or written, then it comes back as it was."""
    assert instant(micros(moment)) == moment
    assert datetime.fromisoformat(iso(moment)) == moment


def test_an_instant_is_written_in_utc_whatever_its_zone() -> None:
    """Given an instant with an offset, when it is written, then it is UTC."""
    assert iso(NOON.astimezone(timezone(timedelta(hours=3)))) == "2023-10-17T12:00:00Z"


def test_days_include_the_last_one_and_end_at_its_midnight() -> None:
    """Given a first and a last day, then the interval ends where the day after the last begins."""
    days = Occurred.on(datetime(2023, 10, 17, tzinfo=UTC), datetime(2023, 10, 21, tzinfo=UTC))

    assert (days.latest, days.precision) == (datetime(2023, 10, 22, tzinfo=UTC), Precision.RANGE)
    assert Occurred.on(days.earliest).precision is Precision.DAY


@pytest.mark.parametrize(
    ("hours", "precision"), [(-1, Precision.RANGE), (0, Precision.DAY), (1, Precision.INSTANT)], ids=str
)
def test_an_interval_that_contradicts_its_precision_is_refused(hours: int, precision: Precision) -> None:
    """Given an end before the start, a day of no length or an instant with one, then there is no interval."""
    with pytest.raises(ValidationError, match="earliest before latest"):
        Occurred(earliest=NOON, latest=NOON + timedelta(hours=hours), precision=precision)


@pytest.mark.parametrize("attribution", [Attribution.CLAIMED, Attribution.ATTRIBUTED, Attribution.SUSPECTED])
def test_nobody_can_have_claimed_or_be_suspected(attribution: Attribution) -> None:
    """Given no actor, then only disputed and none can be said of it."""
    with pytest.raises(ValidationError, match="expected an actor"):
        Attributed(attribution=attribution)


@pytest.mark.parametrize("who", [{}, {"document": "d", "feed": "f"}], ids=["neither", "both"])
def test_a_source_is_a_document_or_a_feed(who: dict[str, str]) -> None:
    """Given neither or both, then there is no source."""
    with pytest.raises(ValidationError, match="either a document or a feed"):
        Source(**who)
