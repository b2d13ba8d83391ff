"""What a track says an event changed: nothing before it is due, and the evidence too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.model import FOREVER, Episode, Member, Rule
from projections.rules.spells import Spell
from projections.rules.words import Measure
from tests.projections.rules import reference
from tests.projections.rules.histories import Step, examples, rules, standing_after, steps, track_of
from tests.projections.rules.world import World, incident


@examples(200)
@given(rule=rules(), history=steps())
def test_what_is_due_happens_then(rule: Rule, history: list[Step]) -> None:
    """Given any history, when the clock moves to `due`, which lies after it, then an episode changes."""
    track = track_of(rule)
    for place, step in enumerate(history):
        track.begin(step.clock)
        track.exchange(step.old, step.new)
        before, due = track.episodes(), track.due()

        assert due > step.clock
        if due < FOREVER:
            ahead = track_of(rule, step.clock, sorted(standing_after(history[: place + 1]).values()))
            ahead.begin(due)
            assert ahead.episodes() != before


@examples(200)
@given(rule=rules(), history=steps())
def test_changed_evidence_is_a_change(rule: Rule, history: list[Step]) -> None:
    """Given any history, when the incidents behind a value change, then the episode counts as changed."""
    track = track_of(rule)
    proof: dict[object, list[int]] = {}

    for place, step in enumerate(history):
        track.begin(step.clock)
        track.touch(track.exchange(step.old, step.new))
        _, changed = track.changes()
        standing = standing_after(history[: place + 1]).values()
        now = {
            it: reference.evidence(rule, standing, it.peak_at) for it in reference.episodes(rule, standing, step.clock)
        }

        for it, evidence in now.items():
            if proof.get(it, evidence) != evidence:
                assert it in changed
            if it in proof and it in changed and rule.measure is not Measure.SURGE:  # there it may also take from V
                moved = {those.number for those in (step.old, step.new) if those}
                assert moved & {*evidence, *proof[it]}
        proof = dict(now)


@examples(100)
@given(rule=rules(), history=steps(), several=st.integers(2, 4))
def test_one_event_may_exchange_several(rule: Rule, history: list[Step], several: int) -> None:
    """Given events of several exchanges each, when they are applied, then the changes of each turn old into new."""
    track, known = track_of(rule), set()

    for start in range(0, len(history), several):
        event = history[start : start + several]
        track.begin(event[-1].clock)
        for step in event:
            track.exchange(step.old, step.new)
        before, after = track.changes()
        standing = standing_after(history[: start + several]).values()

        assert set(before) <= known
        known = known - set(before) | set(after)
        assert known == set(reference.episodes(rule, standing, event[-1].clock))


@pytest.mark.parametrize("clock", [5, 6], ids=["as it comes", "later"])
def test_one_incident_for_another_at_the_peak_is_a_change(clock: int) -> None:
    """Given an episode, when an incident at its peak gives way to another of the same instant, then it is a change."""
    track = track_of(Rule("r", (2,), ("watch",), window=10), 5, [Member(1, 1), Member(5, 2)])
    (episode,) = track.episodes()

    track.begin(clock)
    track.touch([*track.exchange(Member(5, 2), None), *track.exchange(None, Member(5, 3))])

    assert track.changes() == ([episode], [episode])


def test_an_incident_whose_window_ends_at_the_peak_is_no_evidence_of_it() -> None:
    """Given a peak on day 2, when one of two of day 0 with a window of two days goes, then no episode changed."""
    members = [Member(at, number) for number, at in enumerate((0, 0, 2, 2, 2))]
    track = track_of(Rule("r", (1,), ("watch",), window=2), 2, members)

    track.begin(2)
    track.touch(track.exchange(Member(0, 1), None))

    assert track.changes() == ([], [])
    assert track.episodes() == [Episode(0, None, 3, 2, 1)]


def test_what_lies_after_the_clock_has_not_changed() -> None:
    """Given an incident of day 5 on day 0, when another comes instead of it, then nobody has seen the one it was."""
    track = track_of(Rule("r", (1,), ("watch",), window=2), 0, [Member(5, 1)])

    track.begin(0)
    track.touch([*track.exchange(None, Member(5, 2)), *track.exchange(Member(5, 1), None)])

    assert track.changes() == ([], [])


def test_evidence_is_noted_only_where_somebody_asks_and_a_member_is_another_one() -> None:
    """Given a track, when members come, what moved is said if it is asked for; of one that is as it was, nothing."""
    track = track_of(Rule("r", (2,), ("watch",), window=10), 5)
    track.begin(5)

    assert track.exchange(None, Member(1, 1), noting=False) == []
    assert track.exchange(None, Member(2, 2)) == [Spell(2, 12, 1)]
    assert track.exchange(Member(2, 2), Member(2, 2)) == []


def test_what_happened_before_a_rule_begins_was_never_its_evidence() -> None:
    """Given an alert of a rule with `since`, when it ends with an older incident, then that is not named."""
    world = World(Rule("r", (2,), ("watch",), since=5))
    world.put(incident(1, 3), incident(2, 6), incident(3, 7), clock=8)

    (cancelled,) = world.put(*(world.incidents[number]._replace(retracted=True) for number in (1, 2)), clock=9)

    assert cancelled.evidence == [2, 3]
