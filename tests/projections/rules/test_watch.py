"""What waits changes nothing: a watch says what a track says that took in every member at once."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import product

import pytest
from hypothesis import event as seen
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.model import FOREVER, Episode, Member, Rule
from projections.rules.watch import Watch
from projections.rules.words import Measure, Updates
from tests.projections.rules import reference
from tests.projections.rules.histories import Step, examples, rules, standing_after, steps, track_of
from tests.projections.rules.world import World, incident, lines

PLAIN = (Measure.COUNT, Measure.SURGE, Measure.SILENCE)  # of a member only the instant matters


class Group:
    """A watch, and when time alone can change it, as the engine knows."""

    def __init__(self, rule: Rule) -> None:
        self.watch, self.due, self.grown = Watch(rule, -FOREVER), FOREVER, 0

    def _passes(self, clock: int) -> bool:
        """Whether nobody has to look when time passes."""
        if clock >= self.due and (later := self.watch.put_off(clock)) is not None:
            assert later > clock
            self.due = later
        return clock < self.due

    def put(self, step: Step) -> tuple[list[Episode], list[Episode]] | None:
        """The episodes that changed, before and after; None if nobody had to look."""
        exchanges = [(step.old, step.new)] if step.old or step.new else []
        plain = self.watch.rule.measure in PLAIN and step.new is not None and step.old is None
        touch = (0, step.new.at, step.new.number, ()) if step.new and plain else (0, 0, 0, exchanges)
        if step.clock < self.due and exchanges:
            if self.watch.absorb([touch], 0, 1, [step.clock]):
                return None
            if grown := self.watch.grow(exchanges, step.clock):
                self.grown += 1
                return grown
        if not exchanges and self._passes(step.clock):
            return None
        track = self.watch.track()
        track.begin(step.clock)
        for old, new in exchanges:
            track.exchange(old, new)
        self.watch.clock, self.due = step.clock, track.due()
        return track.changes()


@st.composite
def roomy(draw: st.DrawFn) -> Rule:
    """A rule whose levels leave room, and whose window is rather long."""
    rule = draw(rules([it for it in Measure if it is not Measure.SILENCE]))
    levels = tuple(level + 3 for level in rule.levels)
    return replace(rule, levels=levels, clear=draw(st.none() | st.just(2)), window=draw(st.integers(3, 12)))


@st.composite
def tides(draw: st.DrawFn) -> list[Step]:
    """A history that begins with many members at once, and goes on below that peak: most come in order, some late."""
    said = st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 3))
    first = range(draw(st.integers(6, 10)))
    found = [Step(3, None, Member(draw(st.integers(0, 3)), number, *draw(said))) for number in first]
    for number in range(10, 10 + draw(st.integers(5, 30))):
        clock = found[-1].clock + draw(st.integers(0, 2))
        late = draw(st.sampled_from([0, 0, 0, 0, 1, 3, 9, -2]))
        standing = standing_after(found)
        old = draw(st.sampled_from(sorted(standing.values()))) if draw(st.integers(0, 9)) == 0 and standing else None
        found.append(Step(clock, old, None if old else Member(max(clock - late, 0), number, *draw(said))))
    return found


@examples(600)
@given(rule=st.one_of(roomy(), rules()), history=st.one_of(tides(), steps()))
def test_what_nobody_looks_at_changes_no_episode(rule: Rule, history: list[Step]) -> None:
    """Given any history, when members are absorbed, then the episodes are those of the definition, before and after."""
    group, before = Group(rule), list[Episode]()

    for place, step in enumerate(history):
        changed = group.put(step)
        standing = standing_after(history[: place + 1])
        now = reference.episodes(rule, standing.values(), step.clock)

        if changed is None:
            what = ("ticks", "comes", "goes", "moves")[bool(step.new) + 2 * bool(step.old)]
            seen(f"one {what}, an episode is open" if now and now[-1].ended_at is None else f"one {what}")
        old, new = changed or ([], [])
        assert set(old) <= set(before)
        assert set(before) - set(old) | set(new) == set(now)
        before = now
    assert group.watch.track().episodes() == before
    seen(f"the peak of an open episode moved {min(group.grown, 3)} times")


@examples(300)
@given(rule=st.one_of(roomy(), rules()), history=st.one_of(tides(), steps()), data=st.data())
def test_what_was_absorbed_counts_when_it_matters(rule: Rule, history: list[Step], data: st.DataObject) -> None:
    """Given members that were absorbed, when somebody looks, then all is as in a track that took them in at once."""
    group = Group(rule)
    looked = data.draw(st.sets(st.integers(0, 40)))

    for place, step in enumerate(history):
        group.put(step)
        if place in looked:
            track = group.watch.track()
            at_once = track_of(rule, step.clock, sorted(standing_after(history[: place + 1]).values()))
            assert track.episodes() == at_once.episodes()
            assert track.value(step.clock) == at_once.value(step.clock)
            assert track.evidence(step.clock) == at_once.evidence(step.clock)
            assert track.due() == at_once.due()


def test_a_group_below_its_level_is_never_looked_at() -> None:
    """Given a level of ten, when nine come, one moves and one goes, then there is no track; later there is."""
    group = Group(Rule("r", (10,), window=5))

    changed = [group.put(Step(at, None, Member(at, at))) for at in range(9)]
    changed += [group.put(Step(9, Member(3, 3), Member(4, 3))), group.put(Step(9, Member(5, 5), None))]
    assert changed == [None] * 11
    assert group.watch.asleep

    assert [group.put(Step(at, None, Member(at, at))) for at in (9, 10, 11)] == [None] * 3
    assert not group.watch.asleep
    assert group.watch.track().value(11) == 5


def test_a_group_below_its_level_is_loaded_as_what_waits() -> None:
    """Given a level of three, when two members are loaded, then there is no track; of three there is."""
    members = [Member(at, 9 - at) for at in range(3)]

    few, enough = (Watch(Rule("r", (3,), window=5), 2, members[:many]) for many in (2, 3))

    assert (few.asleep, enough.asleep) == (True, False)
    assert few.members() == members[:2]


@pytest.mark.parametrize(("at", "clock"), [(3, 3), (3, 4), (4, 4)])
def test_one_more_in_an_open_episode_moves_its_peak_and_no_more(at: int, clock: int) -> None:
    """Given an open episode of two on day 3, when a third comes while it lasts, then only its peak is looked for."""
    rule = Rule("r", (2, 3), ("watch", "critical"), window=5, keep_firing=2)
    group = Group(rule)
    group.put(Step(0, None, Member(0, 0)))
    group.put(Step(3, None, Member(3, 1)))

    changed = group.put(Step(clock, None, Member(at, 2)))

    assert changed == ([Episode(3, None, 2, 3, 1)], [Episode(3, None, 3, at, 3)])
    assert group.grown == 1


def test_one_more_just_where_an_episode_will_open_counts_when_it_does() -> None:
    """Given two of one instant after the clock, when a third comes there, then the episode opens with three."""
    group = Group(Rule("r", (2,), ("watch",), window=3))
    for number in range(3):
        group.put(Step(3, None, Member(5, number)))

    assert group.put(Step(5)) == ([], [Episode(5, None, 3, 5, 1)])


def test_one_that_moves_within_an_open_episode_is_not_one_more() -> None:
    """Given an open episode of three, when one of them was a day later, then they are still three."""
    group = Group(Rule("r", (2,), ("watch",), window=5))
    for at in (0, 1, 2):
        group.put(Step(2, None, Member(at, at)))

    assert group.put(Step(3, Member(2, 2), Member(3, 2))) == ([Episode(1, None, 3, 2, 1)], [Episode(1, None, 3, 3, 1)])
    assert group.watch.track().all() == [Member(0, 0), Member(1, 1), Member(3, 2)]


def test_one_more_does_not_count_where_its_window_ends() -> None:
    """Given a peak on day 4, when one more comes on day 1, three days before, then that is reached on day 3 already."""
    group = Group(Rule("r", (2,), ("watch",), window=3))
    for number, at in enumerate((1, 1, 3, 4, 4, 4)):
        group.put(Step(at, None, Member(at, number)))
    before = group.grown

    changed = group.put(Step(4, None, Member(1, 6)))

    assert changed == ([Episode(1, None, 4, 4, 1)], [Episode(1, None, 4, 3, 1)])
    assert group.grown == before + 1


def test_in_a_crowd_the_peak_is_found_all_the_same() -> None:
    """Given an episode of very many members, when a late one comes among them, then the peak is where it is by V."""
    rule = Rule("r", (2,), ("watch",), window=400)
    group, told = Group(rule), [Member(at, at) for at in range(300)]
    for it in told:
        group.put(Step(it.at, None, it))

    changed = group.put(Step(299, None, Member(150, 300)))

    assert changed == ([Episode(1, None, 300, 299, 1)], [Episode(1, None, 301, 299, 1)])


def test_what_is_in_no_episode_may_move_and_go_without_notice() -> None:
    """Given two far apart, when one moves, goes and comes back, then nobody looks; what it makes at last counts."""
    group = Group(Rule("r", (2,), window=5))
    group.put(Step(20, None, Member(0, 0)))
    group.put(Step(20, None, Member(20, 1)))

    moved = [group.put(Step(20, Member(20, 1), Member(10, 1))), group.put(Step(20, Member(10, 1), None))]
    back = group.watch.absorb([(0, 0, 0, [(None, Member(9, 1))])], 0, 1, [20])

    assert moved == [None, None]
    assert back == 1
    assert group.put(Step(20, None, Member(4, 2))) == ([], [Episode(4, 5, 2, 4, 1)])
    assert group.put(Step(20, None, Member(8, 3))) == ([], [Episode(8, 13, 2, 8, 1)])


def test_what_happened_before_a_rule_counts_is_never_looked_at() -> None:
    """Given a rule since day 5, when members come, move and go before that, then nobody looks."""
    group = Group(Rule("r", (1,), since=5, window=3))
    group.put(Step(9, None, Member(5, 0)))

    changed = [
        *(group.put(Step(9, None, Member(at, at))) for at in (3, 4)),
        group.put(Step(9, Member(4, 4), Member(2, 4))),
        group.put(Step(9, Member(3, 3), None)),
    ]

    assert changed == [None] * 4
    assert group.watch.track().episodes() == [Episode(5, 8, 1, 5, 1)]


def test_what_waits_counts_from_the_very_instant_of_the_rule_on() -> None:
    """Given a rule since day 5, when one that waits moves before it, back, and goes, then that is so each time."""
    group, first, moved = Group(Rule("r", (2,), since=5, window=3)), Member(5, 0), Member(4, 0)
    group.put(Step(9, None, first))

    for old, new, there in ((first, moved, []), (moved, first, [first]), (first, None, [])):
        assert group.put(Step(9, old, new)) is None
        assert group.watch.asleep
        assert group.watch.members() == there


@pytest.mark.parametrize("measure", [Measure.COUNT, Measure.SURGE])
def test_what_is_taken_in_is_as_of_the_last_event_that_was(measure: Measure) -> None:
    """Given events at three clocks, when two of them are taken in, then the group stands at the second's clock."""
    watch = Watch(Rule("r", (9,), window=3, measure=measure), 0)
    touches = [(place, 1, place, ()) for place in range(3)]

    assert watch.absorb(touches, 0, 2, [11, 12, 13]) == 2
    assert watch.clock == 12


@pytest.mark.parametrize("level", [1, 9])
@pytest.mark.parametrize("measure", PLAIN)
def test_what_is_loaded_counts_from_the_very_instant_of_the_rule_on(measure: Measure, level: int) -> None:
    """Given a rule since day 5, when members of days 4 to 6 are loaded, then those of day 5 on are there."""
    rule = Rule("r", (level,), since=5, window=3, measure=measure)

    loaded = Watch(rule, 9, [Member(day, day) for day in (4, 5, 6)])

    assert loaded.members() == [Member(5, 5), Member(6, 6)]


def test_what_was_before_a_rule_counts_may_go_from_a_group_that_was_loaded() -> None:
    """Given a rule since day 1, when its group is loaded anew, then what is retracted from before is no member."""
    world = World(Rule("r", (1,), ("watch",), since=1, window=1))
    world.put(incident(0, 0), incident(1, 0), clock=3)
    world.put(incident(2, 3), clock=3)
    world.engine.forget(0)
    world.retract(2)

    assert lines(world.retract(0)) == []
    assert lines(world.put(incident(3, 4), clock=4)) == ["raised watch open 4- to watch"]


@pytest.mark.parametrize("keep", [6, 12])
def test_an_end_that_moves_while_it_keeps_firing_is_due_later(keep: int) -> None:
    """Given an episode that fell and keeps firing, when it goes on, then it is over so much later."""
    group = Group(Rule("r", (2,), ("watch",), window=5, clear=1, keep_firing=keep))
    group.put(Step(0, None, Member(0, 0)))
    group.put(Step(0, None, Member(0, 1)))
    group.put(Step(5))
    assert group.watch.track().due() == 5 + keep

    assert group.put(Step(5, None, Member(5, 2))) is None
    assert group.watch.track().due() == 10 + keep


def test_two_incidents_of_one_event_may_be_of_two_groups() -> None:
    """Given an event that brings an incident to each of two sites, then each group is told of its own."""
    world = World(Rule("r", (2,), ("watch",), window=5, by=("site",)))
    world.put(incident(1, 0), incident(2, 0, "south"), clock=0)
    world.put(incident(3, 9), incident(4, 9, "south"), clock=9)

    told = world.put(incident(5, 9), incident(6, 8, "south"), clock=9)

    assert [(it.group, it.evidence) for it in told] == [(("north",), [3, 5]), (("south",), [6, 4])]


def test_an_end_that_is_joined_to_what_came_later_moves() -> None:
    """Given an incident after an episode's fall, when a late one joins the two, then the episode goes on."""
    world = World(Rule("r", (2,), ("watch",), window=5, keep_firing=4))
    world.put(*(incident(number, number // 3 * 2) for number in range(5)), clock=2)
    world.put(incident(5, 8), clock=8)
    world.put(incident(6, 6), clock=9)

    assert lines(world.tick(12)) == []
    assert lines(world.tick(15)) == ["resolved watch resolved 0-11 to watch"]


def test_an_end_that_moved_is_not_forgotten_when_the_old_one_comes() -> None:
    """Given an episode whose end moved, when a member comes just at the old end, then the new end is told in time."""
    world = World(Rule("r", (9,), ("watch",), window=10, clear=1))
    world.put(*(incident(number, 0) for number in range(5)), clock=0)
    world.put(*(incident(number, 4) for number in range(5, 9)), clock=4)
    world.put(incident(9, 12), clock=12)
    world.put(incident(10, 13), clock=13)

    assert lines(world.put(incident(11, 14), clock=14)) == []
    assert lines(world.tick(30)) == ["resolved watch resolved 4-24 to watch"]


def test_an_incident_of_a_known_value_and_a_new_one_counts_as_both() -> None:
    """Given two values where three are too many, when one incident has one of them and another, then that is told."""
    world = World(Rule("r", (3,), ("watch",), window=5, measure=Measure.DISTINCT, of="weapon"))
    world.put(incident(1, 0, weapons=("drone",)), incident(2, 0, weapons=("rocket",)), clock=0)

    assert lines(world.put(incident(3, 1, weapons=("drone", "mortar")), clock=1)) == [
        "raised watch open 1- to watch",
    ]


@pytest.mark.parametrize(
    ("updates", "told"),
    [(Updates.ALL, ["updated watch open 2- to watch"]), (Updates.CORRECTIONS, [])],
    ids=["all is told", "corrections are told"],
)
def test_evidence_that_changes_while_the_value_does_not_is_told_where_all_is(updates: Updates, told: list[str]) -> None:
    """Given two values, when a late incident of one becomes the newest of it at the peak, then V is what it was."""
    rule = Rule("r", (2,), ("watch",), window=5, measure=Measure.DISTINCT, of="weapon", updates=updates)
    world = World(rule)
    for number, (at, weapon) in enumerate([(0, "drone"), (2, "rocket"), (3, "drone")]):
        world.put(incident(number, at, weapons=(weapon,)), clock=at)

    assert lines(world.put(incident(9, 1, weapons=("drone",)), clock=3)) == told


def test_silence_that_began_anew_is_due_anew() -> None:
    """Given a report within a time that would have been too silent, when that ends, then the new end is waited for."""
    world = World(Rule("r", (5,), ("watch",), measure=Measure.SILENCE))
    world.put(incident(1, 0), clock=0)
    world.put(incident(2, 3), clock=3)

    assert world.engine.next_due() == 5
    assert lines(world.tick(6)) == []
    assert world.engine.next_due() == 8
    assert lines(world.tick(9)) == ["raised watch open 8- to watch"]


SMALL = {
    "two": Rule("r", (2,), ("watch",), window=3),
    "three": Rule("r", (3,), ("watch",), window=3),
    "two, then three": Rule("r", (2, 3), ("watch", "critical"), window=3, keep_firing=1),
    "two, clear below one": Rule("r", (2,), ("watch",), window=2, clear=1),
    "three, clear below one, kept": Rule("r", (3,), ("watch",), window=3, clear=1, keep_firing=2),
    "two since 1": Rule("r", (2,), ("watch",), window=3, since=1),
    "three without end": Rule("r", (3,), ("watch",)),
    "a sum of three, clear below one": Rule("r", (3,), ("watch",), window=3, clear=1, measure=Measure.SUM),
    "a sum of two since 1": Rule("r", (2,), ("watch",), window=2, since=1, measure=Measure.SUM),
    "a surge of two over one before": Rule("r", (2,), ("watch",), window=2, preceding=1, measure=Measure.SURGE),
    "a surge of three over two before": Rule("r", (3,), ("watch",), window=1, preceding=2, measure=Measure.SURGE),
    "two different": Rule("r", (2,), ("watch",), window=2, measure=Measure.DISTINCT),
    "three different, clear below two": Rule("r", (3,), ("watch",), window=3, clear=2, measure=Measure.DISTINCT),
    "two new since 1": Rule("r", (2,), ("watch",), window=3, since=1, measure=Measure.NEW),
    "silent for two, for four": Rule("r", (2, 4), ("watch", "critical"), measure=Measure.SILENCE),
    "silent for two, kept": Rule("r", (2,), ("watch",), keep_firing=1, measure=Measure.SILENCE),
    "silent for two, kept for two": Rule("r", (2,), ("watch",), keep_firing=2, measure=Measure.SILENCE),
}
SAID = "abca"  # by the members, in turn


@pytest.mark.parametrize("rule", SMALL.values(), ids=SMALL.keys())
@pytest.mark.parametrize("ahead", [0, 2])
def test_every_short_history_leads_to_the_episodes_of_the_definition(rule: Rule, ahead: int) -> None:
    """Given any four members, the clock with the newest or ahead of it, one moved and one gone, then all is so."""
    defined = cache(lambda those, clock: reference.episodes(rule, [Member(at, 0, said) for at, said in those], clock))

    for ats in product(range(5), repeat=4):
        for history in histories_of(ats, ahead):
            group, before = Group(rule), set[Episode]()
            for place, step in enumerate(history):
                old, new = group.put(step) or ([], [])
                standing = sorted((it.at, it.value) for it in standing_after(history[: place + 1]).values())
                now = set(defined(tuple(standing), step.clock))

                assert before.issuperset(old)
                assert before.difference(old).union(new) == now
                before = now
            assert set(group.watch.track().episodes()) == before


def histories_of(ats: Sequence[int], ahead: int) -> Iterator[list[Step]]:
    """They come in this order; then time passes, or the first goes and the second moves before that."""
    clocks = [max(ats[: number + 1]) + ahead for number in range(len(ats))]
    told = [Step(clock, None, Member(ats[number], number, SAID[number])) for number, clock in enumerate(clocks)]
    clock, end = clocks[-1], Step(clocks[-1] + 9)
    yield [*told, *(Step(clock + more) for more in (1, 2, 3)), end]
    yield [*told, Step(clock, told[0].new, None), Step(clock + 1, told[1].new, Member(5, 1, SAID[1])), end]
