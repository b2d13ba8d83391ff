"""Law 3, one half: the evaluator finds the episodes of the definition, event by event."""

from hypothesis import event as seen
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.model import Member, Rule
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
