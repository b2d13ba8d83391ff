"""Whom an experimental rule tells: no one is paged. Instants are days, windows are 7 of them."""

from dataclasses import fields, replace

import pytest

from projections.rules.model import Rule
from projections.rules.words import Status
from tests.projections.rules.test_adoption import RULE, world
from tests.projections.rules.world import incident, lines

TRIED = replace(RULE, status=Status.EXPERIMENTAL, content_hash="tried")


def test_an_experimental_rule_tells_the_topic_of_everything_alone() -> None:
    """Given an experimental rule, when an alert rises, escalates and ends, then no topic of a severity hears of it."""
    it = world(TRIED)

    told = [*it.told, *it.put(incident(9, 21, "south")), *it.tick(40)]

    assert {"raised", "escalated", "resolved"} <= {one.message.kind for one in told}
    assert {one.message.severities for one in told} == {()}


def test_an_alert_that_is_tried_from_now_on_says_so_where_it_was_told() -> None:
    """Given an open alert, when its rule becomes experimental, then its topic hears that, and nothing after it."""
    it = world(RULE)

    assert lines(it.adopt(TRIED)) == ["updated watch open 20- to watch"]
    assert lines(it.tick(40)) == ["resolved watch resolved 20-26"]


def test_an_alert_that_is_trusted_from_now_on_is_told_to_its_topic() -> None:
    """Given an open alert of an experimental rule, when the rule becomes stable, then its topic hears of it."""
    it = world(TRIED)

    assert lines(it.adopt(RULE)) == ["updated watch open 20- to watch"]
    assert lines(it.tick(40)) == ["resolved watch resolved 20-26 to watch"]


def test_what_ends_with_the_change_ends_where_it_was_told() -> None:
    """Given an open alert, when its rule is on trial and asks for more, then its topic hears that it is cancelled."""
    it = world(RULE)

    assert lines(it.adopt(replace(TRIED, levels=(3,)))) == [
        "cancelled watch cancelled 3-8",
        "cancelled watch cancelled 20- to watch",
    ]


def test_what_begins_with_the_change_pages_no_one() -> None:
    """Given a rule that rang for nothing, when it is experimental and asks for less, then what it raises is quiet."""
    it = world(replace(RULE, levels=(9,)))

    assert lines(it.adopt(TRIED)) == ["raised watch open 20- late"]


def test_another_group_pages_no_one() -> None:
    """Given an open alert of a site, when its rule is on trial and groups otherwise, then only what is gone pages."""
    it = world(RULE)

    assert lines(it.adopt(replace(TRIED, by=()))) == [
        "raised watch open 20- late",
        "cancelled watch cancelled 3-8",
        "cancelled watch cancelled 20- to watch",
    ]


def test_an_alert_that_ends_as_its_rule_is_trusted_and_groups_otherwise_ends_where_it_was_told() -> None:
    """Given an alert of a rule that was on trial, when it is stable and of the whole, then its topic hears of it."""
    it = world(RULE)
    it.adopt(TRIED)

    assert lines(it.adopt(replace(RULE, by=(), content_hash="whole"))) == [
        "raised watch open 20- to watch late",
        "cancelled watch cancelled 3-8",
        "cancelled watch cancelled 20- to watch",
    ]


MORE, WHOLE, LESS = {"levels": (3,)}, {"by": ()}, {"levels": (1, 2)}  # ends the alert, ends it, makes it a warning
PAST, RAISED = "cancelled watch cancelled 3-8", "raised watch open 20- to watch late"
OVER, HUSHED = "resolved watch resolved 20-26 to watch late", "resolved watch resolved 20-26 late"
GROWN = ["resolved warning resolved 19-27"]
ENDS, QUIET = "cancelled watch cancelled 20- to watch", "cancelled watch cancelled 20-"


@pytest.mark.parametrize(
    ("rules", "told", "later"),
    [
        ([RULE, replace(TRIED, **MORE)], [PAST, ENDS], []),
        (
            [RULE, replace(TRIED, **WHOLE)],
            ["raised watch open 20- late", PAST, ENDS],
            [HUSHED],
        ),
        ([RULE, TRIED], ["updated watch open 20- to watch"], ["resolved watch resolved 20-26"]),
        (
            [RULE, replace(TRIED, **LESS)],
            ["escalated warning resolved 1-10", "escalated warning open 19- to watch"],
            GROWN,
        ),
        ([TRIED, replace(RULE, **MORE)], [PAST, QUIET], []),
        ([TRIED, replace(RULE, **WHOLE)], [RAISED, PAST, QUIET], [OVER]),
        ([TRIED, RULE], ["updated watch open 20- to watch"], ["resolved watch resolved 20-26 to watch"]),
        (
            [TRIED, replace(RULE, **LESS)],
            ["escalated warning resolved 1-10", "escalated warning open 19- to warning"],
            ["resolved warning resolved 19-27 to warning"],
        ),
        ([RULE, TRIED, replace(RULE, **MORE)], [PAST, ENDS], []),
        ([RULE, TRIED, replace(RULE, **WHOLE)], [RAISED, PAST, ENDS], [OVER]),
        (
            [RULE, TRIED, replace(TRIED, content_hash="2", **LESS), replace(RULE, **MORE)],
            ["cancelled warning cancelled 1-10", "cancelled warning cancelled 19- to watch"],
            [],
        ),
        (
            [RULE, TRIED, replace(TRIED, content_hash="2", **LESS), replace(RULE, content_hash="3", **LESS)],
            ["updated warning open 19- to warning watch"],
            ["resolved warning resolved 19-27 to warning"],
        ),
        ([TRIED, RULE, TRIED, replace(RULE, **MORE)], [PAST, ENDS], []),
        ([TRIED, replace(TRIED, **MORE)], [PAST, QUIET], []),
        ([TRIED], ["raised watch open 20- late"], [HUSHED]),
    ],
    ids=[
        "on trial, ends",
        "on trial, groups otherwise",
        "on trial, goes on",
        "on trial, goes on as a warning of which no topic was told",
        "trusted, ends",
        "trusted, groups otherwise",
        "trusted, goes on",
        "trusted, goes on as a warning",
        "trusted again, ends",
        "trusted again, groups otherwise",
        "trusted again, ends as a warning of which no topic was told",
        "trusted again, goes on as that warning",
        "trusted for a while, ends",
        "still on trial, ends",
        "new on trial",
    ],
)
def test_what_becomes_of_an_alert_is_told_where_the_alert_was(
    rules: list[Rule], told: list[str], later: list[str]
) -> None:
    """Given an alert, when its rule goes on trial or leaves it, then those hear of it who were told or need to be."""
    it = world(*rules[:1] if len(rules) > 1 else ())
    for rule in rules[1:-1]:
        it.adopt(rule)

    assert lines(it.adopt(rules[-1])) == told
    assert lines(it.tick(40)) == later


def test_the_same_status_is_no_news() -> None:
    """Given an open alert, when its rule is adopted with another title, then nobody is told."""
    it, renamed = world(RULE), replace(RULE, title="other", content_hash="second")

    assert [lines(it.adopt(each)) for each in (renamed, RULE, Rule(**_fields(renamed)))] == [[], [], []]


def _fields(rule: Rule) -> dict[str, object]:
    return {field.name: getattr(rule, field.name) for field in fields(rule)}
