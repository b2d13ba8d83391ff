"""What waits changes nothing: a watch says what a track says that took in every member at once."""

from dataclasses import replace

from hypothesis import event as seen
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.model import Member, Rule
from projections.rules.track import Track
from projections.rules.watch import Watch
from tests.projections.rules import reference
from tests.projections.rules.histories import Step, examples, rules, standing_after, steps


def put(watch: Watch, step: Step) -> bool:
    """Do as the engine does; whether the member waits."""
    if step.old is None and step.new is not None and watch.absorb(step.new.at, step.new.number, step.clock):
        return True
    track = watch.track()
    track.begin(step.clock)
    track.exchange(step.old, step.new)
    before, after = track.changes()
    watch.look(track, [(step.old, step.new)] if step.old or step.new else [], moved=bool(before or after))
    return False


@st.composite
def roomy(draw: st.DrawFn) -> Rule:
    """A rule whose levels leave room, and whose window is rather long."""
    rule = draw(rules())
    levels = tuple(level + 3 for level in rule.levels)
    return replace(rule, levels=levels, clear=draw(st.none() | st.just(2)), window=draw(st.integers(3, 12)))


@st.composite
def tides(draw: st.DrawFn) -> list[Step]:
    """A history that begins with many members at once, and goes on below that peak: most come in order, some late."""
    found = [Step(3, None, Member(draw(st.integers(0, 3)), number)) for number in range(draw(st.integers(6, 10)))]
    for number in range(10, 10 + draw(st.integers(5, 30))):
        clock = found[-1].clock + draw(st.integers(0, 2))
        late = draw(st.sampled_from([0, 0, 0, 0, 1, 3, 9, -2]))
        standing = standing_after(found)
        old = draw(st.sampled_from(sorted(standing.values()))) if draw(st.integers(0, 9)) == 0 and standing else None
        found.append(Step(clock, old, None if old else Member(max(clock - late, 0), number)))
    return found


@examples(600)
@given(rule=st.one_of(roomy(), rules()), history=st.one_of(tides(), steps()))
def test_a_member_that_waits_changes_no_episode(rule: Rule, history: list[Step]) -> None:
    """Given any history, when members wait, then the episodes are those of the definition, before and after."""
    watch, standing, before = Watch(rule), dict[int, Member](), []

    for place, step in enumerate(history):
        waits = put(watch, step)
        standing = standing_after(history[: place + 1])
        expected = reference.episodes(rule, standing.values(), step.clock)

        if waits:
            seen("one waits, an episode is open" if expected and expected[-1].ended_at is None else "one waits")
            assert expected == before
        before = expected
    if history:
        assert watch.track().episodes() == before


@examples(300)
@given(rule=st.one_of(roomy(), rules()), history=st.one_of(tides(), steps()), data=st.data())
def test_what_waited_counts_when_it_matters(rule: Rule, history: list[Step], data: st.DataObject) -> None:
    """Given members that wait, when somebody looks, then value, evidence and due are those of a track of all."""
    watch = Watch(rule)
    looked = data.draw(st.sets(st.integers(0, 40)))

    for place, step in enumerate(history):
        put(watch, step)
        if place in looked:
            track, all_at_once = (
                watch.track(),
                Track(rule, step.clock, sorted(standing_after(history[: place + 1]).values())),
            )
            assert track.episodes() == all_at_once.episodes()
            assert track.value(step.clock) == all_at_once.value(step.clock)
            assert track.evidence(step.clock) == all_at_once.evidence(step.clock)
            assert track.due() == all_at_once.due()


def test_a_group_far_below_its_level_is_never_looked_at() -> None:
    """Given a level of ten, when nine members come, then all of them wait; the tenth does not."""
    watch = Watch(Rule("r", (10,), window=5))

    waits = [put(watch, Step(at, None, Member(at, at))) for at in range(10)]

    assert waits == [True] * 9 + [False]
    assert watch.track().value(9) == 5
