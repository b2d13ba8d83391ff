"""What is different between two sets of rules is told by id, and by field."""

import pytest

from projections.rules.comparing import compare
from projections.rules.yaml_file import read

ONE = "rules:\n- {id: one, levels: {watch: 2}, by: [site], window: 7d}\n"
TWO = ONE + "- {id: two, title: All of them, levels: {watch: 5, critical: 9}}\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (TWO, TWO, []),
        (ONE, TWO, ["new      two"]),
        (TWO, ONE, ["gone     two"]),
        (ONE, ONE.replace("one", "two"), ["gone     one", "new      two (renamed? it says what one said)"]),
        (ONE, ONE.replace("one", "two").replace("7d", "8d"), ["gone     one", "new      two"]),
        (ONE, ONE.replace("7d", "8d"), ["changed  one: window"]),
        (ONE, ONE.replace("7d", "8d, labels: {a: b}"), ["changed  one: window, labels"]),
        (ONE.replace("7d", "7d, labels: {a: b}"), ONE, ["changed  one: labels"]),
        (ONE, ONE.replace("watch: 2", "watch: 3"), ["changed  one: levels"]),
        (ONE, ONE.replace("7d", "7d, clear_below: 1"), ["changed  one: clear_below"]),
        (ONE, ONE.replace("2}", "3}, clear_below: 2"), ["changed  one: levels, clear_below"]),
        (ONE, ONE.replace("7d", "168h"), []),
        ("rules: []", "rules: []", []),
    ],
    ids=[
        *(
            "the same",
            "one more",
            "one less",
            "another id",
            "another rule",
            "another window",
            "a new field",
            "a field less",
        ),
        *("a level", "where it clears", "where it clears, written, and a level"),
        *("the same in other words", "none"),
    ],
)
def test_changes(old: str, new: str, said: list[str]) -> None:
    """Given the rules in force and others, when they are compared, then each difference has a line."""
    assert compare(read(old), read(new)).lines() == said


def test_fields_are_told_in_the_order_of_a_file() -> None:
    """Given rules whose fields came in any order, when they are compared, then the changes are as files are written."""
    [old] = read(ONE)
    [new] = read(ONE.replace("7d", "8d, labels: {a: b}, not: {site: [x]}").replace("watch: 2", "watch: 3"))

    for these in (new, dict(sorted(new.items())), dict(reversed(new.items()))):
        assert compare([old], [these]).changed == {"one": ["not", "window", "levels", "labels"]}


def test_each_rule_was_renamed_once_at_most() -> None:
    """Given two rules that say the same and one that has gone, when they are compared, then it is one of them."""
    [one] = read(ONE)
    two, three = ({**one, "id": name, "title": name} for name in ("two", "three"))

    assert compare([one], [two, three]).renamed == {"two": "one"}
    assert compare([{**one, "title": "A title"}], [two]).renamed == {}


def test_another_order_is_a_change() -> None:
    """Given the same rules in another order, when they are compared, then that is told."""
    assert compare(read(TWO), read(TWO)[::-1]).lines() == ["order"]


def test_a_rule_more_at_the_front_is_no_other_order() -> None:
    """Given a new rule before the others, when they are compared, then it is new, and the others are as they were."""
    one, two = read(TWO)

    assert compare([two], [one, two]).lines() == ["new      one"]
