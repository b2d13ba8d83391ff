"""Which group of a rule an incident belongs to, if the rule looks at it at all."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from projections.incidents import Incident
from projections.rules.model import Filter, Group, Member, Rule

# Names outside -> fields of an incident. `weapon` looks at all of an incident's weapons.
FIELDS: Final[dict[str, int]] = {
    name: Incident._fields.index(field)
    for name, field in (
        ("class", "incident_class"),
        *((same, same) for same in ("site", "country", "admin1", "site_kind", "actor", "attribution")),
        *((same, same) for same in ("outcome", "confidence")),
        ("weapon", "weapons"),
    )
}
View = Callable[[Incident], Group | None]


def view_of(rule: Rule) -> View:
    """A function from an incident to its group, None when the rule does not look at it: the hot path of every event."""
    filters = [*_compiled(rule.where, wanted=True), *_compiled(rule.excluded, wanted=False)]
    by = [FIELDS[name] for name in rule.by]
    window = rule.window

    def view(it: Incident) -> Group | None:
        for field, any_of, wanted in filters:
            if any_of(it[field]) is not wanted:
                return None
        if it.until - it.at > window:  # too vague for it
            return None
        group = tuple([it[field] for field in by])
        return None if None in group else group  # type: ignore[return-value]

    return view


def members_of(rules: Iterable[Rule], standing: Iterable[Incident]) -> dict[tuple[str, Group], list[Member]]:
    """The members of every group of these rules, by rule id and group, in order."""
    members: dict[tuple[str, Group], list[Member]] = {}
    views = [(rule.rule_id, view_of(rule)) for rule in rules]
    for incident in standing:
        for rule_id, view in views:
            if (group := view(incident)) is not None:
                members.setdefault((rule_id, group), []).append(Member(incident.at, incident.number))
    return {key: sorted(those) for key, those in members.items()}


def _compiled(those: Filter, *, wanted: bool) -> Iterator[tuple[int, Callable[[object], bool], bool]]:
    for name, values in those:
        yield FIELDS[name], _any_of(values) if name == "weapon" else values.__contains__, wanted


def _any_of(values: frozenset[str]) -> Callable[[object], bool]:
    return lambda weapons: not values.isdisjoint(weapons)  # type: ignore[arg-type]
