"""Values in the words of people: quantities, sums of them, when something happened."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

Said = Mapping[str, Any]
BARE = {"several", "dozens", "hundreds", "thousands"}  # the word is the number
SHIFTED = {"more-than": ("low", -1), "almost": ("high", 1)}  # the bound is next to what was said


def spoken(quantity: Said | None) -> str:
    """A quantity as its source said it."""
    if not quantity:
        return ""
    qualifier = quantity.get("qualifier", "exact")
    if qualifier in BARE:
        return str(qualifier)
    if qualifier in SHIFTED:
        bound, step = SHIFTED[qualifier]
        return f"{qualifier.replace('-', ' ')} {quantity[bound] + step}"
    number = _first(quantity)
    return number if qualifier == "exact" else f"{qualifier.replace('-', ' ')} {number}"


def _first(quantity: Said) -> str:
    return str(next(it for it in (quantity.get("best"), quantity.get("low"), quantity.get("high")) if it is not None))


def toll(parties: Mapping[str, Said] | None, what: str) -> list[str]:
    """Wounded or killed by whose they are, one text each."""
    return [f"{spoken(quantity)} {party} {what}" for party, quantity in (parties or {}).items()]


def spread(total: Said) -> str:
    """A sum of quantities: one number, low…high, or what is known of it."""
    low, best, high, unknown = total["low"], total["best"], total["high"], total["unknown"]
    if not unknown["high"] and not unknown["low"]:
        return (str(high) if low == high else f"{low}…{high}") if high else "-"
    if not unknown["high"]:
        return f"≤{high}"
    return f"≥{low}" if low else f"~{best}" if best else "?"


def when(since: str | None, until: str | None, precision: str | None) -> str:
    """An interval as exactly as it is known; `until` is exclusive."""
    if since is None or until is None:
        return ""
    if precision == "month":
        return since[:7]
    if precision == "instant" or since == until:
        return since.replace("T", " ")
    first, last = since[:10], _last_day(until)
    if first == last:
        return first
    return f"{first}…{last[5:] if first[:4] == last[:4] else last}"


def _last_day(until: str) -> str:
    """The last day of an interval that ends before this instant."""
    return (datetime.fromisoformat(until) - timedelta(microseconds=1)).date().isoformat()


def bar(value: int, greatest: int, width: int = 24) -> str:
    """A value as a bar, to scale."""
    return "█" * max(1, round(width * value / greatest)) if value else ""
