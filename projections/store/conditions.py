"""What a rule asks of an incident, as SQL over `incident_versions v` and its site, `sites s`."""

from collections.abc import Iterator
from typing import Any, Final

from projections.rules.matching import SEVERAL
from projections.rules.model import FOREVER, Rule

# Names in rules -> columns. The evaluator's own filter is projections/rules/matching.py; tests hold the two together.
COLUMNS: Final = {
    **{name: f"v.{name}" for name in ("class", "site", "actor", "attribution", "outcome", "confidence")},
    **{name: f"s.{name}" for name in ("country", "admin1", "site_kind")},
}
# Umbrellas, and all below them as the tables have them; UNION ends where two belong to each other.
MEMBERS: Final = """v.actor IN (WITH RECURSIVE below(actor) AS (
    SELECT unnest(?::VARCHAR[])
    UNION SELECT a.actor FROM actors a JOIN below b ON list_contains(string_split(a.member_of, ','), b.actor)
    WHERE a.timeline = ?
) SELECT actor FROM below)"""
Condition = tuple[str, list[Any]]  # SQL, and the values of its parameters


def conditions_of(rule: Rule, timeline: str) -> tuple[list[str], list[Any]]:
    """A rule's filter as SQL: conditions, and the values of their parameters."""
    asked = list(_asked(rule, timeline))
    return [it for it, _ in asked], [value for _, values in asked for value in values]


def _asked(rule: Rule, timeline: str) -> Iterator[Condition]:
    yield from (_any_of(*it, timeline) for it in rule.where)
    yield from (_compared(*it, rule.bound) for it in rule.amounts)
    yield from map(_negated, (_any_of(*it, timeline) for it in rule.excluded))
    yield from map(_negated, (_compared(*it, rule.bound) for it in rule.excluded_amounts))
    if rule.window != FOREVER:
        yield "epoch_us(v.occurred_until) - epoch_us(v.occurred_from) <= ?", [rule.window]
    yield from ((f"{COLUMNS[name]} IS NOT NULL", []) for name in rule.by if name not in SEVERAL)


def _negated(asked: Condition) -> Condition:
    """What is not known of an incident does not exclude it."""
    return f"NOT coalesce({asked[0]}, false)", asked[1]


def _any_of(name: str, wanted: frozenset[str], timeline: str) -> Condition:
    match name:
        case "weapon":
            return "list_has_any(string_split(v.weapons, ','), ?::VARCHAR[])", [sorted(wanted)]
        case "member_of":
            return MEMBERS, [sorted(wanted), timeline]
        case _:
            return f"{COLUMNS[name]} IN (SELECT unnest(?::VARCHAR[]))", [sorted(wanted)]


def _compared(quantity: str, operator: str, number: int, bound: str) -> Condition:
    whole, _, party = quantity.partition(".")
    said = f"v.quantities->'{whole}'" + "->?" * bool(party)
    falling = {"low": ("low",), "best": ("best", "low"), "high": ("high", "best", "low")}[bound]
    stated = ", ".join(f"({said}->>'{it}')::BIGINT" for it in falling)
    return f"coalesce({stated}) {operator} ?", [*[party] * (len(falling) * bool(party)), number]
