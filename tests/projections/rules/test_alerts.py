"""What is told of several episodes at once, where it is no more than an instant that decides; instants are numbers."""

from itertools import pairwise
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.alerts import ALERTS, Alert, Cause, Message, Standing, named, tell
from projections.rules.model import Episode, Rule
from projections.rules.words import Kind, Reason, State

CAUSE = Cause(Rule("r", (2, 3)), "test", (), "event", 50, Reason.EVIDENCE)
FIRST, SECOND = (Alert(f"00000000-0000-5000-8000-00000000000{it}", 1, messages=1) for it in (1, 2))


def episode(opened: int, ended: int | None, value: int = 2, level: int = 1) -> Episode:
    return Episode(opened, ended, value, opened, level)


def test_an_alert_that_shares_one_instant_with_another_is_merged_into_it() -> None:
    """Given two episodes, when one takes the place of both and has one instant of the first, then that is merged."""
    standing: dict[int, Alert | None] = {1: FIRST, 5: SECOND}

    told = tell(CAUSE, standing, [episode(1, 4), episode(5, 9)], [episode(3, 20)])

    assert (told[0].alert.alert_id, told[0].state) == (FIRST.alert_id, State.MERGED)
    assert told[0].merged_into == SECOND.alert_id


def test_the_second_of_two_episodes_is_told_when_the_first_stays() -> None:
    """Given two episodes, when only the second changes, then it is told all the same."""
    standing: dict[int, Alert | None] = {1: FIRST, 10: SECOND}
    before, after = ([episode(1, 4), episode(10, None, value, value - 1)] for value in (2, 3))

    told = tell(CAUSE, standing, before, after)

    assert [(it.kind, it.alert.alert_id) for it in told] == [(Kind.ESCALATED, SECOND.alert_id)]


def test_an_alert_goes_on_with_one_instant_that_is_left_of_it() -> None:
    """Given two episodes, when all that is left is one instant of the first, and more, then the first alert goes on."""
    standing: Standing = {1: FIRST, 10: SECOND}

    gone, goes_on = tell(CAUSE, standing, [episode(1, 4), episode(10, 12)], [episode(3, 6)])

    assert (gone.alert.alert_id, gone.state) == (SECOND.alert_id, State.CANCELLED)
    assert (goes_on.alert.alert_id, goes_on.state) == (FIRST.alert_id, State.RESOLVED)


@pytest.mark.parametrize(("ended", "heir"), [(10, FIRST), (11, SECOND)], ids=["the earlier of two", "the greater part"])
def test_an_alert_between_two_others_is_merged_into_one_of_them(ended: int, heir: Alert) -> None:
    """Given three episodes, when the first and the last share what the middle one was, then one of them is its heir."""
    middle = Alert("00000000-0000-5000-8000-000000000003", 1, messages=1)
    standing: Standing = {0: FIRST, 5: middle, 12: SECOND}
    before = [episode(0, 5), episode(5, ended), episode(12, 20)]

    merged, *_ = tell(CAUSE, standing, before, [episode(0, 7), episode(8, 20)])

    assert (merged.alert.alert_id, merged.state) == (middle.alert_id, State.MERGED)
    assert merged.merged_into == heir.alert_id


def test_an_alert_is_merged_into_one_that_nobody_was_told_of() -> None:
    """Given an untold episode, when it takes the place of an alert, then that names what it would be called."""
    standing: Standing = {0: None, 5: FIRST}

    [merged] = tell(CAUSE, standing, [episode(0, 5), episode(5, 8)], [episode(0, 8)])

    assert merged.merged_into == str(uuid5(UUID(ALERTS), "test\x1fr\x1fevent\x1f0"))
    assert standing == {0: None}


@given(space=st.uuids(), name=st.text())
def test_ids_are_uuids_of_names_as_everybody_makes_them(space: UUID, name: str) -> None:
    """Given a namespace and a name, then our UUID is that of the standard library."""
    assert named(str(space), name) == str(uuid5(space, name))


def lived() -> list[Message]:
    """The messages of an alert that is raised, escalated and resolved."""
    standing: Standing = {}
    course = [[], [episode(1, None)], [episode(1, None, 3, 2)], [episode(1, 9, 3, 2)]]
    return [it for before, after in pairwise(course) for it in tell(CAUSE, standing, before, after)]


def test_the_id_of_an_alert_says_what_raised_it() -> None:
    """Given an alert, then its id is the UUID of timeline, rule, group, event and opening."""
    [alert_id] = {it.alert.alert_id for it in lived()}

    assert alert_id == str(uuid5(UUID(ALERTS), "test\x1fr\x1fevent\x1f1"))


def test_messages_of_an_alert_are_numbered_and_each_amends_the_one_before() -> None:
    """Given an alert, then the id of a message is the UUID of its number, from 0, and it refers to the one before."""
    raised, escalated, resolved = told = lived()
    ids = [str(uuid5(UUID(raised.alert.alert_id), str(number))) for number in range(3)]

    assert [it.kind for it in told] == [Kind.RAISED, Kind.ESCALATED, Kind.RESOLVED]
    assert [it.alert.last_message for it in told] == ids
    assert (raised.references, escalated.references, resolved.references) == ((), (ids[0],), (ids[1],))
    assert FIRST.last_message == str(uuid5(UUID(FIRST.alert_id), "0"))
    assert Alert(FIRST.alert_id, 1).last_message is None
