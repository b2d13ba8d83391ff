"""What is told when rules are adopted; instants are days, windows are 7 of them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from projections.rules.model import Episode, Rule
from projections.rules.outcome import Told
from tests.projections.rules import reference
from tests.projections.rules.histories import examples
from tests.projections.rules.test_engine import Event, histories, rule_sets
from tests.projections.rules.world import World, incident, lines

RULE = Rule("r", (2, 3, 5), window=7, by=("site",), content_hash="first")


def world(*rules: Rule) -> World:
    """At `north` an episode of days 3 to 8 that is over, at `south` one that opened on day 20, the clock on day 21."""
    it = World(*rules)
    for number, (at, site) in enumerate([(1, "north"), (3, "north"), (19, "south"), (20, "south")], 1):
        it.tick(at)
        it.put(incident(number, at, site))
    it.tick(21)
    return it


class TestANewRule:
    """A rule whose id was not in force before."""

    def test_raises_what_is_open_and_keeps_what_is_over(self) -> None:
        """Given incidents, when a rule is adopted, then open episodes are raised late, others stored but not told."""
        it = world()

        told = it.adopt(RULE)

        assert lines(told) == ["raised watch open 20- to watch late"]
        assert [reason.reason for reason in told] == ["rules"]
        assert {key: alert is not None for key, (_, alert) in it.episodes.items()} == {
            (("r", ("north",)), 3): False,
            (("r", ("south",)), 20): True,
        }

    def test_tells_later_of_what_was_over_when_it_opens_again(self) -> None:
        """Given an episode that nobody was told of, when it is open again, then its alert is raised."""
        it = world()
        it.adopt(replace(RULE, levels=(2, 9)))

        bridge = [incident(number, at) for number, at in enumerate((7, 9, 13, 15, 19), 10)]
        assert lines(it.put(*bridge)) == ["raised watch open 3- to watch"]

    def test_says_nothing_later_of_what_is_still_over(self) -> None:
        """Given an episode that nobody was told of, when a late report changes it, then nobody is told."""
        it = world()
        it.adopt(RULE)

        assert lines(it.put(incident(9, 5))) == []
        assert it.episodes[("r", ("north",)), 3][0] == Episode(3, 10, 3, 5, 2)


class TestARuleThatStays:
    """A rule whose content is what it was."""

    def test_says_nothing(self) -> None:
        """Given alerts, when the same rule is adopted beside another one, then they are as they were."""
        it = world(RULE)
        before = dict(it.episodes)

        assert lines(it.adopt(replace(RULE, rule_id="other", levels=(9,)), RULE)) == []
        assert it.episodes == before
        assert lines(it.put(incident(9, 21, "south"))) == ["escalated warning open 20- to warning watch"]

    def test_goes_on_resolving(self) -> None:
        """Given an open alert, when rules are adopted and time passes, then it is resolved in time."""
        it = world(RULE)
        it.adopt(RULE)

        assert lines(it.tick(26)) == ["resolved watch resolved 20-26 to watch"]


class TestARuleThatChanged:
    """A rule with the same id and another content."""

    def test_goes_on_in_the_alert_that_overlaps(self) -> None:
        """Given an open alert, when its rule opens earlier and rates higher now, then the alert goes on."""
        it = world(RULE)

        told = it.adopt(replace(RULE, levels=(1, 2, 5), content_hash="second"))

        assert lines(told) == [
            "escalated warning resolved 1-10",
            "escalated warning open 19- to warning watch",
        ]
        assert {it.reason for it in told} == {"rules"}

    def test_cancels_alerts_whose_episodes_are_gone(self) -> None:
        """Given an open alert and one that is over, when the threshold rises above both, then both are cancelled."""
        it = world(RULE)

        assert lines(it.adopt(replace(RULE, levels=(3,), content_hash="second"))) == [
            "cancelled watch cancelled 3-8",
            "cancelled watch cancelled 20- to watch",
        ]
        assert it.episodes == {}

    def test_names_of_what_it_cancels_the_incidents_from_the_day_on_that_it_counted(self) -> None:
        """Given a rule since day 19, when its alert is cancelled, then by the incidents of that day and the next."""
        it = world(replace(RULE, since=19))

        (cancelled,) = it.adopt(replace(RULE, since=19, levels=(3,), content_hash="second"))

        assert cancelled.evidence == [3, 4]

    def test_tells_of_a_value_that_is_another_under_it(self) -> None:
        """Given an open alert of a strike too, when strikes count no more, then its value is corrected."""
        it = world(RULE)
        it.put(incident(9, 20, "south", incident_class="strike"))
        attacks = replace(RULE, where=(("class", frozenset({"attack"})),), levels=(2, 9), content_hash="second")
        it.adopt(replace(RULE, levels=(2, 9), content_hash="first"))

        (told,) = it.adopt(attacks)

        assert lines([told]) == ["updated watch open 20- to watch"]
        assert (told.message.episode.value, told.evidence) == (2, [3, 4])

    def test_with_another_group_starts_anew(self) -> None:
        """Given an open alert of a site, when the rule looks at the whole timeline, then one is gone and one is new."""
        it = world(RULE)

        told = it.adopt(replace(RULE, by=(), content_hash="second"))

        assert lines(told) == [
            "raised watch open 20- to watch late",
            "cancelled watch cancelled 3-8",
            "cancelled watch cancelled 20- to watch",
        ]
        assert [it.value_now for it in told] == [2, 0, 0]


class TestALostRule:
    """A rule that is not among the new ones."""

    def test_cancels_its_alerts_because_of_the_rules(self) -> None:
        """Given alerts, when their rule is gone, then each is cancelled, for the reason `rules`."""
        it = world(RULE)

        told = it.adopt()

        assert lines(told) == ["cancelled watch cancelled 3-8", "cancelled watch cancelled 20- to watch"]
        assert {it.reason for it in told} == {"rules"}
        assert {it.value_now for it in told} == {0}
        assert it.episodes == {}
        assert lines(it.put(incident(9, 21, "south"))) == []

    def test_that_comes_back_raises_new_alerts(self) -> None:
        """Given a cancelled alert, when its rule is adopted again, then another alert is raised."""
        it = world(RULE)
        (cancelled,) = [told for told in it.adopt() if told.message.severities]

        (raised,) = it.adopt(RULE)

        assert raised.message.kind == "raised"
        assert raised.message.alert.alert_id != cancelled.message.alert.alert_id


@examples(150)
@given(first=rule_sets(), later=st.dictionaries(st.integers(0, 19), rule_sets(), max_size=3), history=histories())
def test_after_any_adoption_the_episodes_are_those_of_the_definition(
    first: list[Rule], later: dict[int, list[Rule]], history: list[Event]
) -> None:
    """Given any log with adoptions in it, then after each event episodes and messages agree with the definition."""
    world = World(*named(first, 0))

    for place, happen in enumerate(history):
        if place in later:
            world.adopt(*named(later[place], place))
            check(world)
        happen(world)
        check(world)


def named(rules: list[Rule], place: int) -> list[Rule]:
    return [replace(rule, content_hash=f"{place}") for rule in rules]


def check(world: World) -> None:
    """The stored episodes are those of the definition, and those that were told are what a consumer knows."""
    expected = {
        (key, it.opened_at): it
        for key, members in world.members().items()
        for it in reference.episodes(world.engine.rules[key[0]], members, world.clock)
    }
    assert {key: it for key, (it, _) in world.episodes.items()} == expected
    told: dict[str, Told] = world.folded()
    assert {it.message.alert.alert_id for it in told.values()} == {
        alert.alert_id for _, alert in world.episodes.values() if alert is not None
    }
    for (key, opened), (it, alert) in world.episodes.items():
        if alert is not None:
            newest = told[alert.alert_id]
            assert (newest.rule.rule_id, newest.group) == key
            assert newest.message.episode[:2] == (opened, it.ended_at)
            assert newest.message.episode.level == it.level
