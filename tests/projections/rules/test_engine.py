"""Folding the messages gives the episodes, whatever was told, wherever the worker was restarted."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import event as seen
from hypothesis import given
from hypothesis import strategies as st

from projections.claims import HowMany
from projections.incidents import Incident
from projections.rules import begin
from projections.rules.matching import members_for
from projections.rules.model import Group, Rule
from projections.rules.outcome import Key, Told
from projections.rules.words import Measure, State, Updates
from tests.projections.rules import reference
from tests.projections.rules.histories import INSTANTS, examples, rules
from tests.projections.rules.world import World, incident


class Event(NamedTuple):
    """What one event makes of incidents, and the clock after it."""

    those: tuple[Incident, ...]
    clock: int

    def __call__(self, world: World) -> list[Told]:
        return world.put(*self.those, clock=self.clock)


@st.composite
def rule_sets(draw: st.DrawFn) -> list[Rule]:
    """One or two rules, of one site, of each weapon, or of the whole timeline."""
    those = draw(st.lists(rules(), min_size=1, max_size=2))
    by = st.sampled_from([(), ("site",), ("site", "actor"), ("weapon",)])
    return [
        replace(rule, rule_id=f"r{number}", by=draw(by), updates=draw(st.sampled_from(Updates)))
        for number, rule in enumerate(those)
    ]


@st.composite
def quantities(draw: st.DrawFn) -> HowMany:
    """A quantity of which one bound at least is stated."""
    stated = draw(st.sets(st.sampled_from(range(3)), min_size=1))
    values = sorted(draw(st.lists(st.integers(0, 4), min_size=3, max_size=3)))
    return HowMany(*(it if place in stated else None for place, it in enumerate(values)), "exact")


class Telling:
    """What a producer could say next, of incidents as they stand."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.standing: dict[int, Incident] = {}
        self.merged: list[Incident] = []

    def one(self) -> int:
        return self.draw(st.sampled_from(sorted(self.standing)))

    def report(self, number: int) -> Incident:
        at = self.draw(INSTANTS)
        said = {"site": self.draw(st.sampled_from("AB")), "actor": self.draw(st.sampled_from([None, "x", "y"]))}
        said["munitions"] = self.draw(st.none() | quantities())
        said["weapons"] = self.draw(st.sampled_from([("drone",), ("drone", "gun"), ()]))
        return incident(number, at, until=at + self.draw(st.sampled_from([0, 0, 3])), **said)

    def correct(self, _: int) -> Incident | None:
        return self.report(self.one()) if self.standing else None

    def retract(self, _: int) -> Incident | None:
        return self.standing[self.one()]._replace(retracted=True) if self.standing else None

    def merge(self, _: int) -> Incident | None:
        if len(self.standing) < 2:
            return None
        one, other = self.draw(st.permutations(sorted(self.standing)))[:2]
        self.merged.append(self.standing[other])
        return self.standing[other]._replace(merged_into=f"i{one}")

    def split(self, _: int) -> Incident | None:
        return self.merged.pop() if self.merged else None

    def tick(self, _: int) -> None:
        return None


@st.composite
def histories(draw: st.DrawFn, longest: int = 20) -> list[Event]:
    """Reports, corrections of time, site or length, retractions, merges, splits, ticks; clocks that stand still."""
    telling, clock, found = Telling(draw), 0, list[Event]()
    kinds = st.sampled_from(["report"] * 4 + ["correct", "correct", "retract", "merge", "split", "tick"])
    for number in range(draw(st.integers(0, longest))):
        clock = max(clock, clock + draw(st.integers(-2, 5)))
        those: dict[int, Incident] = {}
        for kind in draw(st.lists(kinds, min_size=1, max_size=2, unique=True)):
            it = getattr(telling, kind)(number)
            if it is not None and it.number not in those:
                those[it.number] = it
                telling.standing.pop(it.number, None)
                telling.standing |= {it.number: it} if it.stands else {}
        found.append(Event(tuple(those.values()), clock))
    return found


def truth(world: World) -> set[tuple[object, ...]]:
    """(rule, group, opened, ended, level) of every episode, by definition."""
    found: set[tuple[object, ...]] = set()
    for (rule_id, group), members in world.members().items():
        for it in reference.episodes(world.engine.rules[rule_id], members, world.clock):
            found.add((rule_id, group, it.opened_at, it.ended_at, it.level))
    return found


def known(world: World) -> list[tuple[object, ...]]:
    """The same, as the messages have it."""
    return [
        (it.rule.rule_id, it.group, it.message.episode.opened_at, it.message.episode.ended_at, it.message.episode.level)
        for it in world.folded().values()
    ]


@examples(300)
@given(rule_set=rule_sets(), history=histories())
def test_a_consumer_that_folds_the_messages_knows_every_episode(rule_set: list[Rule], history: list[Event]) -> None:
    """Given any log, when the messages of each prefix are folded, then they are the episodes by definition."""
    world = World(*rule_set)

    for happen in history:
        happen(world)

        assert len(known(world)) == len(set(known(world)))
        assert set(known(world)) == truth(world)
    for it in world.told:
        late, merged = " late" * it.message.alert.late, " merged" * bool(it.message.merged_into)
        seen(f"{it.message.kind}{late}{merged}")


@examples(200)
@given(rule_set=rule_sets(), history=histories(), cuts=st.sets(st.integers(0, 19)), slack=st.integers(0, 9))
def test_messages_do_not_show_where_the_worker_was_restarted(
    rule_set: list[Rule], history: list[Event], cuts: set[int], slack: int
) -> None:
    """Given any log, when the engine is made anew, or forgets groups, at any places, then the messages are the same."""
    whole, restarted, forgetful = World(*rule_set), World(*rule_set), World(*rule_set)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(begin, "SLACK", slack)
        for place, happen in enumerate(history):
            if place in cuts:
                restarted.restart()
            forgetful.engine.forget(place % 2)
            expected = happen(whole)
            assert happen(restarted) == expected
            assert happen(forgetful) == expected

    assert restarted.episodes == forgetful.episodes == whole.episodes


@examples(200)
@given(rule_set=rule_sets(), history=histories(), cuts=st.sets(st.integers(1, 19)))
def test_messages_do_not_show_where_a_batch_was_cut(rule_set: list[Rule], history: list[Event], cuts: set[int]) -> None:
    """Given any log, when its events are applied together, up to any places, then each leads to the same messages."""
    one_by_one, together = World(*rule_set), World(*rule_set)
    edges = sorted({0, len(history), *(cut for cut in cuts if cut < len(history))})

    for start, stop in pairwise(edges):
        told = together.put_together(history[start:stop])
        assert told == [happen(one_by_one) for happen in history[start:stop]]
        assert together.episodes == one_by_one.episodes


@examples(200)
@given(rule_set=rule_sets(), history=histories())
def test_alert_ids_are_never_used_twice(rule_set: list[Rule], history: list[Event]) -> None:
    """Given any log, when alerts are raised, then each has an id of its own, and those that are final stay silent."""
    world, last, final = World(*rule_set), dict[str, str](), set[str]()

    for happen in history:
        for it in happen(world):
            alert = it.message.alert
            assert alert.alert_id not in final
            assert (it.message.kind == "raised") == (alert.alert_id not in last)
            assert it.message.references == ((last[alert.alert_id],) if alert.alert_id in last else ())
            assert alert.last_message is not None
            assert alert.last_message not in last.values()
            last[alert.alert_id] = alert.last_message
            if it.message.state in (State.MERGED, State.CANCELLED):
                final.add(alert.alert_id)


@examples(200)
@given(rule_set=rule_sets(), history=histories())
def test_changed_evidence_is_told(rule_set: list[Rule], history: list[Event]) -> None:
    """Given any log, when an amendment changes the incidents behind an alert's value, then people are told."""
    world, proof = World(*rule_set), dict[str, list[int]]()

    for happen in history:
        before = {number: it for number, it in world.incidents.items() if it.stands}
        told = {it.message.alert.alert_id for it in happen(world)}
        members = world.members()
        for (key, _), (episode, alert) in world.episodes.items():
            rule = world.engine.rules[key[0]]
            now = reference.evidence(rule, members[key], episode.peak_at)
            assert alert is not None
            if rule.updates is not Updates.NONE and amended(world, before, key):
                assert proof.get(alert.alert_id, now) == now or alert.alert_id in told
            proof[alert.alert_id] = now


def amended(world: World, before: dict[int, Incident], key: Key) -> bool:
    """Whether an incident that was a member of a group before stands there no more, or at another instant."""
    rule = world.engine.rules[key[0]]
    made = members_for(rule)
    return any(
        key[1] in world.groups(rule, it)
        and (made is None or made(it))
        and not _stays(world.incidents[number], it.at, world.groups(rule, world.incidents[number]), key[1])
        for number, it in before.items()
    )


def _stays(it: Incident, at: int, groups: Sequence[Group], group: Group) -> bool:
    return it.stands and it.at == at and group in groups


@examples(100)
@given(rule_set=rule_sets(), history=histories())
def test_a_sum_says_its_bounds(rule_set: list[Rule], history: list[Event]) -> None:
    """Given any log, when a sum is told, then each bound is the sum over its evidence, and one of them its value.

    Of an alert that is gone they are what they were before the event. Nothing else has bounds.
    """
    world = World(*[replace(rule, measure=Measure.SUM, of="munitions") for rule in rule_set])

    for happen in history:
        before = dict(world.incidents)
        for it in happen(world):
            gone = it.message.state not in (State.OPEN, State.RESOLVED)
            said = [(before if gone else world.incidents)[number].munitions for number in it.evidence]
            assert it.bounds is not None
            assert it.bounds == (*(sum(map(falling(n), said)) for n in (1, 2, 3)), *(unsaid(said, n) for n in (1, 2)))
            assert getattr(it.bounds, it.rule.bound) == it.message.episode.value


def falling(bounds: int) -> Callable[[HowMany], int]:
    """The last stated one of so many bounds, from the lowest up; nothing, if none is."""
    return lambda it: next((one for one in reversed(it[:bounds]) if one is not None), 0)


def unsaid(those: Sequence[HowMany], place: int) -> int:
    return sum(it[place] is None for it in those)


@examples(100)
@given(rule_set=rule_sets(), history=histories())
def test_what_a_message_says_is_what_is_so(rule_set: list[Rule], history: list[Event]) -> None:
    """Given any log, when something is told, then value, evidence and level now are those of the definition.

    Of an alert that is gone the evidence is what it stood on before the event.
    """
    world = World(*rule_set)

    for happen in history:
        before = world.members()
        told = happen(world)
        after = world.members()
        for it in told:
            key, peak_at = (it.rule.rule_id, it.group), it.message.episode.peak_at
            counted = reference.counted(it.rule, after.get(key, []))
            assert it.value_now == reference.value(it.rule, counted, world.clock)
            if it.message.state in (State.OPEN, State.RESOLVED):
                assert it.evidence == reference.evidence(it.rule, counted, peak_at)
                assert it.rule.measure is not Measure.COUNT or len(it.evidence) == it.message.episode.value
            else:
                assert sorted(it.evidence) == sorted(reference.evidence(it.rule, before[key], peak_at))
