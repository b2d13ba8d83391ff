"""What one event does to what is known: DESIGN §6, case by case."""

from collections.abc import Iterable

import pytest

from events.errors import Inapplicable
from events.log import Event
from events.model import FACTS, IncidentCorrected, IncidentReported
from projections.claims import Corrected, Reported
from projections.fold import STEPS, Change, fold
from projections.incidents import Incident
from projections.known import Known
from projections.reading import said
from tests import facts

STAGE = [
    facts.opened(),
    facts.site("north", "IQ"),
    facts.site("south", "SY"),
    facts.actor("militia"),
    facts.actor("army"),
    facts.document("doc-1"),
]


def known(*events: Event) -> Known:
    """What is known after a stage and these events."""
    found = Known()
    tell(found, *STAGE, *events)
    return found


def tell(found: Known, *events: Event) -> list[Change]:
    """What the last of these events did."""
    changes: list[Change] = []
    for event in events:
        changes = fold(found, said(event), 0)
    return changes


def incident(found: Known, name: str = "a") -> Incident:
    return found.incidents[facts.TIMELINE, name]


def test_every_fact_has_a_step() -> None:
    """Given the catalogue, then the fold knows what to do with each of its facts."""
    plain = {IncidentReported: Reported, IncidentCorrected: Corrected}
    assert set(STEPS) == {plain.get(fact, fact) for fact in FACTS}


class TestAReport:
    def test_takes_each_field_from_the_newest_that_states_it(self) -> None:
        """Given a report with weapons, when a later one states only the outcome, then both are believed."""
        found = known(facts.reported("a", weapons=("drone",)), facts.reported("a", bare=True, outcome="intercepted"))

        assert (incident(found).weapons, incident(found).outcome) == (("drone",), "intercepted")

    def test_does_not_touch_what_a_correction_settled(self) -> None:
        """Given a corrected site, when a later report names another, then the correction holds; other fields change."""
        found = known(facts.reported("a"), facts.corrected("a", site="south"))

        tell(found, facts.reported("a", bare=True, site="north", weapons=("rocket",)))

        assert (incident(found).site, incident(found).country, incident(found).weapons) == ("south", "SY", ("rocket",))

    def test_gives_way_to_a_newer_correction(self) -> None:
        """Given a correction, when a newer one says otherwise, then the newer one holds."""
        found = known(facts.reported("a"), facts.corrected("a", site="south"), facts.corrected("a", site="north"))

        assert incident(found).site == "north"

    def test_counts_its_versions(self) -> None:
        """Given three events of one incident, then it is at version 3 and still has its number."""
        found = known(
            facts.reported("a"),
            facts.reported("b"),
            facts.reported("a", bare=True),
            facts.corrected("a", day="2023-10-01"),
        )

        assert (incident(found).version, incident(found).number, incident(found, "b").number) == (3, 0, 1)


class TestACorrection:
    @pytest.mark.parametrize(
        ("field", "empty"),
        [("weapons", ()), ("outcome", None), ("wounded", {}), ("actor", None), ("munitions", None)],
    )
    def test_takes_a_field_back_with_null(self, field: str, empty: object) -> None:
        """Given a field that was reported, when it is corrected to null, then nothing is believed of it."""
        said = {"weapons": ("drone",), "outcome": "hit", "wounded": {"us": 2}, "actor": "militia", "munitions": 2}
        found = known(facts.reported("a", **said))

        tell(found, facts.corrected("a", **{field: None}))

        assert getattr(incident(found), field) == empty


class TestAMerge:
    def test_leaves_one_standing_and_changes_only_the_other(self) -> None:
        """Given two incidents, when they are merged, then the survivor is as it was and the other does not stand."""
        found = known(facts.reported("a"), facts.reported("b", weapons=("drone",)))
        before = incident(found)

        (change,) = tell(found, facts.merged("a", "b"))

        assert (incident(found), change.after.merged_into, change.after.stands) == (before, "a", False)

    def test_keeps_what_is_told_of_a_merged_one_for_a_split(self) -> None:
        """Given a merged incident, when it is corrected and then split off, then it stands as corrected."""
        found = known(facts.reported("a"), facts.reported("b"), facts.merged("a", "b"))

        tell(found, facts.corrected("b", site="south"), facts.split("a", "b"))

        assert (incident(found, "b").stands, incident(found, "b").site) == (True, "south")

    def test_into_a_chain_leads_to_the_last(self) -> None:
        """Given b merged into a, when a is merged into c, then only c stands, and a split of c and a frees a alone."""
        found = known(*(facts.reported(name) for name in "abc"), facts.merged("a", "b"), facts.merged("c", "a"))
        tell(found, facts.split("c", "a"))

        assert [name for name in "abc" if incident(found, name).stands] == ["a", "c"]

    def test_is_not_undone_by_a_retraction_of_the_survivor(self) -> None:
        """Given b merged into a, when a is retracted, then neither stands."""
        found = known(facts.reported("a"), facts.reported("b"), facts.merged("a", "b"), facts.retracted("a"))

        assert not incident(found, "a").stands
        assert not incident(found, "b").stands


class TestASite:
    def test_told_anew_moves_its_incidents(self) -> None:
        """Given incidents at two sites, when one site is told to lie elsewhere, then only its incidents change."""
        found = known(facts.reported("a"), facts.reported("b", site="south"))

        (change,) = tell(found, facts.site("north", "SY", event_id="6ba7b810-9dad-11d1-80b4-00c04fd430c8"))

        assert (change.before and change.before.country, change.after.country) == ("IQ", "SY")

    def test_told_the_same_changes_nothing(self) -> None:
        """Given a site, when only its name changes, then no incident does."""
        found = known(facts.reported("a"))

        assert tell(found, facts.site("north", "IQ", name="Another name")) == []


class TestTheClock:
    def test_is_the_greatest_recorded_time(self) -> None:
        """Given a record of a later day, when one recorded earlier comes, then the clock stays."""
        found = known(facts.ticked("2023-12-01T00:00:00Z"), facts.ticked("2023-11-05T00:00:00Z"))

        assert found.timelines[facts.TIMELINE].clock == 1_701_388_800_000_000


MISFITS = {
    "an event of a timeline that was not opened": ([], facts.ticked(timeline="other"), "timeline"),
    "a second opening": ([], facts.opened(title="Again"), "timeline"),
    "an unregistered document": ([], facts.reported(source=facts.Source(document="doc-2")), "document"),
    "an unregistered site": ([], facts.reported(site="nowhere"), "site"),
    "an unregistered actor": ([], facts.reported(actor="nobody"), "actor"),
    "an actor of unregistered umbrella": ([], facts.actor("front", member_of=("nobody",)), "actor"),
    "a first report without a place": (
        [],
        facts.reported(bare=True, incident_class="attack", day="2023-10-17"),
        "report",
    ),
    "a correction of nothing": ([], facts.corrected("a", site="south"), "incident"),
    "a correction to an unregistered site": ([facts.reported("a")], facts.corrected("a", site="nowhere"), "site"),
    "a retraction of nothing": ([], facts.retracted("a"), "incident"),
    "a second retraction": (
        [facts.reported("a"), facts.retracted("a")],
        facts.retracted("a", reason="again"),
        "incident",
    ),
    "a report of what was retracted": (
        [facts.reported("a"), facts.retracted("a")],
        facts.reported("a", bare=True),
        "incident",
    ),
    "a merge with itself": ([facts.reported("a")], facts.merged("a", "a"), "merged"),
    "a merge of one incident twice": (
        [facts.reported("a"), facts.reported("b")],
        facts.merged("a", "b", "b"),
        "merged",
    ),
    "a merge with something unknown": ([facts.reported("a")], facts.merged("a", "b"), "incident"),
    "a merge in a circle": (
        [facts.reported("a"), facts.reported("b"), facts.merged("a", "b")],
        facts.merged("b", "a"),
        "merged",
    ),
    "a merge of what is merged": (
        [facts.reported("a"), facts.reported("b"), facts.reported("c"), facts.merged("a", "b")],
        facts.merged("c", "b"),
        "merged",
    ),
    "a split of what was not merged": ([facts.reported("a"), facts.reported("b")], facts.split("a", "b"), "split"),
    "a split from another survivor": (
        [facts.reported("a"), facts.reported("b"), facts.reported("c"), facts.merged("a", "b")],
        facts.split("c", "b"),
        "split",
    ),
    "a statement about an unknown incident": ([], facts.stated(incidents=("a",)), "incidents"),
    "a statement of an unregistered actor": ([], facts.stated(actor="nobody"), "actor"),
    "an assertion about an unregistered site": ([], facts.asserted(scope={"site": "nowhere"}), "site"),
    "a posture of an unregistered actor": ([], facts.posture(actor="nobody"), "actor"),
    "rules that are none": ([], facts.adopted({"id": "x"}), "rules"),
    "rules with another hash": ([], facts.adopted(content_hash="0" * 64), "content_hash"),
}


@pytest.mark.parametrize(("before", "misfit", "field"), MISFITS.values(), ids=list(MISFITS))
def test_what_does_not_fit_is_refused_and_changes_nothing(before: Iterable[Event], misfit: Event, field: str) -> None:
    """Given what came before, when an event does not fit it, then nothing moves, not even the clock."""
    found = known(*before)
    standing, clock = dict(found.incidents), {name: it.clock for name, it in found.timelines.items()}

    with pytest.raises(Inapplicable) as refusal:
        tell(found, misfit)

    assert refusal.value.field == field
    assert (found.incidents, {name: it.clock for name, it in found.timelines.items()}) == (standing, clock)


def test_rules_with_very_many_faults_are_refused_in_few_words() -> None:
    """Given rules with more faults than a dead letter has space for, when they are adopted, then most are counted."""
    many = facts.adopted({"id": "x", "levels": {"watch": 1}, "by": [f"?{number}" for number in range(60_000)]})

    with pytest.raises(Inapplicable) as refusal:
        tell(known(), many)

    assert refusal.value.found.endswith("\n59900 more")
    assert len(refusal.value.found) < 20_000
