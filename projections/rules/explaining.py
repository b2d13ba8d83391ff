"""Why a group of a rule has the value it has: what adds to it, what nearly does, and what becomes of it. Pure.

It asks the views, members and spells that the running system asks, so the two can not disagree. An incident of the
group is looked at with everything that speaks against it: with nothing it adds to V or is told why it adds nothing;
with one thing it is a near miss; with more it is counted among the far ones.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple

from projections.incidents import Incident
from projections.rules.lines import Lines
from projections.rules.matching import View, members_of, said_of, view_of
from projections.rules.model import FOREVER, Bounds, Episode, Group, Member, Rule
from projections.rules.proof import total
from projections.rules.spells import Spell, changes_of
from projections.rules.watch import Watch
from projections.rules.words import Measure


class Why(StrEnum):
    """What it is that an incident adds nothing for."""

    WHERE = "where"  # it is not what the rule asks for
    NOT = "not"  # it is what the rule excludes
    BY = "by"  # what it is grouped by is not known of it
    VAGUE = "vague"  # when it happened is known less exactly than the window is long
    GONE = "gone"  # it was retracted, or merged into another
    BEFORE = "before"  # the window has passed it
    AFTER = "after"  # it lies after the instant
    SINCE = "since"  # it lies before the day from which the rule counts
    UNSAID = "unsaid"  # it says nothing, or zero, of what is summed or told apart
    NEWER = "newer"  # a newer one stands for it: of the same value, or of silence any
    SEEN = "seen"  # its value is not new: an earlier one had it
    LEARNED = "learned"  # its value came while the rule still learned
    SHORT = "short"  # silence has not lasted long enough


class Part(NamedTuple):
    """An incident that adds to V, or takes from it."""

    number: int
    adds: int  # negative: it takes away
    until: int  # µs; when that changes, if nothing else happens; FOREVER: never
    values: tuple[str, ...]  # those of its values that count, where values are told apart


class LeftOut(NamedTuple):
    """An incident of the group that adds nothing, for one reason."""

    number: int
    why: Why
    field: str = ""  # of the incident: of WHERE, NOT and BY
    wanted: tuple[str, ...] = ()  # what the rule says of that field
    other: int | None = None  # the number of the one that stands for it, or had its value


class Explained(NamedTuple):
    """A group at an instant. Incidents are in order of when they happened."""

    value: int
    bounds: Bounds | None  # of a sum, over what adds
    parts: list[Part]
    left_out: list[LeftOut]
    far: int  # incidents of the group for which more than one thing speaks against
    course: list[tuple[int, int]]  # (µs, V from then on) after the instant, if nothing more is told
    fell: int | None  # when V fell below `clear_below`, if it has been there since, µs


class Condition(NamedTuple):
    """One thing that a rule asks of an incident, as a view of a rule that asks nothing else."""

    why: Why
    field: str
    wanted: tuple[str, ...]
    view: View


def explain(rule: Rule, group: Group, incidents: Iterable[Incident], at: int) -> Explained:
    """Why V(at) is what it is.

    Args:
        rule: of any measure.
        group: one of its groups.
        incidents: all of the timeline that may matter, standing or not; those of other groups do not.
        at: µs; members after it make the course.
    """
    mine = sorted((it for it in incidents if _near(rule, group, it)), key=lambda it: (it.at, it.number))
    found = members_of([rule], [it for it in mine if it.stands]).get((rule.rule_id, group), [])
    members = [it for it in found if it.at >= rule.since]
    lines = Lines(rule, members)
    adding = lines.adding(at)
    parts = _parts(adding)
    asked, last = conditions_of(rule), max((it.at for it in members if it.at <= at), default=-FOREVER)
    left_out, far, idle = list[LeftOut](), 0, _Idle(rule, members, at)
    for it in mine:
        against = [*([LeftOut(it.number, Why.GONE)] * (not it.stands)), *_against(asked, it)]
        if not against and it.number not in parts:
            left_out.append(idle.told(it))
        elif len(against) == 1 and _in_time(rule, _when(it, against[0], at), at, last):
            left_out += against
        else:
            far += bool(against)
    course = _course(lines.spells())
    value = sum(spell.weight for spell in adding.values())
    bounds = total([it.bounds for it in adding])
    placed = [parts[it.number] for it in mine if it.number in parts]
    past, later = ([it for it in course if (it[0] > at) is after] for after in (False, True))
    return Explained(value, bounds, placed, left_out, far, later, _fell(rule, past))


def open_at(rule: Rule, group: Group, incidents: Iterable[Incident], at: int) -> Episode | None:
    """The episode that is open when the clock is at an instant, if nothing more is told.

    As far as the incidents go back, so does its beginning.
    """
    members = members_of([rule], [it for it in incidents if it.stands]).get((rule.rule_id, group), [])
    found = Watch(rule, at, members).track().episodes()
    return found[-1] if found and found[-1].ended_at is None else None


def fall_of(rule: Rule, course: Sequence[tuple[int, int]]) -> int | None:
    """When V falls below `clear_below`, µs; None: never, if nothing more is told."""
    return next((at for at, value in course if value < rule.clear_below), None)


def turn_of(course: Sequence[tuple[int, int]], threshold: int, value: int) -> int | None:
    """When a level that `value` has reached is lost, or one that it has not is reached, µs; None: never."""
    return next((at for at, later in course if (later >= threshold) is not (value >= threshold)), None)


def conditions_of(rule: Rule) -> list[Condition]:
    """What a rule asks of an incident, one by one: together they say what its view says."""
    bare = replace(rule, where=(), excluded=(), amounts=(), excluded_amounts=(), by=(), window=FOREVER)
    filters = (
        *((Why.WHERE, it, replace(bare, where=(it,))) for it in rule.where),
        *((Why.NOT, it, replace(bare, excluded=(it,))) for it in rule.excluded),
    )
    amounts = (
        *((Why.WHERE, it, replace(bare, amounts=(it,))) for it in rule.amounts),
        *((Why.NOT, it, replace(bare, excluded_amounts=(it,))) for it in rule.excluded_amounts),
    )
    return [
        *(Condition(why, name, tuple(sorted(values)), view_of(one)) for why, (name, values), one in filters),
        *(Condition(why, name, (f"{sign} {number}",), view_of(one)) for why, (name, sign, number), one in amounts),
        *(Condition(Why.BY, name, (), view_of(replace(bare, by=(name,)))) for name in rule.by),
        Condition(Why.VAGUE, "", (), view_of(replace(bare, window=rule.window))),
    ]


def _near(rule: Rule, group: Group, it: Incident) -> bool:
    """Whether an incident is of a group, or would be if all of it were known."""
    said = ((said_of(name, it, rule.bound), value) for name, value in zip(rule.by, group, strict=True))
    return all(value in values or not values for values, value in said)


def _against(asked: Sequence[Condition], it: Incident) -> Iterator[LeftOut]:
    return (LeftOut(it.number, one.why, one.field, one.wanted) for one in asked if not one.view(it))


def _parts(adding: Mapping[Member, Spell]) -> dict[int, Part]:
    """By number of the incident; one of several values is as many members."""
    parts: dict[int, Part] = {}
    for it, spell in sorted(adding.items()):
        was = parts.get(it.number, Part(it.number, 0, FOREVER, ()))
        values = (*was.values, *([it.value] if it.value else []))
        parts[it.number] = Part(it.number, was.adds + spell.weight, min(was.until, spell.end), values)
    return parts


def _when(it: Incident, against: LeftOut, at: int) -> int:
    """When an incident counts, µs; if that is not known well enough, the latest that it can have happened by `at`."""
    return min(it.until - 1, max(at, it.at)) if against.why is Why.VAGUE else it.at


def _in_time(rule: Rule, it: int, at: int, last: int) -> bool:
    """Whether an incident of this instant would matter at `at`: to silence only one after the last that did."""
    if it > at or it < rule.since:
        return False
    if rule.measure is Measure.SILENCE:
        return it > last
    reach = rule.window * (rule.preceding + 1) if rule.measure is Measure.SURGE else rule.window
    return it > at - reach


class _Idle:
    """Why incidents that a rule counts add nothing at an instant."""

    def __init__(self, rule: Rule, members: Sequence[Member], at: int) -> None:
        """Take members in order."""
        self._rule, self._at, self._values = rule, at, dict[int, str]()
        self._stands_for: dict[str, int] = {}  # value -> number of the one that counts for it
        for it in members:
            self._values.setdefault(it.number, it.value)
            if it.at <= at and (rule.measure is not Measure.NEW or it.value not in self._stands_for):
                self._stands_for[it.value] = it.number

    def told(self, it: Incident) -> LeftOut:
        """Why one of them does."""
        rule = self._rule
        if it.at < rule.since:
            return LeftOut(it.number, Why.SINCE)
        if it.at > self._at:
            return LeftOut(it.number, Why.AFTER)
        if it.number not in self._values:
            return LeftOut(it.number, Why.UNSAID, rule.of)
        if it.at <= self._at - rule.window:
            return LeftOut(it.number, Why.BEFORE)
        return self._among(it.number, self._values[it.number])

    def _among(self, number: int, value: str) -> LeftOut:
        other = self._stands_for[value]
        measure, of = self._rule.measure, self._rule.of
        if measure is Measure.NEW:
            seen = other != number
            return LeftOut(number, Why.SEEN if seen else Why.LEARNED, of, (value,), other if seen else None)
        if other == number:
            return LeftOut(number, Why.SHORT)
        return LeftOut(number, Why.NEWER, of, (value,) if value else (), other)


def _fell(rule: Rule, past: Sequence[tuple[int, int]]) -> int | None:
    fell, held = None, False
    for at, value in past:
        holds = value >= rule.clear_below
        if holds is not held:
            fell, held = None if holds else at, holds
    return fell


def _course(spells: Sequence[Spell]) -> list[tuple[int, int]]:
    """V from each change point on."""
    return list(accumulate(changes_of(spells), lambda so_far, it: (it[0], so_far[1] + it[1])))
