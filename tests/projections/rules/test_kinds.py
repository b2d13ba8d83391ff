"""What is told, row by row of the design's table of kinds; instants are days, a window is 7 of them.

A line reads: kind, severity, state, opened-ended, the topics of severities it goes to, `late`.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from projections.incidents import Incident
from projections.rules.model import Rule
from projections.rules.words import Updates
from tests.projections.rules.world import World, incident, lines

RULE = Rule("r", (2, 3, 5), window=7, by=("site",))
FLAT = replace(
    RULE, levels=(2, 9), severities=("watch", "critical")
)  # no level between: what else changes is told alone
ONE = Rule("one", (1, 2), window=5)  # every incident is an episode of five days


def world(rule: Rule, *ats: int, clock: int | None = None) -> World:
    """A world in which incidents 1, 2, … were told on the days they happened, and then time passed."""
    it = World(rule)
    for number, at in enumerate(ats, 1):
        it.tick(at)
        it.put(incident(number, at))
    if clock is not None:
        it.tick(clock)
    return it


Case = tuple[Rule, Sequence[int], int, Sequence[Incident], int, list[str]]
CASES: dict[str, Case] = {
    # rule; days of incidents 1, 2, …; clock; incidents of the event; clock after it; what is told
    "below the lowest level nothing is told": (RULE, [1], 1, [incident(2, 9)], 9, []),
    "raised: an episode that no alert stands for": (
        RULE,
        [1],
        1,
        [incident(2, 3)],
        3,
        ["raised watch open 3- to watch"],
    ),
    "raised at the highest level it has": (
        RULE,
        [1],
        1,
        [incident(2, 3), incident(3, 3), incident(4, 3), incident(5, 3)],
        3,
        ["raised critical open 3- to critical"],
    ),
    "raised late when it is over already, and resolved at once": (
        RULE,
        [1],
        20,
        [incident(2, 3)],
        20,
        ["raised watch resolved 3-8 late", "resolved watch resolved 3-8 late"],
    ),
    "raised, not late, when it is told late but still open": (
        RULE,
        [1],
        7,
        [incident(2, 3)],
        7,
        ["raised watch open 3- to watch"],
    ),
    "raised for an incident that lies after the clock, when the clock gets there": (
        RULE,
        [1],
        1,
        [incident(2, 3)],
        2,
        [],
    ),
    "escalated: the highest level rose": (
        RULE,
        [1, 3],
        3,
        [incident(3, 4)],
        4,
        ["escalated warning open 3- to warning watch"],
    ),
    "escalated by two levels is one message": (
        RULE,
        [1, 3],
        3,
        [incident(3, 4), incident(4, 4), incident(5, 4)],
        4,
        ["escalated critical open 3- to critical watch"],
    ),
    "resolved: it was open and is over": (RULE, [1, 3], 3, [], 8, ["resolved watch resolved 3-8 to watch"]),
    "resolved by a later incident whose telling moves the clock": (
        RULE,
        [1, 3],
        3,
        [incident(3, 20)],
        20,
        ["resolved watch resolved 3-8 to watch"],
    ),
    "not resolved before keep_firing has passed": (replace(RULE, keep_firing=2), [1, 3], 3, [], 9, []),
    "resolved after keep_firing, ended when it fell": (
        replace(RULE, keep_firing=2),
        [1, 3],
        9,
        [],
        10,
        ["resolved watch resolved 3-8 to watch"],
    ),
    "not resolved above clear_below": (replace(RULE, clear=1), [1, 3], 3, [], 9, []),
    "resolved below clear_below": (
        replace(RULE, clear=1),
        [1, 3],
        9,
        [],
        10,
        ["resolved watch resolved 3-10 to watch"],
    ),
    "escalated and resolved: told when the clock had moved on": (
        RULE,
        [1, 3],
        3,
        [incident(3, 4)],
        20,
        ["escalated warning resolved 3-10 to warning watch", "resolved warning resolved 3-10 to warning watch"],
    ),
    "merged: another alert stands for its episode now": (
        ONE,
        [0, 10],
        30,
        [incident(3, 5)],
        30,
        ["resolved watch merged 10-15", "updated watch resolved 0-15"],
    ),
    "merged: what is open goes on, however short it was": (
        ONE,
        [0, 10],
        11,
        [incident(3, 5)],
        11,
        ["resolved watch merged 0-5", "updated watch open 0- to watch"],
    ),
    "reopened: it was over and is open again": (
        FLAT,
        [1, 3],
        8,
        [incident(3, 5)],
        9,
        ["reopened watch open 3- to watch"],
    ),
    "reopened and escalated, in that order": (
        RULE,
        [1, 3],
        8,
        [incident(3, 5)],
        9,
        ["reopened warning open 3- to warning watch", "escalated warning open 3- to warning watch"],
    ),
    "updated: its opening moved": (FLAT, [3, 4], 4, [incident(3, 2)], 4, ["updated watch open 3- to watch"]),
    "updated: its end moved; over before and after, so it pages no one": (
        FLAT,
        [1, 3],
        20,
        [incident(3, 5)],
        20,
        ["updated watch resolved 3-10"],
    ),
    "updated: a lower severity, told to both": (
        RULE,
        [1, 2, 3],
        3,
        [incident(3, 3)._replace(retracted=True)],
        3,
        ["updated watch open 2- to watch warning"],
    ),
    "cancelled: no episode is left for it": (
        RULE,
        [1, 3],
        3,
        [incident(2, 3)._replace(retracted=True)],
        3,
        ["cancelled watch cancelled 3- to watch"],
    ),
    "cancelled when it was over pages no one": (
        RULE,
        [1, 3],
        20,
        [incident(2, 3)._replace(merged_into="i1")],
        20,
        ["cancelled watch cancelled 3-8"],
    ),
    "cancelled in one group, raised in another": (
        FLAT,
        [1, 3],
        3,
        [incident(1, 1, "south"), incident(2, 3, "south")],
        3,
        ["cancelled watch cancelled 3- to watch", "raised watch open 3- to watch"],
    ),
    "touching is no overlap: gone and new": (
        ONE,
        [0],
        30,
        [incident(1, 5)],
        30,
        ["cancelled watch cancelled 0-5", "raised watch resolved 5-10 late", "resolved watch resolved 5-10 late"],
    ),
    "overlapping by a day is the same alert": (ONE, [0], 30, [incident(1, 4)], 30, ["updated watch resolved 4-9"]),
    "one that both touches an open one and overlaps one that is over goes on in the latter": (
        ONE,
        [0],
        8,
        [incident(1, 3), incident(2, 8)],
        8,
        ["reopened watch open 3- to watch"],
    ),
    "two episodes of one alert: the greatest overlap goes on, the other is new": (
        ONE,
        [0, 4, 9],
        30,
        [incident(2, 2)],
        30,
        ["updated warning resolved 0-7", "raised watch resolved 9-14 late", "resolved watch resolved 9-14 late"],
    ),
    "an incident of longer than the window is left out": (RULE, [1], 1, [incident(2, 3, until=11)], 11, []),
    "an incident as long as the window counts": (
        RULE,
        [1],
        1,
        [incident(2, 3, until=10)],
        7,
        ["raised watch open 3- to watch"],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_told(case: Case) -> None:
    """Given incidents, when one event changes some, then exactly this is told."""
    rule, ats, clock, changed, after, expected = case
    before = world(rule, *ats, clock=clock)

    assert lines(before.put(*changed, clock=after)) == expected


class TestUpdates:
    """What is told when value or evidence changed, and neither opening, end nor severity did."""

    @pytest.mark.parametrize(
        ("updates", "grown", "shrunk", "exchanged"),
        [
            (Updates.NONE, [], [], []),
            (Updates.CORRECTIONS, [], ["updated watch open 2- to watch"], ["updated watch open 2- to watch"]),
            (Updates.ALL, *[["updated watch open 2- to watch"]] * 3),
        ],
        ids=str,
    )
    def test_are_told_as_the_rule_says(
        self, updates: Updates, grown: list[str], shrunk: list[str], exchanged: list[str]
    ) -> None:
        """Given an open alert, when its value grows, shrinks, or other incidents make it, then `updates` decides."""
        it = world(replace(FLAT, updates=updates), 1, 2, 2)

        assert lines(it.put(incident(4, 3), clock=3)) == grown
        assert lines(it.retract(4)) == shrunk
        assert lines(it.put(incident(3, 2)._replace(merged_into="i4"), incident(5, 2))) == exchanged

    def test_that_lower_a_value_which_is_no_peak_are_not_told(self) -> None:
        """Given an open alert, when an incident after its peak is retracted, then nobody is told."""
        it = world(replace(FLAT, clear=1), 1, 2, 2, 8)

        assert lines(it.retract(4, clock=8)) == []


class TestTime:
    """What passing of time tells."""

    def test_raises_when_the_clock_gets_to_an_incident(self) -> None:
        """Given an incident that lies after the clock, when the clock gets there, then the alert is raised."""
        it = world(RULE, 1)
        it.put(incident(2, 3), clock=2)

        assert lines(it.tick(2)) == []
        assert lines(it.tick(3)) == ["raised watch open 3- to watch"]

    def test_tells_an_episode_that_came_and_went_between_two_ticks(self) -> None:
        """Given incidents after the clock, when it jumps past their episode, then that is raised late and resolved."""
        it = world(RULE, 1)
        it.put(incident(2, 3), clock=2)

        assert lines(it.tick(30)) == ["raised watch resolved 3-8 late", "resolved watch resolved 3-8 late"]

    def test_lets_an_open_alert_go_on_in_what_is_open_now(self) -> None:
        """Given an open alert, when its fall and the next rise are learnt at once, then it is open still."""
        it = world(ONE, 0)

        assert lines(it.put(incident(2, 10), clock=10)) == [
            "raised watch resolved 0-5 late",
            "resolved watch resolved 0-5 late",
            "updated watch open 10- to watch",
        ]

    def test_does_not_go_back(self) -> None:
        """Given a resolved alert, when an event with an earlier recorded time comes, then nothing is opened by it."""
        it = world(RULE, 1, 3, clock=8)

        assert lines(it.put(incident(9, 1, "south"), clock=3)) == []
        assert it.clock == 8

    def test_joins_what_rises_again_within_keep_firing(self) -> None:
        """Given keep_firing of two days, when the value rises again two days later, then nothing is resolved."""
        it = world(replace(FLAT, keep_firing=2), 1, 3, clock=8)

        assert lines(it.put(incident(3, 9), clock=9)) == []
        assert lines(it.tick(11)) == []
        assert lines(it.tick(12)) == ["resolved watch resolved 3-10 to watch"]


def test_messages_of_one_event_come_in_order_of_rule_and_group() -> None:
    """Given two rules, when one event touches two groups of both, then the order is the rules', then the groups'."""
    late, early = replace(FLAT, rule_id="b"), replace(FLAT, rule_id="a")
    it = World(late, early)
    it.put(incident(1, 1, "south"), incident(2, 1, "north"), clock=1)

    told = it.put(incident(3, 1, "south"), incident(4, 1, "north"))

    assert [(it.rule.rule_id, *it.group) for it in told] == [
        ("b", "north"),
        ("b", "south"),
        ("a", "north"),
        ("a", "south"),
    ]


def test_an_alert_that_was_cancelled_does_not_come_back() -> None:
    """Given a cancelled alert, when the same incident stands again, then another alert is raised."""
    it = world(RULE, 1, 3)
    (first,) = it.told
    it.put(incident(2, 3)._replace(merged_into="i1"))

    (again,) = it.put(incident(2, 3))

    assert again.message.kind == "raised"
    assert again.message.alert.alert_id != first.message.alert.alert_id
