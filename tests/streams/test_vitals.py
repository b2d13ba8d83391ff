"""Which missing signs of life are faults, and of what."""

import pytest

from projections.store.outbox import Standing
from streams.worker.vitals import Vitals


class Clock:
    """Monotonic seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vitals(clock: Clock) -> Vitals:
    """Those of a worker that does its work: one partition, all of it applied."""
    well = Vitals(clock=clock)
    well.broker_reached()
    well.assigned()
    well.opened(0, 7)
    well.heard(0, 7, ago=0.0)
    return well


def alive(vitals: Vitals) -> None:
    """Leave every sign but those of partitions."""
    vitals.loop_turned()
    vitals.broker_reached()


def test_a_worker_that_does_its_work_is_alive_and_ready(vitals: Vitals) -> None:
    """Given every sign, when judged, then there is no fault."""
    assert vitals.not_alive() == vitals.not_ready() == []


def test_a_loop_that_does_not_turn_is_neither_alive_nor_ready(vitals: Vitals, clock: Clock) -> None:
    """Given no turn of the loop for longer than it may take, then that is the fault; just as long is none."""
    clock.now += vitals.patience.loop
    assert vitals.not_alive() == []

    clock.now += 1
    assert vitals.not_alive() == ["the event loop: expected a turn within 10 s, found none for 11 s"]
    assert vitals.not_alive()[0] in vitals.not_ready()


def test_a_question_that_the_files_thread_does_not_answer_is_a_fault(vitals: Vitals, clock: Clock) -> None:
    """Given a question to the files' thread, when no answer comes, then it is wedged; when one comes, it is not."""
    vitals.files_asked()
    clock.now += 61
    alive(vitals)
    assert vitals.not_alive() == ["the files' thread: expected an answer within 60 s, found none for 61 s"]

    vitals.files_answered()
    assert vitals.not_alive() == []


def test_a_worker_without_a_broker_lives_but_is_not_ready(vitals: Vitals, clock: Clock) -> None:
    """Given a broker that is away, then killing the worker would help nobody, but it does not do its work."""
    clock.now += 16
    vitals.loop_turned()

    assert vitals.not_alive() == []
    assert vitals.not_ready() == ["the broker: expected an answer within 15 s, found none for 16 s"]


def test_a_worker_that_just_started_is_not_ready(clock: Clock) -> None:
    """Given a worker that has heard of nobody, then it lives and says what it waits for."""
    vitals = Vitals(clock=clock)

    assert vitals.not_alive() == []
    assert vitals.not_ready() == [
        "the broker: expected an answer, found none since the start",
        "partitions: expected the group's word on them, found none yet",
    ]


def test_a_spare_worker_is_ready(clock: Clock) -> None:
    """Given more workers than partitions, when the group gave this one none, then it is well."""
    vitals = Vitals(clock=clock)
    vitals.broker_reached()
    vitals.assigned()

    assert vitals.not_ready() == []


def test_a_lag_that_nobody_measured_lately_is_a_fault(vitals: Vitals, clock: Clock) -> None:
    """Given a log whose end was heard of too long ago, then readiness says of which partition."""
    clock.now += 31
    alive(vitals)

    assert vitals.not_ready() == ["partition 0: expected the end of its log within 30 s, found none"]


def test_a_lag_is_a_fault_only_when_nothing_moves(vitals: Vitals, clock: Clock) -> None:
    """Given records to apply, when some are applied, then all is well; when none is for a minute, then it is stuck."""
    vitals.heard(0, 1000, ago=0.0)
    for checkpoint in (10, 20, 30):
        clock.now += 50
        vitals.applied(0, checkpoint)
        vitals.heard(0, 1000, ago=0.0)
        alive(vitals)
        assert vitals.not_ready() == []

    clock.now += 61
    vitals.heard(0, 1000, ago=0.0)
    alive(vitals)

    assert vitals.not_ready() == [
        "partition 0: expected to catch up, found 970 records to apply and none applied for 61 s"
    ]


def test_what_was_given_away_is_no_fault(vitals: Vitals, clock: Clock) -> None:
    """Given a stuck partition, when it is given away, then it is another's; a late word about it changes nothing."""
    vitals.heard(0, 1000, ago=0.0)
    clock.now += 100
    alive(vitals)
    vitals.heard(0, 1000, ago=0.0)
    assert vitals.not_ready()

    vitals.released([0])
    vitals.stands(0, Standing(3, {"watch": 1}), published=None)

    assert vitals.not_ready() == []
    assert vitals.held == {}


def test_another_life_begins_without_the_last_ones_signs(vitals: Vitals, clock: Clock) -> None:
    """Given a question that the ended app left open, when another begins, then nobody waits for its answer."""
    vitals.files_asked()
    vitals.begin_anew()
    clock.now += 100
    alive(vitals)

    assert vitals.not_alive() == []
    assert vitals.not_ready() == ["partitions: expected the group's word on them, found none yet"]
