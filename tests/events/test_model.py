"""The catalogue: what each fact is about, when it happened, and what it refuses."""

from typing import Any

import pytest
from pydantic import ValidationError

from events import ids, model
from events.errors import one_line
from tests import facts

REFUSED = {
    "a correction of nothing": lambda: facts.corrected("a"),
    "a correction that takes back the site": lambda: facts.corrected("a", site=None),
    "a correction that takes back the class": lambda: facts.corrected("a", incident_class=None),
    "a correction that takes back the time": lambda: facts.corrected("a", occurred=None),
    "a merge of nothing": lambda: facts.told(model.IncidentsMerged, survivor="a", merged=(), reason="none"),
    "a document published before it can have been": lambda: facts.document(earliest="2023-11-02"),
    "a document published after it can have been": lambda: facts.document(latest="2023-10-31"),
    "a total of days that run backwards": lambda: facts.asserted(since="2023-11-02", as_of="2023-11-01"),
    "a rule that nests too deep": lambda: facts.adopted(nested(20)),
    "a rule with a number that no JSON reader keeps": lambda: facts.adopted({"levels": {"watch": 2**53}}),
    "a rule with a number that is none": lambda: facts.adopted({"levels": {"watch": float("nan")}}),
    "a rule with a number of 400 digits": lambda: facts.adopted({"levels": {"watch": 10**400}}),
    "a rule with a text that is too long": lambda: facts.adopted({"title": "x" * 4_001}),
    "an id with a blank": lambda: facts.site("the north"),
    "a name of two lines": lambda: facts.site("north", name="a\nb"),
    "a country in words": lambda: facts.site("north", country="Iraq"),
    "a latitude beyond the pole": lambda: facts.site("north", lat=91.0),
}  # fmt: skip


def nested(depth: int) -> dict[str, Any]:
    return {"not": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_a_fact_that_can_not_be_is_refused(make: Any) -> None:
    """Given fields that make no sense together, then there is no such fact."""
    with pytest.raises(ValidationError):
        make()


def test_a_rule_may_nest_as_deep_as_rules_do() -> None:
    """Given a rule of ordinary depth, then it can be adopted."""
    assert facts.adopted(nested(5)).fact is not None


def test_a_fact_can_not_be_changed() -> None:
    """Given a fact, when somebody assigns to it, then that is refused."""
    fact = facts.opened().fact

    with pytest.raises(ValidationError, match="frozen"):
        fact.note = "later"  # type: ignore[misc]


def test_the_subject_is_the_thing_that_the_fact_is_about() -> None:
    """Given one fact of each type, then its subject is the id of incident, site, actor …, or nothing for a timeline."""
    subjects = {it.fact.kind: it.fact.subject() for it in facts.one_of_each()}

    assert subjects == {
        "timeline.opened": None,
        "document.registered": "doc-1",
        "site.registered": "north",
        "actor.registered": "militia",
        "rules.adopted": None,
        "incident.reported": "b",
        "incident.corrected": "a",
        "incidents.merged": "a",
        "incidents.split": "a",
        "incident.retracted": "b",
        "tally.asserted": "tally-1",
        "statement.issued": "statement-1",
        "posture.changed": "posture-1",
        "alerts.silenced": "silence-1",
        "silence.lifted": "silence-1",
        "alert.acknowledged": "alert-1",
        "projection.adopted": None,
        "clock.ticked": None,
    }


def test_what_happened_is_when_the_incident_happened_if_the_fact_says_so() -> None:
    """Given reports and corrections with and without a time, then only those with one say when."""
    day = facts.days("2023-10-17")

    assert facts.reported("a", day="2023-10-17").fact.happened() == day
    assert facts.corrected("a", day="2023-10-17").fact.happened() == day
    assert facts.corrected("a", site="south").fact.happened() is None
    assert facts.ticked().fact.happened() is None


def test_a_field_taken_back_is_another_report_than_one_left_out() -> None:
    """Given two reports that differ in null against silence, then they are not the same."""
    assert model.Report(site="north") != model.Report(site="north", outcome=None)
    assert model.Report(site="north") == model.Report(site="north")
    assert hash(model.Report(site="north")) == hash(model.Report(site="north"))


def test_the_same_identity_gives_the_same_id_and_another_one_another() -> None:
    """Given what identifies a fact at its source, then the id depends on every part of it and on nothing else."""
    assert ids.event_id("t", "a", "b") == ids.event_id("t", "a", "b")
    assert len({ids.event_id("t", "a", "b"), ids.event_id("t", "ab"), ids.event_id("u", "a", "b")}) == 3


def test_a_text_with_line_feeds_and_surrogates_becomes_one_line() -> None:
    """Given text that would break a line or a store, when it is made one line, then nothing of it is lost."""
    assert one_line("a\nb\x00\ud800 é") == "a\\nb\\x00\\ud800 é"
