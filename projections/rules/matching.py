"""Which groups of a rule an incident belongs to, if the rule looks at it at all."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from operator import eq, ge, gt, itemgetter, le, lt
from typing import Any, Final

from projections.claims import HowMany
from projections.incidents import Incident
from projections.rules.model import Amounts, Bounds, Filter, Group, Member, Rule
from projections.rules.words import Measure

# Names outside -> fields of an incident. `weapon` and `member_of` look at all that an incident has.
FIELDS: Final[dict[str, int]] = {
    name: Incident._fields.index(field)
    for name, field in (
        ("class", "incident_class"),
        *((same, same) for same in ("site", "country", "admin1", "site_kind", "actor", "attribution")),
        *((same, same) for same in ("outcome", "confidence")),
        ("weapon", "weapons"),
        ("member_of", "umbrellas"),
    )
}
COMPARED: Final[dict[str, Callable[[int, int], bool]]] = {">=": ge, ">": gt, "<=": le, "<": lt, "=": eq}
SEVERAL: Final = ("weapon", "member_of")  # an incident has any number of these
View = Callable[[Incident], Sequence[Group]]
Members = Callable[[Incident], Sequence[Member]]


def view_of(rule: Rule, known: Collection[str] = ()) -> View:
    """A function from an incident to its groups, none when the rule does not look at it: the hot path of every event.

    What is `known` of an incident, by name, is not asked again.
    """
    where = tuple((name, values) for name, values in rule.where if name not in known)
    filters = [
        *_compiled(where, wanted=True),
        *_compiled(rule.excluded, wanted=False),
        *_compared(rule.amounts, rule.bound, wanted=True),
        *_compared(rule.excluded_amounts, rule.bound, wanted=False),
    ]
    window, groups_of = rule.window, _groups_of(rule)
    one = FIELDS[rule.by[0]] if len(rule.by) == 1 and rule.by[0] not in SEVERAL else None

    def view(it: Any) -> Sequence[Group]:
        for field, any_of, wanted in filters:
            if any_of(it[field]) is not wanted:
                return ()
        if it.until - it.at > window:  # too vague for it
            return ()
        if one is not None:
            value = it[one]
            return () if value is None else ((value,),)
        return groups_of(it)

    return view


def _groups_of(rule: Rule) -> View:
    """A function from an incident to its groups: as many as it has values, of those that `where` asks for."""
    if not rule.by:
        return lambda _: ((),)
    if not set(rule.by).intersection(SEVERAL):
        group_of: Callable[[Any], Group] = itemgetter(*(FIELDS[name] for name in rule.by))
        return lambda it: () if None in (group := group_of(it)) else (group,)
    wanted = dict(rule.where)
    values = [_values_of(name, wanted.get(name)) for name in rule.by]
    return lambda it: list(product(*(of(it) for of in values)))


def _values_of(name: str, wanted: frozenset[str] | None) -> Callable[[Any], Sequence[str]]:
    field = FIELDS[name]
    if name not in SEVERAL:
        return lambda it: () if it[field] is None else (it[field],)
    return lambda it: sorted(set(it[field]) if wanted is None else wanted.intersection(it[field]))


def members_for(rule: Rule) -> Members | None:
    """A function from an incident that a rule looks at to its members there: one for each of its values, say.

    None where an incident is one member, of which only the instant matters.
    """
    match rule.measure:
        case Measure.DISTINCT | Measure.NEW if rule.of == "weapon":
            return lambda it: [Member(it.at, it.number, weapon) for weapon in sorted(set(it.weapons))]
        case Measure.DISTINCT | Measure.NEW:
            field = FIELDS[rule.of]
            return lambda it: [] if it[field] is None else [Member(it.at, it.number, str(it[field]))]
        case Measure.SUM:
            quantity, bound = quantity_of(rule.of), rule.bound
            return lambda it: summed(it.at, it.number, quantity(it), bound)
        case _:
            return None


def quantity_of(name: str) -> Callable[[Any], HowMany | None]:
    """A function from an incident to a quantity of it (`munitions`, `wounded.us`); None: nothing is said of it."""
    whole, _, party = name.partition(".")
    place = Incident._fields.index(whole)
    return (lambda it: it[place].get(party)) if party else (lambda it: it[place])


def said_of(name: str, it: Incident, bound: str) -> Sequence[str | int]:
    """What an incident says of a field that rules look at: its values, or a bound of a quantity; else nothing."""
    found: Any = it[FIELDS[name]] if name in FIELDS else quantity_of(name)(it)
    if isinstance(found, HowMany):
        found = found.stated(bound)
    return [] if found is None else list(found) if isinstance(found, tuple) else [found]


def summed(at: int, number: int, said: HowMany | None, bound: str) -> Sequence[Member]:
    """The member that adds a bound of a quantity, if there is anything to add."""
    if said is None:
        return []
    weight = said.stated(bound)
    return [Member(at, number, "", weight, bounds_of(said))] if weight else []


@lru_cache(maxsize=4096)  # a few quantities are most of what is said
def bounds_of(said: HowMany) -> Bounds:
    """A quantity by its bounds; nothing of one below which nothing is stated."""
    low, best, high = (said.stated(bound) or 0 for bound in ("low", "best", "high"))
    return Bounds(low, best, high, int(said.best is None), int(said.high is None))


Seen = tuple[str, View, Members | None]  # rule id, its view, and what it makes of an incident; None: a member


class Views:
    """The views of rules, by rule id and in their order. Most rules name classes, so most need not be asked."""

    def __init__(self, rules: Collection[Rule]) -> None:
        self.all: list[Seen] = [(rule.rule_id, view_of(rule), members_for(rule)) for rule in rules]
        pairs: list[tuple[Seen, frozenset[str] | None]] = [
            ((rule.rule_id, view_of(rule, ("class",)), members_for(rule)), dict(rule.where).get("class"))
            for rule in rules
        ]
        self._unnamed = [view for view, classes in pairs if classes is None]
        self._by_class = {
            kind: [view for view, classes in pairs if classes is None or kind in classes]
            for kind in frozenset().union(*(classes for _, classes in pairs if classes))
        }

    def of(self, incident_class: str) -> list[Seen]:
        """Those that may look at incidents of a class."""
        return self._by_class.get(incident_class, self._unnamed)


def members_of(rules: Collection[Rule], standing: Iterable[Incident]) -> dict[tuple[str, Group], list[Member]]:
    """The members of every group of these rules, by rule id and group, in order."""
    members: dict[tuple[str, Group], list[Member]] = {}
    views = Views(rules)
    for incident in standing:
        for rule_id, view, made in views.of(incident.incident_class):
            if groups := view(incident):
                those = made(incident) if made else (Member(incident.at, incident.number),)
                for group in groups:
                    members.setdefault((rule_id, group), []).extend(those)
    return {key: sorted(those) for key, those in members.items() if those}


def _compared(those: Amounts, bound: str, *, wanted: bool) -> Iterator[tuple[int, Callable[[Any], bool], bool]]:
    for quantity, operator, number in those:
        whole, _, party = quantity.partition(".")
        yield Incident._fields.index(whole), _holds(party, COMPARED[operator], number, bound), wanted


def _holds(party: str, compare: Callable[[int, int], bool], number: int, bound: str) -> Callable[[Any], bool]:
    """Whether a quantity, or that of a party, compares so; what is not known does not."""

    def holds(said: Any) -> bool:
        it = said.get(party) if party else said
        stated = it.stated(bound) if it is not None else None
        return stated is not None and compare(stated, number)

    return holds


def _compiled(those: Filter, *, wanted: bool) -> Iterator[tuple[int, Callable[[object], bool], bool]]:
    for name, values in those:
        yield FIELDS[name], _any_of(values) if name in SEVERAL else values.__contains__, wanted


def _any_of(values: frozenset[str]) -> Callable[[object], bool]:
    return lambda those: not values.isdisjoint(those)  # type: ignore[arg-type]
