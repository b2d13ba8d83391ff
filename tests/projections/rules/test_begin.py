"""From where on a group is looked at. That nothing of it shows is with the engine: there the slack is two instants."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from projections.loading import Loading
from projections.rules import begin
from projections.rules.begin import WHOLE, Begin, Peak, Plan, from_opening, plan_of, settled
from projections.rules.engine import Engine
from projections.rules.model import FOREVER, Episode, Group, Member, Rule
from tests.projections.rules.world import World, incident, lines

RULE = Rule("r", (2,), ("watch",), window=10, keep_firing=3)
TOUCHED = 1_000
SINCE = 997  # where to begin then


def episode(opened: int, ended: int | None, peak_at: int | None = None) -> Episode:
    return Episode(opened, ended, 2, opened if peak_at is None else peak_at, 1)


@pytest.mark.parametrize(
    ("episodes", "expected"),
    [
        ([], Plan(Begin(SINCE), ((SINCE - 10, FOREVER),))),
        ([episode(SINCE - 20, SINCE - 3)], Plan(Begin(SINCE), ((SINCE - 10, FOREVER),))),
        (
            [episode(SINCE - 20, SINCE - 2)],
            Plan(
                Begin(SINCE, Peak(SINCE - 20, 2, SINCE - 20)),
                ((SINCE - 30, SINCE - 20), (SINCE - 10, FOREVER)),
                SINCE - 2,
            ),
        ),
        (
            [episode(SINCE - 20, None, SINCE - 5)],
            Plan(
                Begin(SINCE, Peak(SINCE - 20, 2, SINCE - 5)),
                ((SINCE - 15, SINCE - 10), (SINCE - 10, FOREVER)),
                TOUCHED,
            ),
        ),
        (
            [episode(SINCE - 20, None, SINCE + 7)],
            Plan(
                Begin(SINCE + 7, Peak(SINCE - 20, 2, SINCE + 7)),
                ((SINCE - 3, FOREVER),),
                TOUCHED,
            ),
        ),
        ([episode(SINCE + 1, None)], Plan(Begin(SINCE), ((SINCE - 10, FOREVER),))),
        ([episode(SINCE, None)], Plan(Begin(SINCE, Peak(SINCE, 2, SINCE)), ((SINCE - 10, FOREVER),), TOUCHED)),
        (
            [episode(SINCE - 50, SINCE - 40), episode(SINCE - 9, None)],
            Plan(
                Begin(SINCE, Peak(SINCE - 9, 2, SINCE - 9)), ((SINCE - 19, SINCE - 10), (SINCE - 10, FOREVER)), TOUCHED
            ),
        ),
    ],
    ids=[
        *("no episode", "one is over", "one may go on", "one is open", "its peak is later", "one opened later"),
        *("one opens there", "one after another"),
    ],
)
def test_a_group_begins_where_nothing_before_it_matters(episodes: list[Episode], expected: Plan) -> None:
    """Given the episodes of a group, when an instant is touched, then it begins some time before, after all peaks."""
    assert plan_of(RULE, episodes, TOUCHED) == expected


def test_a_group_whose_window_never_ends_is_looked_at_whole() -> None:
    """Given a rule that counts everything, then every member ever matters."""
    assert plan_of(Rule("r", (2,)), [], 1_000) == Plan(WHOLE, ((-FOREVER, FOREVER),))


@pytest.mark.parametrize(
    ("instants", "expected"),
    [
        ([1, 18, 24, 26], 24),
        ([1, 18, 29, 40], None),
        ([1, 18, 19, 21], 21),
        ([1, 18, 30, 31], None),
    ],
    ids=["where two are in the window", "nowhere", "after the beginning", "not before what is touched"],
)
def test_in_an_episode_it_begins_where_the_level_is_reached(instants: list[int], expected: int | None) -> None:
    """Given an episode that holds at 20, when 31 is touched, then it begins where V is surely at the lowest level."""
    held = Peak(5, 2, 5)
    members = [Member(at, number) for number, at in enumerate(instants)]

    found = settled(RULE, Plan(Begin(20, held), (), before=31), members)

    assert found == (None if expected is None else Begin(expected, held))


@pytest.mark.parametrize(("since", "expected"), [(23, None), (22, 23), (21, 22)])
def test_what_was_before_a_rule_learned_reaches_no_level(since: int, expected: int | None) -> None:
    """Given a rule that counts from an instant on, then only what is not before it tells where the level is reached."""
    rule = replace(RULE, since=since)

    plan = Plan(Begin(20, Peak(5, 2, 5)), (), before=31)

    found = settled(rule, plan, [Member(21, 1), Member(22, 2), Member(23, 3)])

    assert found == (None if expected is None else Begin(expected, Peak(5, 2, 5)))


def test_it_does_not_begin_in_the_next_episode() -> None:
    """Given an episode that was over at 25, when 31 is touched, then where V is at the level again is another one."""
    members = [Member(at, number) for number, at in enumerate([1, 26, 27])]

    assert settled(RULE, Plan(Begin(20, Peak(5, 2, 5)), (), before=25), members) is None


@pytest.mark.parametrize("slack", [0, 10, 20, 30])
def test_an_episode_that_was_over_does_not_go_on_in_the_next_one(monkeypatch: pytest.MonkeyPatch, slack: int) -> None:
    """Given two episodes, when a report comes after a restart, then it belongs to the second, as if there was none."""
    monkeypatch.setattr(begin, "SLACK", slack)
    told = []
    for restarts in (False, True):
        world = World(Rule("r", (2, 3), window=7))
        for number, at in enumerate([0, 1, 33, 34]):
            world.put(incident(number, at), clock=at)
        if restarts:
            world.restart()
        told.append(lines(world.put(incident(4, 35), clock=35)))
        assert [(it.opened_at, it.value) for it, _ in world.episodes.values()] == [(1, 2), (34, 3)]

    assert told[0] == told[1] == ["escalated warning open 34- to warning watch"]


def test_where_there_is_no_such_instant_the_episode_is_looked_at_from_its_opening() -> None:
    """Given the opening of an episode, then a group begins just before it: nothing reaches into it."""
    assert from_opening(RULE, 50) == Plan(Begin(49), ((39, FOREVER),))


def test_a_group_in_memory_is_asked_for_what_is_not_there_and_no_more() -> None:
    """Given a group that begins at 97, when 95 is touched, then it is looked up until there, and what it has stays.

    The tables may not know yet what events of the same batch did to it.
    """
    engine, key, members = Engine("test", [RULE]), ("r", ()), [Member(100, 1)]
    engine.load(key, members, {}, 100, Begin(97))
    asked: list[object] = []

    def fetch(_timeline: str, _rule: Rule, wanted: Mapping[Group, object]) -> Mapping[Group, list[Member]]:
        asked.append(wanted)
        return {(): [Member(85, 0)]}

    Loading(engine, {}, 100, fetch).load({key: 95})

    assert asked == [{(): [(82, 87)]}]
    watch = engine.watch(key)
    assert watch is not None
    assert watch.members() == [Member(85, 0), *members]
    assert watch.begin == Begin(92)
