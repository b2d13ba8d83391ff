"""What an alert message says, as it goes out: from events in a log to the rows that the relay sends."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from events.log import Event
from projections.apply import apply_batch
from projections.rules import yaml_file
from projections.rules.messages import SHOWN, AlertMessage, evidence, evidence_hash
from projections.rules.spec import content_hash
from projections.store.file import PartitionFile
from tests import facts

RULES = """
rules:
  - id: site
    title: Repeated attacks on one site
    where: {class: attack}
    by: [site]
    window: 7d
    levels: {watch: 2, warning: 3}
    annotations: {summary: "{value} attacks on {site} within {window}: {severity} since {opened_at}"}
"""


def adopted(text: str = RULES, **said: Any) -> Event:
    rules = yaml_file.read(text)
    return facts.adopted(*rules, content_hash=content_hash(rules), **said)


def attack(name: str, day: int, at: int | None = None, **said: Any) -> Event:
    return facts.reported(name, day=f"2023-10-{day:02}", at=f"2023-10-{at or day:02}T12:00:00Z", **said)


class Line:
    """A partition's file, and the messages that are to be sent."""

    def __init__(self, folder: Path) -> None:
        self.file = PartitionFile(folder / "p3.duckdb", 3, 4)

    def tell(self, *events: Event) -> list[dict[str, Any]]:
        """The messages that these events lead to."""
        start = self.file.next_offset
        before = self.file.con.execute("SELECT count(*) FROM alert_messages").fetchall()[0][0]
        apply_batch(self.file, facts.records(events, start), start, start + len(events))
        assert self.file.con.execute("SELECT reason, expected, found FROM rejected").fetchall() == []
        query = "SELECT body::VARCHAR FROM alert_messages ORDER BY event_offset, seq OFFSET ?"
        return [json.loads(row[0]) for row in self.file.con.execute(query, [before]).fetchall()]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A timeline with its stage and the rules, on the first of October."""
    it = Line(tmp_path)
    at = {"at": "2023-10-01T00:00:00Z"}
    it.tell(facts.opened("replayed", **at), facts.site("north", **at), facts.site("south", **at), adopted(**at))
    yield it
    it.file.close()


def test_a_message_carries_the_whole_state_of_its_alert(line: Line) -> None:
    """Given two attacks within a week, when the second is told, then the message says all that the design asks."""
    (rule,) = yaml_file.read(RULES)
    first, second = attack("a", 3), attack("b", 5, 6)

    (body,) = line.tell(first, second)

    assert body == {
        "alert_id": body["alert_id"],
        "seq": 0,
        "kind": "raised",
        "timeline": "test",
        "rule": {"id": "site", "title": "Repeated attacks on one site", "content_hash": content_hash(rule)},
        "group": {"site": "north"},
        "severity": "watch",
        "level_now": "watch",
        "state": "open",
        "opened_at": "2023-10-05T00:00:00Z",
        "ended_at": None,
        "window": "7d",
        "value": {"low": 2, "best": 2, "high": 2},
        "peak_at": "2023-10-05T00:00:00Z",
        "threshold": 2,
        "evidence": {
            "count": 2,
            "hash": evidence_hash([("a", 1), ("b", 1)]),
            "incidents": [{"incident_id": "a", "version": 1}, {"incident_id": "b", "version": 1}],
        },
        "cause": {"event_id": second.event_id, "position": {"partition": 3, "offset": 5}, "reason": "evidence"},
        "references": [],
        "late": False,
        "merged_into": None,
        "annotations": {"summary": "2 attacks on north within 7d: watch since 2023-10-05T00:00:00Z"},
        "known_at": "2023-10-06T12:00:00Z",
    }


def test_a_message_of_a_rule_with_labels_on_trial_says_both(line: Line) -> None:
    """Given an experimental rule with labels, when it tells, then its message has both and goes to one topic."""
    at = {"at": "2023-10-01T00:00:00Z"}
    line.tell(adopted(RULES + "    status: experimental\n    labels: {team: night}\n", **at))

    (body,) = line.tell(attack("a", 3), attack("b", 5, 6))

    assert (body["rule"]["status"], body["labels"]) == ("experimental", {"team": "night"})
    assert AlertMessage.model_validate(body).labels == {"team": "night"}
    assert line.file.con.execute("SELECT DISTINCT topics FROM alert_messages").fetchall() == [("alerts",)]


def test_each_message_refers_to_the_one_before_it(line: Line) -> None:
    """Given an alert's life, when its messages are numbered, then each amends the one before, and all are one alert."""
    bodies = line.tell(attack("a", 3), attack("b", 5), attack("c", 5), facts.ticked("2023-10-20T00:00:00Z"))
    query = "SELECT message_id::VARCHAR FROM alert_messages ORDER BY event_offset, seq"
    first, second, third = (row[0] for row in line.file.con.execute(query).fetchall())

    assert [(it["kind"], it["seq"], it["severity"], it["threshold"]) for it in bodies] == [
        ("raised", 0, "watch", 2),
        ("escalated", 1, "warning", 3),
        ("resolved", 2, "warning", 3),
    ]
    assert [it["references"] for it in bodies] == [[], [first], [second]]
    assert len({it["alert_id"] for it in bodies}) == 1
    assert len({first, second, third}) == 3


def test_what_is_over_says_when_and_what_its_value_is_now(line: Line) -> None:
    """Given an open alert, when time passes, then it ended when its value fell, and reaches no level now."""
    line.tell(attack("a", 3), attack("b", 5))

    (body,) = line.tell(facts.ticked("2023-10-20T00:00:00Z"))

    assert (body["kind"], body["state"], body["ended_at"]) == ("resolved", "resolved", "2023-10-10T00:00:00Z")
    assert (body["level_now"], body["severity"], body["cause"]["reason"]) == (None, "watch", "time")


def test_evidence_names_the_version_that_was_true_then(line: Line) -> None:
    """Given incidents corrected in the same batch, when messages are made, then each has the versions of its moment."""
    bodies = line.tell(
        attack("a", 3),
        attack("b", 5),
        facts.corrected("a", weapons=("drone",), at="2023-10-05T12:00:00Z"),
        attack("c", 5),
    )

    assert [[(it["incident_id"], it["version"]) for it in body["evidence"]["incidents"]] for body in bodies] == [
        [("a", 1), ("b", 1)],
        [("a", 2), ("b", 1), ("c", 1)],
    ]


def test_the_cause_of_a_cancellation_is_named(line: Line) -> None:
    """Given an alert, when one of its incidents is merged into another, then the message names that event."""
    line.tell(attack("a", 3), attack("b", 5))
    merge = facts.merged("a", "b", at="2023-10-06T12:00:00Z")

    (body,) = line.tell(merge)

    assert (body["kind"], body["state"]) == ("cancelled", "cancelled")
    assert body["cause"] == {
        "event_id": merge.event_id,
        "position": {"partition": 3, "offset": 6},
        "reason": "evidence",
    }


def test_rules_that_are_gone_are_the_reason(line: Line) -> None:
    """Given an open alert, when no rules are adopted, then it is cancelled for the reason `rules`."""
    line.tell(attack("a", 3), attack("b", 5))

    (body,) = line.tell(facts.adopted(content_hash=content_hash([]), at="2023-10-06T12:00:00Z"))

    assert (body["kind"], body["cause"]["reason"]) == ("cancelled", "rules")


def test_rules_that_are_none_are_rejected(line: Line) -> None:
    """Given content that is no rule, or another hash, when it is adopted, then the event is set aside."""
    broken = [
        facts.adopted({"id": "x"}, content_hash=content_hash([{"id": "x"}])),
        facts.adopted(*yaml_file.read(RULES), content_hash="0" * 64),
    ]
    start = line.file.next_offset

    apply_batch(line.file, facts.records(broken, start), start, start + 2)

    rows = line.file.con.execute("SELECT reason, field FROM rejected ORDER BY event_offset").fetchall()
    assert rows == [("inapplicable", "rules"), ("inapplicable", "content_hash")]
    assert line.file.con.execute("SELECT rule FROM rules WHERE retired_at IS NULL").fetchall() == [("site",)]


def test_every_message_is_as_published(line: Line) -> None:
    """Given messages of several kinds, when they are validated against the published model, then all pass."""
    bodies = line.tell(
        attack("a", 3),
        attack("b", 5),
        attack("c", 5, 6),
        facts.retracted("c", at="2023-10-07T12:00:00Z"),
        facts.ticked("2023-10-20T00:00:00Z"),
        attack("d", 2, 20),
        facts.retracted("a", at="2023-10-21T12:00:00Z"),
    )

    assert {it["kind"] for it in bodies} >= {"raised", "escalated", "updated", "resolved"}
    for body in bodies:
        assert (
            json.loads(AlertMessage.model_validate_json(json.dumps(body)).model_dump_json(exclude_unset=True)) == body
        )


def test_where_there_is_more_evidence_than_fits_the_newest_is_shown() -> None:
    """Given more incidents than a message names, when it is made, then count and hash are of all, the list is not."""
    those = [(f"i{number}", 1) for number in range(SHOWN + 50)]

    said = evidence(those)

    assert (said["count"], len(said["incidents"])) == (SHOWN + 50, SHOWN)
    assert said["incidents"][-1] == {"incident_id": f"i{SHOWN + 49}", "version": 1}
    assert said["hash"] == evidence_hash(reversed(those)) != evidence_hash(those[1:])


def test_rules_that_group_otherwise_cancel_what_was_told_of_the_old_groups(line: Line) -> None:
    """Given an open alert of a site, when its rule groups by actor now, then that alert is cancelled as it was."""
    line.tell(
        facts.actor("north", at="2023-10-01T00:00:00Z"), attack("a", 3, actor="north"), attack("b", 5, actor="north")
    )

    gone, come = line.tell(
        adopted(RULES.replace("[site]", "[actor]").replace("{site}", "{actor}"), at="2023-10-06T12:00:00Z")
    )

    assert (gone["kind"], gone["group"], gone["cause"]["reason"]) == ("cancelled", {"site": "north"}, "rules")
    assert (come["kind"], come["group"], come["late"]) == ("raised", {"actor": "north"}, True)
    assert come["alert_id"] != gone["alert_id"]


@pytest.mark.parametrize(
    "text", ["rules: []", RULES.replace("watch: 2", "watch: 3").replace("warning: 3", "warning: 4")]
)
def test_what_rules_cancelled_shows_what_it_stood_on(line: Line, text: str) -> None:
    """Given an open alert, when its rule is gone or asks for more, then the cancellation names the alert's evidence."""
    (raised,) = line.tell(attack("a", 3), attack("b", 5))

    (cancelled,) = line.tell(adopted(text, at="2023-10-06T12:00:00Z"))

    assert cancelled["kind"] == "cancelled"
    assert cancelled["evidence"] == raised["evidence"]


def test_what_rules_cancelled_says_the_threshold_and_the_text_that_it_stood_under(line: Line) -> None:
    """Given an open alert, when its rule asks for more in other words, then the cancellation has those of before."""
    (raised,) = line.tell(attack("a", 3), attack("b", 5))
    more = RULES.replace("watch: 2", "watch: 3").replace("warning: 3", "warning: 4").replace("{value}", "{value} now")

    (cancelled,) = line.tell(adopted(more, at="2023-10-06T12:00:00Z"))

    assert more != RULES
    stays = ("rule", "severity", "threshold", "value", "window", "annotations", "labels")
    assert {it: cancelled.get(it) for it in stays} == {it: raised.get(it) for it in stays}
    assert cancelled["level_now"] is None


def test_what_goes_on_under_other_rules_says_theirs(line: Line) -> None:
    """Given an open alert, when its rule rates it higher in other words, then the message has the new ones."""
    (raised,) = line.tell(attack("a", 3), attack("b", 5))
    higher = RULES.replace("watch: 2", "watch: 1").replace("warning: 3", "warning: 2").replace("{value}", "{value} now")

    (escalated,) = line.tell(adopted(higher, at="2023-10-06T12:00:00Z"))

    assert (escalated["kind"], escalated["threshold"], escalated["level_now"]) == ("escalated", 2, "warning")
    assert escalated["rule"]["content_hash"] != raised["rule"]["content_hash"]
    assert "2 now" in escalated["annotations"]["summary"]


SILENT = """
rules:
  - id: quiet
    by: [site]
    measure: silence
    levels: {watch: 36h, warning: 3d}
    annotations: {summary: "nothing on {site} for {value}, {threshold} are worth a {severity}"}
"""


def seconds(many: int) -> dict[str, Any]:
    return {"low": many, "best": many, "high": many, "unit": "s"}


def test_silence_is_told_in_seconds_and_in_words(line: Line) -> None:
    """Given a rule of silence, when nothing follows an attack, then numbers are seconds and texts say durations."""
    line.tell(adopted(SILENT, at="2023-10-01T00:00:00Z"), attack("a", 3))

    told = line.tell(facts.ticked("2023-10-04T12:00:00Z"), facts.ticked("2023-10-07T00:00:00Z"))

    assert [(it["kind"], it["value"], it["threshold"]) for it in told] == [
        ("raised", seconds(36 * 3_600), 36 * 3_600),
        ("escalated", seconds(3 * 86_400), 3 * 86_400),
    ]
    assert [it["annotations"]["summary"] for it in told] == [
        "nothing on north for 36h, 36h are worth a watch",
        "nothing on north for 3d, 3d are worth a warning",
    ]
    assert [it["evidence"]["incidents"] for it in told] == [[{"incident_id": "a", "version": 1}]] * 2
    assert told[0]["window"] == "all"
    assert AlertMessage.model_validate(told[0]).threshold == 36 * 3_600


def test_a_rule_that_counts_since_a_day_says_it(line: Line) -> None:
    """Given a rule that counts since a day, when it tells something, then the window is that day."""
    since = RULES.replace("window: 7d", "window: {since: 2023-10-02}")
    line.tell(adopted(since, at="2023-10-01T00:00:00Z"), attack("a", 1), attack("b", 2))

    [told] = line.tell(attack("c", 20))

    assert told["window"] == {"since": "2023-10-02"}
    assert [it["incident_id"] for it in told["evidence"]["incidents"]] == ["b", "c"]


WOUNDED = """
rules:
  - {id: wounded, by: [site], measure: {sum: wounded.us}, window: 7d, levels: {watch: 5},
     annotations: {summary: "{value} wounded"}}
"""


def hurt(name: str, day: int, many: int | str, **said: Any) -> Event:
    return attack(name, day, wounded={"us": many}, **said)


def test_a_sum_says_its_bounds_and_which_are_at_least_so_much(line: Line) -> None:
    """Given a sum of wounded, when bounds are not stated, then the next lower ones stand in, and it is said."""
    line.tell(adopted(WOUNDED, at="2023-10-01T00:00:00Z"))

    [exact] = line.tell(hurt("a", 3, 5))
    [vague] = line.tell(facts.corrected("a", wounded={"us": "at least 5"}, at="2023-10-04T12:00:00Z"))
    [more] = line.tell(hurt("b", 5, "dozens"), facts.corrected("a", wounded={"us": 6}, at="2023-10-05T13:00:00Z"))

    assert exact["value"] == {"low": 5, "best": 5, "high": 5}
    assert (vague["kind"], vague["value"]) == ("updated", {"low": 5, "best": 5, "high": 5, "at_least": ["high"]})
    assert more["value"] == {"low": 30, "best": 30, "high": 30, "at_least": ["best", "high"]}
    texts = [it["annotations"]["summary"] for it in (exact, vague, more)]
    assert texts == ["5 wounded", "5 wounded", "at least 30 wounded"]
    for body in (exact, vague, more):
        said = AlertMessage.model_validate_json(json.dumps(body)).model_dump_json(exclude_unset=True)
        assert json.loads(said) == body


def test_a_sum_that_is_gone_says_what_it_was(tmp_path: Path) -> None:
    """Given an alert of a sum, when a correction takes its ground, after a restart too, then its bounds are the old."""
    at = {"at": "2023-10-01T00:00:00Z"}
    stage = [
        facts.opened("replayed", **at),
        facts.site("north", **at),
        adopted(WOUNDED, **at),
        hurt("a", 3, "at least 5"),
    ]
    told = []
    for again in (False, True):
        (tmp_path / str(again)).mkdir()
        it = Line(tmp_path / str(again))
        [raised] = it.tell(*stage, hurt("a", 3, "at least 5"))
        if again:
            it.file.close()
            it = Line(tmp_path / str(again))
        told.append(it.tell(facts.corrected("a", wounded={"us": 1}, at="2023-10-06T12:00:00Z")))
        it.file.close()

    assert told[0] == told[1]
    assert [(body["kind"], body["value"]) for body in told[0]] == [("cancelled", raised["value"])]
    assert raised["value"] == {"low": 5, "best": 5, "high": 5, "at_least": ["high"]}


def test_a_sum_says_which_bound_reached_the_threshold(line: Line) -> None:
    """Given a rule that looks at the least there can be, when it tells, then its message names that bound."""
    low = WOUNDED.replace("window: 7d", "bound: low, window: 7d")
    line.tell(adopted(low, at="2023-10-01T00:00:00Z"))

    assert line.tell(hurt("a", 3, "about 9")) == []
    [body] = line.tell(hurt("b", 4, "at least 5"))

    assert body["value"] == {"low": 5, "best": 5, "high": 5, "at_least": ["high"], "bound": "low"}
    assert body["evidence"]["count"] == 1
