"""Which groups an engine has in memory, and how far back. That nothing of it shows is in the properties."""

from collections.abc import Sequence

import pytest

from projections.rules.engine import Engine
from projections.rules.model import FOREVER, Episode, Rule
from projections.rules.outcome import Key
from tests.projections.rules.world import World, incident, lines

RULE = Rule("r", (3,), ("watch",), window=10)
FAR = 999  # the number of an incident, greater than any instant


def restarted(*ats: int) -> World:
    """A world that was restarted after these incidents, and looks at days after 87 since one came on day 104."""
    world = World(RULE)
    for number, at in enumerate(ats):
        world.put(incident(number, at), clock=100)
    world.restart()
    world.put(incident(50, 104), clock=104)
    watch = world.engine.watch(("r", ()))
    assert watch is not None
    assert (watch.begin.at, watch.known_after) == (97, 87)
    return world


def episodes(world: World) -> list[Episode]:
    return [it for it, _ in world.episodes.values()]


@pytest.mark.parametrize(
    ("ats", "late", "expected"),
    [((86, 87, 100), 90, (90, 96)), ((87, 88, 89), 97, (89, 98))],
    ids=["before the beginning", "where it begins an episode ended"],
)
def test_what_is_told_late_is_counted_with_what_was_not_in_memory(
    ats: Sequence[int], late: int, expected: tuple[int, int]
) -> None:
    """Given a group of which the last days are in memory, when one comes from before them, then all there counts."""
    world = restarted(*ats)

    world.put(incident(FAR, late), clock=104)

    assert [(it.opened_at, it.ended_at, it.value) for it in episodes(world)] == [(*expected, 3)]


@pytest.mark.parametrize("order", [(90, 103), (103, 90)], ids=["the late one first", "the late one last"])
def test_the_earliest_event_of_a_batch_says_how_far_back_a_group_is_looked_at(order: Sequence[int]) -> None:
    """Given a group of which the last days are in memory, when a batch brings an old and a new one, then both count."""
    world = restarted(86, 87)

    world.put_together([([incident(FAR + at, at)], 104) for at in order])

    assert [(it.opened_at, it.ended_at, it.value) for it in episodes(world)] == [(90, 96, 3)]


def test_what_is_in_memory_is_not_loaded_again() -> None:
    """Given a group of which the last days are in memory, when one comes within them, then nothing more is wanted."""
    world = restarted(86, 87)
    watch = world.engine.watch(("r", ()))

    world.put(incident(FAR, 98), clock=104)

    assert world.engine.watch(("r", ())) is watch


def test_groups_that_were_loaded_longest_ago_are_forgotten() -> None:
    """Given three groups in memory, when some may stay, then as many as are more go, the oldest first."""
    world = World(Rule("r", (3,), ("watch",), window=10, by=("site",)))
    for number, site in enumerate("ABC"):
        world.put(incident(number, 0, site))

    assert [world.engine.forget(kept) for kept in (9, 3, 2)] == [[], [], [("r", ("A",))]]
    assert [world.engine.watch(("r", (site,))) is None for site in "ABC"] == [True, False, False]


def test_after_a_restart_time_reaches_the_groups_that_are_due_and_no_other() -> None:
    """Given the reminders of many groups, when time has come to some, then they are wanted; in any order of them."""
    rule, days = Rule("r", (1,), by=("site",)), [9, 3, 12, 1, 7, 5, 2, 8, 4, 11, 6, 10, 14, 13, 15]
    due: list[tuple[Key, int]] = [(("r", (f"{at}",)), at) for at in days]

    for clock in range(17):
        wanted = Engine("test", [rule], due).wanted({}, clock)

        assert wanted == {key: FOREVER for key, at in due if at <= clock}


def test_what_never_ends_is_never_due() -> None:
    """Given no group, or one that holds for ever, when it is asked what time changes next, then that is nothing."""
    world = World(Rule("r", (1,), ("watch",)))
    assert world.engine.next_due() is None

    assert lines(world.put(incident(1, 0), clock=1)) == ["raised watch open 0- to watch"]

    assert world.engine.next_due() is None
    assert world.reminders == {}
