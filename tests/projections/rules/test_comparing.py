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
        (ONE, ONE.replace("one", "two"), ["gone     one", "new      two"]),
        (ONE, ONE.replace("7d", "8d"), ["changed  one: window"]),
        (ONE, ONE.replace("7d", "8d, labels: {a: b}"), ["changed  one: window, labels"]),
        (ONE.replace("7d", "7d, labels: {a: b}"), ONE, ["changed  one: labels"]),
        (ONE, ONE.replace("7d", "168h"), []),
        ("rules: []", "rules: []", []),
    ],
    ids=[
        *("the same", "one more", "one less", "another id", "another window", "a new field", "a field less"),
        *("the same in other words", "none"),
    ],
)
def test_changes(old: str, new: str, said: list[str]) -> None:
    """Given the rules in force and others, when they are compared, then each difference has a line."""
    assert compare(read(old), read(new)).lines() == said


def test_another_order_is_a_change() -> None:
    """Given the same rules in another order, when they are compared, then that is told."""
    assert compare(read(TWO), read(TWO)[::-1]).lines() == ["order"]


def test_a_rule_more_at_the_front_is_no_other_order() -> None:
    """Given a new rule before the others, when they are compared, then it is new, and the others are as they were."""
    one, two = read(TWO)

    assert compare([two], [one, two]).lines() == ["new      one"]
