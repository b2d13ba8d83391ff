"""What events do to the groups of rules: a rule by site, and one that tells weapons apart over the whole timeline."""

import pytest

from projections.fold import Change
from projections.incidents import Incident
from projections.rules.matching import Views
from projections.rules.model import Member, Rule
from projections.rules.outcome import Moment
from projections.rules.touching import exchanges_of, touches_of
from projections.rules.watch import Exchange, Touch
from projections.rules.words import Measure
from tests.projections.rules.world import incident

SITES = Rule("sites", (2,), window=7, by=("site",))
WEAPONS = Rule("weapons", (2,), window=7, measure=Measure.DISTINCT, of="weapon")
NORTH, SOUTH, ALL = ("sites", ("north",)), ("sites", ("south",)), ("weapons", ())
GONE = incident(1, 3)._replace(retracted=True)


def touched(*events: list[tuple[Incident | None, Incident]]) -> dict[object, list[Touch]]:
    moments = [Moment(f"e{place}", place, [Change(*it) for it in those]) for place, those in enumerate(events)]
    return dict(touches_of(Views([SITES, WEAPONS]), moments))


class TestAReport:
    """An event that brings one incident, of which nothing was known."""

    def test_is_a_member_that_comes(self) -> None:
        """Given two reports, then each touches the group of its site, in order."""
        found = touched([(None, incident(1, 3))], [(None, incident(2, 1))])

        assert found == {NORTH: [(0, 3, 1, ()), (1, 1, 2, ())]}

    def test_is_as_many_members_as_it_has_values(self) -> None:
        """Given a report of two weapons, then both come to the group of the rule that tells them apart."""
        found = touched([(None, incident(1, 3, weapons=("rocket", "drone")))])

        assert found[ALL] == [(0, 3, 0, [(None, Member(3, 1, "drone")), (None, Member(3, 1, "rocket"))])]

    @pytest.mark.parametrize("it", [GONE, incident(1, 3, until=99)], ids=["it does not stand", "too vague"])
    def test_of_what_no_rule_looks_at_touches_nothing(self, it: Incident) -> None:
        """Given a report of what does not stand, or not for a rule, then no group is touched."""
        assert touched([(None, it)]) == {}


OLD = incident(1, 3, weapons=("drone", "rocket"))


class TestACorrection:
    """An event after which an incident is another one."""

    @pytest.mark.parametrize(
        ("new", "expected"),
        [
            (OLD, {}),
            (OLD._replace(outcome="hit"), {}),
            (
                OLD._replace(at=5, until=5),
                {
                    NORTH: [(Member(3, 1), Member(5, 1))],
                    ALL: [
                        (Member(3, 1, "drone"), Member(5, 1, "drone")),
                        (Member(3, 1, "rocket"), Member(5, 1, "rocket")),
                    ],
                },
            ),
            (OLD._replace(site="south"), {NORTH: [(Member(3, 1), None)], SOUTH: [(None, Member(3, 1))]}),
            (OLD._replace(weapons=("rocket", "gun")), {ALL: [(Member(3, 1, "drone"), Member(3, 1, "gun"))]}),
            (OLD._replace(weapons=("rocket",)), {ALL: [(Member(3, 1, "drone"), None)]}),
            (OLD._replace(weapons=("drone", "gun", "rocket")), {ALL: [(None, Member(3, 1, "gun"))]}),
            (
                OLD._replace(retracted=True),
                {
                    NORTH: [(Member(3, 1), None)],
                    ALL: [(Member(3, 1, "drone"), None), (Member(3, 1, "rocket"), None)],
                },
            ),
        ],
        ids=[
            *("nothing", "what no rule asks for", "another day", "another site", "another weapon", "a weapon less"),
            *("a weapon more", "it is gone"),
        ],
    )
    def test_exchanges_what_is_another_member_now(self, new: Incident, expected: dict[object, list[Exchange]]) -> None:
        """Given an incident, when it is corrected, then only what differs comes and goes."""
        found = touched([(OLD, new)])

        assert {key: exchanges for key, [(_, _, _, exchanges)] in found.items()} == expected

    def test_of_the_class_leaves_rules_of_the_one_and_comes_to_those_of_the_other(self) -> None:
        """Given a rule of attacks and one of strikes, when an attack turns out to be a strike, then both are told."""
        rules = [Rule(it, (2,), where=(("class", frozenset({it})),)) for it in ("attack", "strike")]
        attack = incident(1, 3)
        moment = Moment("e1", 3, [Change(attack, attack._replace(incident_class="strike"))])

        found = touches_of(Views(rules), [moment])

        assert {key: exchanges for key, [(_, _, _, exchanges)] in found.items()} == {
            ("attack", ()): [(Member(3, 1), None)],
            ("strike", ()): [(None, Member(3, 1))],
        }

    def test_of_what_no_longer_stood_is_nothing(self) -> None:
        """Given an incident that is gone, when it is gone still, then nothing is touched; when it is back, it comes."""
        assert touched([(GONE, GONE)]) == {}
        assert touched([(GONE, incident(1, 3))]) == {NORTH: [(0, 3, 0, [(None, Member(3, 1))])]}

    def test_says_the_earliest_instant_that_it_touches(self) -> None:
        """Given an event that changes several incidents of a group, then it touches that from the earliest on."""
        [first, second] = incident(1, 3), incident(2, 9)
        event = [(first, first._replace(at=5, until=5)), (second, second._replace(at=6, until=6)), (None, GONE)]

        [(place, at, _, exchanges)] = touched([], event)[NORTH]

        assert (place, at) == (1, 3)
        assert exchanges == [(Member(3, 1), Member(5, 1)), (Member(9, 2), Member(6, 2))]

    def test_of_several_new_incidents_brings_each(self) -> None:
        """Given an event that brings two incidents, then both come at once."""
        found = touched([(None, incident(1, 8)), (None, incident(2, 4))])

        assert found == {NORTH: [(0, 4, 0, [(None, Member(8, 1)), (None, Member(4, 2))])]}


def test_what_an_event_did_to_a_group_is_the_touch_of_its_place() -> None:
    """Given touches of events 1, 4 and 6, when the next is asked for, then it is that of its event, else nothing."""
    exchanges = [(Member(3, 1), None)]
    those: list[Touch] = [(1, 3, 1, ()), (4, 3, 0, exchanges), (6, 9, 2, ())]

    assert exchanges_of(those, 0, 1) == [(None, Member(3, 1))]
    assert exchanges_of(those, 1, 4) == exchanges
    assert exchanges_of(those, 2, 6) == [(None, Member(9, 2))]
    assert exchanges_of(those, 1, 3) == exchanges_of(those, 3, 7) == ()
