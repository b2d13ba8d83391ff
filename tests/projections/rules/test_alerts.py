"""What is told of several episodes at once, where it is no more than an instant that decides; instants are numbers."""

from projections.rules.alerts import Alert, Cause, tell
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
