"""Why a value is what it is: the words of `explain` are those of the evaluator, whatever is measured."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.claims import HowMany
from projections.incidents import Incident
from projections.rules.explaining import LeftOut, Why, explain, fall_of, open_at, turn_of
from projections.rules.matching import members_of, view_of
from projections.rules.model import FOREVER, Bounds, Rule
from projections.rules.shutting import Shut, shut_out
from projections.rules.words import Measure
from tests.projections.rules import reference
from tests.projections.rules.histories import INSTANTS, examples, rules, track_of
from tests.projections.rules.world import incident

RULE = Rule("r", (2, 3), window=7, where=(("class", frozenset({"attack"})),), by=("site",))
GROUP = ("north",)


def many(number: int) -> HowMany:
    return HowMany(number, number, number, "exact")


@st.composite
def told(draw: st.DrawFn) -> list[Incident]:
    """Incidents of all that rules can look at, some of them gone or vague."""
    found = []
    for number, at in enumerate(draw(st.lists(INSTANTS, max_size=14))):
        said: dict[str, Any] = {
            "site": draw(st.sampled_from(["north", "north", "south"])),
            "until": at + draw(st.sampled_from([0, 0, 0, 3])),
            "incident_class": draw(st.sampled_from(["attack", "attack", "strike"])),
            "actor": draw(st.sampled_from(["a", "b", "c", None])),
            "weapons": draw(st.sampled_from([(), ("drone",), ("drone", "rocket")])),
            "munitions": draw(st.none() | st.integers(0, 3).map(many)),
            "retracted": draw(st.sampled_from([False, False, False, True])),
        }
        found.append(incident(number, at, **said))
    return found


@st.composite
def asked(draw: st.DrawFn) -> Rule:
    """A rule of any measure, with filters and groups."""
    rule = draw(rules())
    return replace(
        rule,
        of=draw(st.sampled_from(["actor", "weapon"])) if rule.of == "actor" else rule.of,
        by=draw(st.sampled_from([(), ("site",), ("site", "actor"), ("weapon",)])),
        where=draw(st.sampled_from([(), RULE.where])),
        excluded=draw(st.sampled_from([(), (("actor", frozenset({"c"})),)])),
        excluded_amounts=draw(st.sampled_from([(), (("munitions", "=", 3),)])),
    )


def groups_of(rule: Rule) -> st.SearchStrategy[tuple[str, ...]]:
    of = {"site": ["north", "south"], "actor": ["a", "b", "c"], "weapon": ["drone", "rocket"]}
    return st.tuples(*(st.sampled_from(of[name]) for name in rule.by))


class TestWhateverIsMeasured:
    @examples(300)
    @given(data=st.data(), rule=asked(), incidents=told(), at=st.integers(-2, 40))
    def test_the_value_is_what_the_evaluator_and_the_definition_say(
        self, data: st.DataObject, rule: Rule, incidents: list[Incident], at: int
    ) -> None:
        """Given any incidents, when a group is explained, then V, evidence and course are the evaluator's."""
        group = data.draw(groups_of(rule))
        standing = [it for it in incidents if it.stands]
        members = members_of([rule], standing).get((rule.rule_id, group), [])
        track = track_of(rule, at, members)

        found = explain(rule, group, incidents, at)

        assert found.value == track.value(at) == reference.value(rule, reference.counted(rule, members), at)
        assert sum(it.adds for it in found.parts) == found.value
        assert [it.number for it in found.parts if it.adds > 0] == track.evidence(at).numbers
        assert found.bounds == track.evidence(at).bounds
        assert [value for _, value in found.course] == [track.value(instant) for instant, _ in found.course]

    @examples(300)
    @given(data=st.data(), rule=asked(), incidents=told(), at=st.integers(-2, 40))
    def test_every_incident_that_counts_is_in_one_list_and_one_that_does_not_at_most(
        self, data: st.DataObject, rule: Rule, incidents: list[Incident], at: int
    ) -> None:
        """Given any incidents, then what the rule counts is told once, as a part or left out; the rest at most once."""
        group = data.draw(groups_of(rule))
        view = view_of(rule)
        counted = {it.number for it in incidents if it.stands and group in view(it)}

        found = explain(rule, group, incidents, at)
        listed = Counter([*(it.number for it in found.parts), *(it.number for it in found.left_out)])

        assert set(listed.values()) <= {1}
        assert counted <= set(listed)
        refused = {Why.WHERE, Why.NOT, Why.BY, Why.VAGUE, Why.GONE}
        assert {it.number for it in found.left_out if it.why in refused} == set(listed) - counted

    @examples(200)
    @given(data=st.data(), rule=asked(), incidents=told(), at=st.integers(-2, 40))
    def test_the_episode_that_is_open_then_is_that_of_the_definition(
        self, data: st.DataObject, rule: Rule, incidents: list[Incident], at: int
    ) -> None:
        """Given any incidents, then the episode that is open by an instant is the one of the definition, or none."""
        group = data.draw(groups_of(rule))
        members = members_of([rule], [it for it in incidents if it.stands]).get((rule.rule_id, group), [])

        open_ones = [it for it in reference.episodes(rule, members, at) if it.ended_at is None]

        assert open_ones == [it for it in [open_at(rule, group, incidents, at)] if it is not None]

    @examples(200)
    @given(data=st.data(), rule=asked(), incidents=told(), at=st.integers(0, 40))
    def test_each_part_adds_the_same_until_it_says(
        self, data: st.DataObject, rule: Rule, incidents: list[Incident], at: int
    ) -> None:
        """Given a group, when it is explained just before a part changes and then, the part is there, and is not."""
        group = data.draw(groups_of(rule))

        for part in explain(rule, group, incidents, at).parts:
            if part.until < FOREVER:
                before, after = (explain(rule, group, incidents, part.until - less).parts for less in (1, 0))

                assert part in before
                assert part not in after


def left_out(*incidents: Incident, rule: Rule = RULE, at: int = 10, group: tuple[str, ...] = GROUP) -> list[LeftOut]:
    return explain(rule, group, incidents, at).left_out


class TestANearMiss:
    @pytest.mark.parametrize(
        ("one", "expected"),
        [
            (incident(1, 9, incident_class="strike"), LeftOut(1, Why.WHERE, "class", ("attack",))),
            (incident(1, 9, retracted=True), LeftOut(1, Why.GONE)),
            (incident(1, 9, merged_into="i2"), LeftOut(1, Why.GONE)),
            (incident(1, 9, until=17), LeftOut(1, Why.VAGUE)),
            (incident(1, 3), LeftOut(1, Why.BEFORE)),
            (incident(1, 11), LeftOut(1, Why.AFTER)),
        ],
        ids=["another class", "retracted", "merged", "too vague", "too old", "later"],
    )
    def test_says_the_one_thing_that_speaks_against_it(self, one: Incident, expected: LeftOut) -> None:
        """Given an incident of the group that fails one thing, when it is explained, then that is told."""
        assert left_out(one) == [expected]

    def test_is_none_when_two_things_speak_against_it(self) -> None:
        """Given incidents that fail two things, or are of another group, then they are counted, and not at all."""
        strike = {"incident_class": "strike"}
        others = [incident(1, 9, retracted=True, **strike), incident(2, 1, **strike), incident(3, 9, "south")]

        found = explain(RULE, GROUP, others, 10)

        assert (found.parts, found.left_out, found.far) == ([], [], 2)

    def test_may_lack_what_it_is_grouped_by(self) -> None:
        """Given a rule by actor, when nobody knows who did it, then it would be of any group."""
        rule = replace(RULE, by=("site", "actor"))

        found = left_out(incident(1, 9), incident(2, 9, actor="b"), rule=rule, group=("north", "a"))

        assert found == [LeftOut(1, Why.BY, "actor")]

    @pytest.mark.parametrize(("at", "until", "vague"), [(2, 15, [1]), (2, 14, []), (20, 30, [1]), (21, 30, [])])
    def test_that_is_vague_may_have_happened_in_the_window(self, at: int, until: int, vague: list[int]) -> None:
        """Given the window of day 14 to 20, then what may have happened on one of them, and is vague, is near."""
        found = explain(RULE, GROUP, [incident(1, at, until=until)], 20)

        assert found.left_out == [LeftOut(it, Why.VAGUE) for it in vague]
        assert found.far == 1 - len(vague)

    @pytest.mark.parametrize(("at", "near"), [(13, []), (14, [1]), (20, [1]), (21, [])])
    def test_happened_in_the_window(self, at: int, near: list[int]) -> None:
        """Given the window of day 14 to 20, then a strike is near if it was on one of these days."""
        found = explain(RULE, GROUP, [incident(1, at, incident_class="strike")], 20)

        assert [it.number for it in found.left_out] == near
        assert found.far == 1 - len(near)

    @pytest.mark.parametrize(("at", "near"), [(15, []), (16, [1])])
    def test_happened_since_the_rule_began_to_count(self, at: int, near: list[int]) -> None:
        """Given a rule that counts from day 16 on, then a strike is near if it was not before."""
        found = explain(replace(RULE, since=16), GROUP, [incident(1, at, incident_class="strike")], 20)

        assert [it.number for it in found.left_out] == near
        assert found.far == 1 - len(near)

    @pytest.mark.parametrize(("at", "near"), [(9, []), (10, [1]), (30, [1]), (31, [])])
    def test_of_a_surge_may_lie_in_the_windows_before(self, at: int, near: list[int]) -> None:
        """Given a surge of day 24 to 30 over two windows before it, then a strike from day 10 on would take away."""
        rule = replace(RULE, measure=Measure.SURGE, preceding=2)

        found = explain(rule, GROUP, [incident(1, at, incident_class="strike")], 30)

        assert [it.number for it in found.left_out] == near
        assert found.far == 1 - len(near)

    @pytest.mark.parametrize(("at", "near"), [(9, []), (10, []), (11, [9])])
    def test_of_silence_lies_after_the_last_that_counts(self, at: int, near: list[int]) -> None:
        """Given silence since day 10, then a strike would have ended it only if it was later."""
        rule = replace(RULE, measure=Measure.SILENCE, levels=(1,), window=FOREVER)
        told = [incident(1, 3), incident(2, 10), incident(9, at, incident_class="strike")]

        found = explain(rule, GROUP, told, max(at, 10))

        assert [it.number for it in found.left_out if it.why is Why.WHERE] == near
        assert found.far == 1 - len(near)

    def test_of_silence_may_be_all_that_ever_happened(self) -> None:
        """Given a strike and no attack at all, then it alone would have begun the silence."""
        rule = replace(RULE, measure=Measure.SILENCE, levels=(1,), window=FOREVER)

        assert left_out(incident(1, 9, incident_class="strike"), rule=rule) == [
            LeftOut(1, Why.WHERE, "class", ("attack",))
        ]

    def test_tells_a_quantity_that_is_not_enough(self) -> None:
        """Given a comparison, when one does not hold, then it is told as a file writes it."""
        rule = replace(RULE, amounts=(("wounded.us", ">=", 3),))

        assert left_out(incident(1, 9, wounded={"us": many(2)}), rule=rule) == [
            LeftOut(1, Why.WHERE, "wounded.us", (">= 3",))
        ]


class TestWhatCountsAndAddsNothing:
    OF = replace(RULE, of="actor")

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            (replace(OF, measure=Measure.DISTINCT), LeftOut(1, Why.NEWER, "actor", ("a",), 2)),
            (replace(OF, measure=Measure.NEW), LeftOut(2, Why.SEEN, "actor", ("a",), 1)),
            (replace(OF, measure=Measure.SUM, of="munitions"), LeftOut(1, Why.UNSAID, "munitions")),
            (replace(RULE, measure=Measure.SILENCE, levels=(1,), window=FOREVER), LeftOut(1, Why.NEWER, "", (), 2)),
            (replace(RULE, since=8), LeftOut(1, Why.SINCE)),
        ],
        ids=["distinct", "new", "sum", "silence", "since"],
    )
    def test_says_what_stands_for_it(self, rule: Rule, expected: LeftOut) -> None:
        """Given two incidents of one actor of which one adds something, then the other says why it does not."""
        both = [incident(1, 7, actor="a"), incident(2, 9, actor="a", munitions=many(2))]

        found = explain(rule, GROUP, both, 10)

        assert found.left_out == [expected]
        assert len(found.parts) == 1

    @pytest.mark.parametrize(("at", "newer"), [(9, 2), (10, 2), (11, 3), (12, 3)])
    def test_the_newest_by_then_stands_for_it(self, at: int, newer: int) -> None:
        """Given one actor on day 9, twice, and on day 11, then the newest by an instant counts, on that day too."""
        rule = replace(self.OF, measure=Measure.DISTINCT, since=9)
        told = [incident(1, 9, actor="a"), incident(2, 9, actor="a"), incident(3, 11, actor="a")]

        found = explain(rule, GROUP, told, at)

        assert [it.number for it in found.parts] == [newer]
        assert found.left_out[0] == LeftOut(1, Why.NEWER, "actor", ("a",), newer)
        assert [it.why for it in found.left_out[1:]] == [Why.AFTER if newer == 2 else Why.NEWER]

    def test_what_happened_as_the_rule_began_to_count_adds(self) -> None:
        """Given a rule that counts from day 9 on, then an attack of that day adds, one of the day before does not."""
        found = explain(replace(RULE, since=9), GROUP, [incident(1, 8), incident(2, 9)], 10)

        assert [it.number for it in found.parts] == [2]
        assert found.left_out == [LeftOut(1, Why.SINCE)]

    def test_a_part_says_which_of_its_values_count(self) -> None:
        """Given weapons that are told apart, then each attack says those for which it stands; a count has none."""
        rule = replace(RULE, measure=Measure.DISTINCT, of="weapon")
        attacks = [incident(1, 8, weapons=("rocket", "drone", "mortar")), incident(2, 9, weapons=("rocket",))]

        parts = [explain(it, GROUP, attacks, 10).parts for it in (rule, RULE)]

        assert [[(it.number, it.adds, it.values) for it in those] for those in parts] == [
            [(1, 2, ("drone", "mortar")), (2, 1, ("rocket",))],
            [(1, 1, ()), (2, 1, ())],
        ]

    def test_a_sum_has_the_bounds_of_what_adds(self) -> None:
        """Given quantities with bounds, when the window has passed one of them, then the other's are the sum's."""
        rule = replace(RULE, measure=Measure.SUM, of="munitions")
        said = [HowMany(1, 2, 4, "about"), HowMany(3, None, None, "at-least")]
        those = [incident(number, at, munitions=it) for number, (at, it) in enumerate(zip((1, 9), said, strict=True))]

        bounds = [explain(rule, GROUP, those, at).bounds for at in (1, 9, 20)]

        assert bounds == [Bounds(1, 2, 4, 0, 0), Bounds(3, 3, 3, 1, 1), None]

    def test_a_value_that_was_learned_is_not_told(self) -> None:
        """Given a value that came while the rule learned, then that is why it is not new."""
        rule = replace(self.OF, measure=Measure.NEW, learn_until=8)

        assert left_out(incident(1, 7, actor="a"), rule=rule) == [LeftOut(1, Why.LEARNED, "actor", ("a",))]

    def test_silence_may_be_too_short(self) -> None:
        """Given an incident a moment ago, then silence is too short yet, and its course says when it is not."""
        rule = replace(RULE, measure=Measure.SILENCE, levels=(3, 5), window=FOREVER)

        found = explain(rule, GROUP, [incident(1, 9)], 10)

        assert (found.value, found.left_out) == (0, [LeftOut(1, Why.SHORT)])
        assert found.course == [(12, 3), (14, 5)]
        assert turn_of(found.course, 5, found.value) == 14

    def test_silence_adds_until_its_next_level(self) -> None:
        """Given silence that has just reached a level, then it adds that until the next one, or an incident."""
        rule = replace(RULE, measure=Measure.SILENCE, levels=(3, 5), window=FOREVER)

        found = [explain(rule, GROUP, [incident(1, 9), incident(2, 20)], at).parts for at in (12, 14)]

        assert [[(it.adds, it.until) for it in those] for those in found] == [[(3, 14)], [(5, 20)]]

    def test_a_surge_takes_away_what_the_windows_before_held(self) -> None:
        """Given incidents in this window and one before it, then one adds and the other takes away."""
        rule = replace(RULE, measure=Measure.SURGE, preceding=2)

        found = explain(rule, GROUP, [incident(1, 2), incident(2, 9)], 10)

        assert [(it.number, it.adds, it.until) for it in found.parts] == [(1, -1, 23), (2, 2, 16)]
        assert found.value == 1


class TestAGroupThatCanNotCount:
    @pytest.mark.parametrize(
        ("said", "group", "out"),
        [
            ({}, ("missile",), []),
            ({"where": (("weapon", frozenset({"drone"})),)}, ("drone",), []),
            (
                {"where": (("weapon", frozenset({"rocket", "drone"})),)},
                ("missile",),
                [(Why.WHERE, ("drone", "rocket"))],
            ),
            ({"where": (("actor", frozenset({"a"})),)}, ("missile",), []),
            ({"excluded": (("weapon", frozenset({"missile"})),)}, ("missile",), [(Why.NOT, ("missile",))]),
            ({"excluded": (("weapon", frozenset({"missile"})),)}, ("drone",), []),
        ],
        ids=["nothing asked", "asked for", "not asked for", "another field", "excluded", "another excluded"],
    )
    def test_is_told_the_condition_that_leaves_it_out(
        self, said: dict[str, Any], group: tuple[str, ...], out: list[tuple[Why, tuple[str, ...]]]
    ) -> None:
        """Given a rule by weapon, then what its filters say of weapons leaves whole groups out, nothing else does."""
        rule = replace(RULE, **{"where": (), "by": ("weapon",), **said})

        assert shut_out(rule, group) == [Shut(why, "weapon", wanted) for why, wanted in out]

    @examples(200)
    @given(data=st.data(), rule=asked(), incidents=told())
    def test_has_no_incident(self, data: st.DataObject, rule: Rule, incidents: list[Incident]) -> None:
        """Given any incidents, when filters leave a group out, then the evaluator has none in it."""
        group = data.draw(groups_of(rule))
        fields = st.sampled_from([(), *((name, frozenset({"a", "north", "drone"})) for name in rule.by)])
        [where, excluded] = [tuple(filter(None, [data.draw(fields)])) for _ in "ab"]
        filtered = replace(rule, where=where, excluded=excluded)

        assert not shut_out(filtered, group) or not any(group in view_of(filtered)(it) for it in incidents)


class TestWhatBecomesOfIt:
    @pytest.mark.parametrize(("at", "opened"), [(1, None), (2, 2), (12, None), (22, 22), (32, None), (42, 42)])
    def test_the_newest_of_several_episodes_is_the_one_that_lasts(self, at: int, opened: int | None) -> None:
        """Given attacks that reach the level three times, then what is open by an instant is the newest, if any is."""
        attacks = [incident(number, day) for number, day in enumerate((1, 2, 21, 22, 41, 42))]

        lasting = open_at(RULE, GROUP, attacks, at)

        assert (lasting and lasting.opened_at) == opened

    def test_a_fall_is_where_the_value_is_below_clear_below(self) -> None:
        """Given hysteresis, when nothing more happens, then the fall is the first instant below it."""
        rule = replace(RULE, clear=1)
        found = explain(rule, GROUP, [incident(1, 7), incident(2, 9)], 10)

        assert found.course == [(14, 1), (16, 0)]
        assert fall_of(rule, found.course) == 16
        assert turn_of(found.course, 2, found.value) == 14
        assert turn_of(found.course, 3, found.value) is None

    def test_the_course_begins_after_the_instant(self) -> None:
        """Given a value that changes on day 14, then the course of that day has it behind."""
        courses = [explain(RULE, GROUP, [incident(1, 7), incident(2, 9)], at).course for at in (13, 14)]

        assert courses == [[(14, 1), (16, 0)], [(16, 0)]]

    @pytest.mark.parametrize(
        ("at", "fell"), [(8, None), (9, None), (13, None), (14, 14), (16, 14), (17, None), (20, None), (40, 24)]
    )
    def test_what_has_fallen_says_when(self, at: int, fell: int | None) -> None:
        """Given attacks that reach the level twice, then the last fall is told while the value is below it."""
        attacks = [incident(number, day) for number, day in enumerate((7, 9, 16, 17, 18))]

        assert explain(RULE, GROUP, attacks, at).fell == fell

    def test_what_never_ends_never_falls(self) -> None:
        """Given a window without end, then there is no fall."""
        assert fall_of(RULE, explain(replace(RULE, window=FOREVER), GROUP, [incident(1, 7)], 10).course) is None
