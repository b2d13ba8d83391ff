"""Law 3, one half: the evaluator finds the episodes of the definition, event by event."""

import pytest
from hypothesis import event as seen
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.begin import Begin, Peak
from projections.rules.counting import CountTrack
from projections.rules.model import Episode, Member, Rule
from projections.rules.spells import Spell
from projections.rules.track import Track
from tests.projections.rules import reference
from tests.projections.rules.histories import Step, examples, rules, standing_after, steps, track_of


def applied(track: Track, step: Step) -> None:
    track.begin(step.clock)
    track.exchange(step.old, step.new)


@examples(500)
@given(rule=rules(), history=steps())
def test_the_evaluator_finds_what_the_definition_says(rule: Rule, history: list[Step]) -> None:
    """Given any history, when it is applied event by event, then the episodes are those of the definition."""
    track, standing = track_of(rule), dict[int, Member]()

    for place, step in enumerate(history):
        applied(track, step)
        standing = standing_after(history[: place + 1])
        expected = reference.episodes(rule, standing.values(), step.clock)

        assert track.episodes() == expected
        if len(expected) > 1:
            seen("several episodes")
        for it in expected:
            assert track.evidence(it.peak_at).numbers == reference.evidence(rule, standing.values(), it.peak_at)
        assert track.value(step.clock) == reference.value(rule, reference.counted(rule, standing.values()), step.clock)


@examples(150)
@given(rule=rules(), history=steps())
def test_what_changed_is_what_the_evaluator_says_changed(rule: Rule, history: list[Step]) -> None:
    """Given any history, when an event is applied, then `changes` turns the episodes before into those after."""
    track, known = track_of(rule), set()

    for step in history:
        applied(track, step)
        before, after = track.changes()

        assert set(before) <= known
        known = known - set(before) | set(after)
        assert known == set(track.episodes())


@examples(150)
@given(rule=rules(), history=steps(), data=st.data())
def test_a_track_that_was_loaded_goes_on_as_one_that_was_kept(
    rule: Rule, history: list[Step], data: st.DataObject
) -> None:
    """Given any history, when the track is made anew from its members at any place, then nothing differs."""
    kept, loaded = track_of(rule), track_of(rule)
    cut = data.draw(st.integers(0, len(history)))

    for place, step in enumerate(history):
        if place == cut:
            members = sorted(standing_after(history[:place]).values())
            loaded = track_of(rule, history[place - 1].clock if place else 0, members)
        applied(kept, step)
        applied(loaded, step)

        if place >= cut:
            assert loaded.changes() == kept.changes()
            assert loaded.episodes() == kept.episodes()
            assert loaded.due() == kept.due()


@examples(150)
@given(rule=rules(), history=steps(), ahead=st.integers(0, 30))
def test_nothing_happens_before_it_is_due(rule: Rule, history: list[Step], ahead: int) -> None:
    """Given any history, when the clock moves to just before `due`, then no episode changes."""
    track = track_of(rule)
    for step in history:
        applied(track, step)
    before, now = track.episodes(), track.clock

    track.begin(max(now, min(track.due() - 1, now + ahead)))

    assert track.episodes() == before


def test_a_spell_is_half_open() -> None:
    """Given a spell of [1, 3), when instants are asked, then it covers its beginning and not its end."""
    assert [Spell(1, 3, 1).covers(at) for at in range(5)] == [False, True, True, False, False]


def test_one_more_that_lies_just_after_the_clock_is_due_then() -> None:
    """Given an open episode of two on day 2, when a third is of day 3, then it is due on day 3, and counts."""
    track = track_of(Rule("r", (2,), ("watch",), window=9), 2, [Member(at, at) for at in (1, 2, 3)])

    assert track.due() == 3

    track.begin(3)
    assert track.episodes() == [Episode(2, None, 3, 3, 1)]


def test_an_episode_does_not_get_its_peak_from_the_one_before_it() -> None:
    """Given one of three and one of two that lie ahead, when time passes both at once, then each has its own peak."""
    members = [Member(at, number) for number, at in enumerate((5, 5, 5, 9, 9))]
    track = track_of(Rule("r", (2,), ("watch",), window=2), 0, members)

    track.begin(20)

    assert track.episodes() == [Episode(5, 7, 3, 5, 1), Episode(9, 11, 2, 9, 1)]


def test_a_peak_that_is_reached_again_later_stays_where_it_was_first() -> None:
    """Given an open episode that sinks and gets as high again, when it has ended, then its peak is the first one."""
    members = [Member(at, at) for at in (0, 2, 7)]
    track = track_of(Rule("r", (2,), ("watch",), window=6, clear=1), 2, members)

    track.begin(13)

    assert track.episodes() == [Episode(2, 13, 2, 2, 1)]


def test_an_episode_that_opens_before_another_leaves_it_its_peak() -> None:
    """Given an episode as high as one that a late incident opens before it, then the later peak stays where it is."""
    members = [Member(at, number) for number, at in enumerate((0, 0, 7, 7, 8))]
    track = track_of(Rule("r", (3,), ("watch",), window=4, clear=2), 20, members)

    applied(track, Step(20, None, Member(3, 9)))

    assert track.episodes() == [Episode(3, 4, 3, 3, 1), Episode(8, 11, 3, 8, 1)]


@pytest.mark.parametrize("clock", [3, 4], ids=["just over", "over"])
def test_an_end_that_comes_to_lie_after_the_clock_or_before_it_is_a_change(clock: int) -> None:
    """Given an episode that was over, when a late incident makes it last, and goes, then it is open, and over again."""
    track = track_of(Rule("r", (1,), ("watch",), window=3), clock, [Member(0, number) for number in range(9)])
    over, still = Episode(0, 3, 9, 0, 1), Episode(0, None, 9, 0, 1)

    applied(track, Step(clock, None, Member(3, 9)))
    assert track.changes() == ([over], [still])

    applied(track, Step(clock, Member(3, 9), None))
    assert track.changes() == ([still], [over])


def test_an_episode_that_is_as_it_was_has_not_changed() -> None:
    """Given an episode that is over, when another begins, or one more does not move its peak, then it is as it was."""
    members = [Member(at, number) for number, at in enumerate((0, 0, 0, 5, 6, 20))]
    track = track_of(Rule("r", (1,), ("watch",), window=5), 19, members)

    applied(track, Step(20))
    assert track.changes() == ([], [Episode(20, None, 1, 20, 1)])

    applied(track, Step(20, None, Member(6, 9)))
    assert track.changes() == ([], [])


def test_an_episode_that_breaks_in_two_keeps_no_peak_of_the_later_one() -> None:
    """Given an episode with its peak near the end, when an early incident goes, then each half has its own peak."""
    members = [Member(at, number) for number, at in enumerate((0, 1, 3, 3, 3))]
    track = track_of(Rule("r", (1,), ("watch",), window=2), 9, members)

    applied(track, Step(9, Member(1, 1), None))

    assert track.episodes() == [Episode(0, 2, 1, 0, 1), Episode(3, 5, 3, 3, 1)]


def test_an_episode_that_held_at_the_beginning_has_its_peak_from_before_and_no_other_has() -> None:
    """Given a group that begins at day 20, when its episode ends and another comes, then each has its own peak."""
    held = Peak(5, 4, 6)
    track = CountTrack(Rule("r", (2,), ("watch",), window=10), 21, [Member(at, at) for at in (15, 18)], Begin(20, held))
    assert track.episodes() == [Episode(5, None, 4, 6, 1)]

    for at in (40, 41):
        applied(track, Step(30, None, Member(at, at)))
    applied(track, Step(60))

    assert track.episodes() == [Episode(5, 25, 4, 6, 1), Episode(41, 50, 2, 41, 1)]


def test_what_lies_just_after_the_clock_is_in_no_peak_yet() -> None:
    """Given an episode that lasts up to day 2, when two of that day are known on day 1, then its peak is as it was."""
    track = track_of(Rule("r", (1,), ("watch",), window=2), 1, [Member(0, 0)])

    for number in (1, 2):
        applied(track, Step(1, None, Member(2, number)))

    assert track.episodes() == [Episode(0, None, 1, 0, 1)]


def test_one_more_in_an_episode_may_raise_another_after_it() -> None:
    """Given an episode and one incident after it, when a late one lies in both windows, then there are two episodes."""
    members = [Member(at, number) for number, at in enumerate((0, 0, 5))]
    track = track_of(Rule("r", (2,), ("watch",), window=4), 20, members)

    applied(track, Step(20, None, Member(3, 9)))

    assert track.episodes() == [Episode(0, 4, 3, 3, 1), Episode(5, 7, 2, 5, 1)]


def test_what_a_late_incident_begins_lasts_until_it_is_clear_though_its_window_is_over() -> None:
    """Given one incident, when a late one makes two, then the episode lasts as long as the first one counts."""
    track = track_of(Rule("r", (2,), ("watch",), window=4, clear=1), 20, [Member(3, 0)])

    applied(track, Step(20, None, Member(0, 1)))

    assert track.episodes() == [Episode(3, 7, 2, 3, 1)]
