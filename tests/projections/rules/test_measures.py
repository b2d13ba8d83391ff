"""What the measures besides the count tell, by examples; that they tell it rightly of anything is in the properties."""

from datetime import UTC, datetime

import pytest

from events.values import micros
from projections.claims import HowMany
from projections.rules import yaml_file
from projections.rules.compiling import compile_rules
from projections.rules.model import Rule
from projections.rules.words import Measure
from tests.projections.rules.world import World, incident, lines


def test_an_alert_of_silence_that_a_late_report_cancels_names_what_it_stood_on() -> None:
    """Given silence since 0, when it becomes known that something happened at 4, then the alert has no ground."""
    world = World(Rule("r", (5,), ("watch",), measure=Measure.SILENCE))
    world.put(incident(1, 0), clock=0)
    raised = world.tick(6)

    cancelled = world.put(incident(2, 4), clock=7)

    assert lines(raised) == ["raised watch open 5- to watch"]
    assert lines(cancelled) == ["cancelled watch cancelled 5- to watch"]
    assert [it.evidence for it in (*raised, *cancelled)] == [[1], [1]]


def test_silence_rises_with_its_levels_and_ends_with_the_next_report() -> None:
    """Given levels of 5 and 9, when nothing happens, then both are reached; what happens at 20 ends it."""
    world = World(Rule("r", (5, 9), ("watch", "critical"), measure=Measure.SILENCE))
    world.put(incident(1, 0), clock=0)

    told = [*world.tick(10), *world.put(incident(2, 20), clock=20)]

    assert lines(told) == ["raised critical open 5- to critical", "resolved critical resolved 5-20 to critical"]


def test_a_surge_is_held_against_the_windows_before_it() -> None:
    """Given one a day for four days, when three come in one day, then that is three times the mean, and 4 * 3 - 4."""
    world = World(Rule("r", (8,), ("warning",), window=1, measure=Measure.SURGE, preceding=4))
    quiet = [told for day in range(4) for told in world.put(incident(day, day), clock=day)]

    told = [it for number in (4, 5, 6) for it in world.put(incident(number, 4), clock=4)]

    assert quiet == []
    assert [(it.message.episode.value, it.evidence) for it in told] == [(8, [4, 5, 6])]


def test_a_sum_adds_what_is_stated_and_nothing_of_what_is_not() -> None:
    """Given reports of two, of none said and of "at least three", when they are summed, then they make five."""
    world = World(Rule("r", (5,), ("watch",), window=10, measure=Measure.SUM, of="munitions"))
    said = [HowMany(2, 2, 2, "exact"), None, HowMany(3, None, None, "at-least")]

    told = [it for at, many in enumerate(said) for it in world.put(incident(at, at, munitions=many), clock=at)]

    assert [(it.message.episode.value, it.evidence) for it in told] == [(5, [0, 2])]


def test_a_value_is_new_once_and_not_while_it_is_learned() -> None:
    """Given values that are learned until 5, when they come again or another one comes, then only that is new."""
    rule = Rule("r", (1,), ("watch",), window=3, measure=Measure.NEW, of="weapon", learn_until=5)
    world = World(rule)
    seen = [(0, "rocket"), (1, "mortar"), (6, "rocket"), (8, "drone"), (9, "drone")]

    told = [it for at, it in enumerate(seen) for it in world.put(incident(at, it[0], weapons=(it[1],)), clock=it[0])]

    assert [(it.message.episode.opened_at, it.evidence) for it in told] == [(8, [3])]


@pytest.mark.parametrize(
    ("window", "new"),
    [
        ("{since: 2023-10-06}", [2, 3, 4]),  # nothing of before is known: what comes again is new
        ("{since: 2023-10-06}\n  learn_until: 2023-10-08", [3, 4]),
        ("{since: 2023-10-06}\n  learn_until: 2023-10-03", [2, 3, 4]),  # there is nothing to be learned
        ("all\n  learn_until: 2023-10-06", [4]),  # all of before is
        ("all", [0, 1, 4]),
    ],
)
def test_what_is_new_since_a_day_is_new_to_that_day(window: str, new: list[int]) -> None:
    """Given values of before and after the day that a rule counts from, then each is new with its first since then."""
    text = f"rules:\n- id: r\n  measure: {{new: weapon}}\n  levels: {{watch: 1}}\n  updates: all\n  window: {window}"
    world = World(*compile_rules(yaml_file.read(text)))
    seen = [(1, "rocket"), (2, "mortar"), (7, "rocket"), (9, "mortar"), (11, "drone"), (12, "rocket"), (12, "drone")]

    for number, (day, weapon) in enumerate(seen):
        at = micros(datetime(2023, 10, day, tzinfo=UTC))
        world.put(incident(number, at, weapons=(weapon,)), clock=at)

    assert world.told[-1].evidence == new


def test_an_incident_of_several_weapons_is_one_incident_of_the_evidence() -> None:
    """Given an attack with two weapons, when weapons are told apart, then it makes two, and stands there once."""
    world = World(Rule("r", (2,), ("watch",), window=3, measure=Measure.DISTINCT, of="weapon"))

    told = world.put(incident(1, 0, weapons=("rocket", "drone", "rocket")), clock=0)

    assert [(it.message.episode.value, it.evidence) for it in told] == [(2, [1])]
