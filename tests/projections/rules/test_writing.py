"""Every rule that is evaluated can be written in a file, and means the same when it is read."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.values import instant, micros
from projections.rules.compiling import compile_rule, compile_rules
from projections.rules.durations import UNITS, written
from projections.rules.model import FOREVER, SEVERITIES, Amounts, Rule
from projections.rules.spec import content_hash
from projections.rules.words import Measure
from projections.rules.yaml_file import read
from tests import facts
from tests.projections.rules.histories import examples

BEFORE = Path(__file__).with_name("rules_before_other_measures.yaml")
OF: Final[Mapping[Measure, list[str]]] = {
    Measure.SUM: ["munitions", "targets", "wounded.us", "killed.civilian"],
    Measure.DISTINCT: ["weapon", "actor", "site_kind"],
    Measure.NEW: ["weapon", "site", "confidence"],
}
LENGTHS = st.sampled_from(["s", "m", "h", "d", "w"]).flatmap(lambda it: st.integers(1, 90).map(lambda n: n * UNITS[it]))
DAYS = st.integers(0, 900).map(lambda days: micros(facts.moment("2022-01-01")) + days * UNITS["d"])


AMOUNTS = st.lists(
    st.tuples(
        st.sampled_from(["munitions", "targets", "wounded.us", "wounded.civilian", "killed.a.b"]),
        st.sampled_from([">=", ">", "<=", "<", "="]),
        st.integers(0, 9_999_999_999),
    ),
    max_size=3,
    unique_by=lambda it: it[0],
).map(lambda those: tuple(sorted(those, key=place_of)))


def place_of(amount: tuple[str, str, int]) -> int:
    return ["munitions", "targets", "wounded", "killed"].index(amount[0].partition(".")[0])


@st.composite
def any_rule(draw: st.DrawFn) -> Rule:
    """A rule of any measure, as it is evaluated."""
    measure = draw(st.sampled_from(Measure))
    sizes = LENGTHS if measure is Measure.SILENCE else st.integers(1, 1_000_000_000)
    levels = draw(st.lists(sizes, min_size=1, max_size=3, unique=True).map(sorted))
    severities = draw(st.lists(st.sampled_from(SEVERITIES), min_size=len(levels), max_size=len(levels), unique=True))
    window = draw(LENGTHS if measure is Measure.SURGE else LENGTHS | st.just(FOREVER))
    below = (
        st.sampled_from([it for it in levels[:1] if it]) if measure is Measure.SILENCE else st.integers(1, levels[0])
    )
    return Rule(
        "r",
        tuple(levels),
        tuple(sorted(severities, key=SEVERITIES.index)),
        window=FOREVER if measure is Measure.SILENCE else window,
        since=draw(DAYS | st.just(-FOREVER)) if window == FOREVER and measure is not Measure.SILENCE else -FOREVER,
        by=tuple(draw(st.lists(st.sampled_from(["site", "actor", "class"]), unique=True))),
        amounts=draw(AMOUNTS),
        excluded_amounts=draw(AMOUNTS),
        measure=measure,
        of=draw(st.sampled_from(OF[measure])) if measure in OF else "",
        bound=draw(st.sampled_from(["low", "best", "high"])),
        preceding=draw(st.integers(1, 52)) if measure is Measure.SURGE else 4,
        learn_until=draw(DAYS | st.just(-FOREVER)) if measure is Measure.NEW else -FOREVER,
        clear=draw(below),
        keep_firing=draw(LENGTHS | st.just(0)),
        title="r",
    )


def said(rule: Rule) -> dict[str, Any]:
    """A rule as a person may write it, derived from what it means and from nothing else."""
    timed = rule.measure is Measure.SILENCE
    of: str | int = rule.preceding if rule.measure is Measure.SURGE else rule.of
    clear = rule.clear_below
    return {
        "id": rule.rule_id,
        "measure": {rule.measure.value: of} if of else rule.measure.value,
        "levels": {name: written(it) if timed else it for name, it in zip(rule.severities, rule.levels, strict=True)},
        "clear_below": written(clear) if timed else clear,
        "bound": rule.bound,
        "where": fields_of(rule.amounts),
        "not": fields_of(rule.excluded_amounts),
        "by": list(rule.by),
        "keep_firing": written(rule.keep_firing),
        **({"window": written(rule.window)} if rule.window < FOREVER else {}),
        **({"window": {"since": day(rule.since)}} if rule.since > -FOREVER else {}),
        **({"learn_until": day(rule.learn_until)} if rule.learn_until > -FOREVER else {}),
    }


def fields_of(amounts: Amounts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for quantity, operator, number in amounts:
        name, _, party = quantity.partition(".")
        found |= {name: found.get(name, {}) | {party: f"{operator}{number}"} if party else f"{operator} {number}"}
    return found


def day(at: int) -> str:
    return instant(at).date().isoformat()


def read_one(content: object) -> dict[str, Any]:
    [form] = read(json.dumps({"rules": [content]}))
    return form


@examples(300)
@given(rule=any_rule())
def test_a_rule_that_is_written_and_read_means_the_same(rule: Rule) -> None:
    """Given any rule of any measure, when it is written, read and compiled, then it is that rule in every field."""
    found = compile_rule(read_one(said(rule)))

    assert replace(found, content="{}", content_hash="") == rule
    assert set(said(rule)) - {"id"} <= {it.name for it in fields(Rule)} | {"clear_below", "not"}


@examples(150)
@given(rule=any_rule())
def test_a_normal_form_reads_back_to_itself(rule: Rule) -> None:
    """Given the normal form of any rule, when it is read as a file, then it is the same, and so is its hash."""
    form = read_one(said(rule))

    assert read_one(form) == form
    assert compile_rule(form).content_hash == content_hash(form)


WRITTEN: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "a sum": ("measure: {sum: wounded.us}, levels: {watch: 3}", {"measure": {"sum": "wounded.us"}, "clear_below": 3}),
    "a surge": (
        "measure: {surge: 4}, window: 1w, levels: {warning: 3}",
        {"measure": {"surge": 4}, "window": "7d", "levels": {"warning": 3}},
    ),
    "silence": (
        "measure: silence, levels: {watch: 48h, critical: 2w}",
        {"measure": "silence", "window": "all", "levels": {"watch": "2d", "critical": "14d"}, "clear_below": "2d"},
    ),
    "new values": (
        "measure: {new: weapon}, learn_until: 2023-10-17, levels: {watch: 1}",
        {"measure": {"new": "weapon"}, "learn_until": "2023-10-17"},
    ),
}


@pytest.mark.parametrize(("text", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_the_normal_form_holds_a_measure_as_it_is_written(text: str, expected: dict[str, Any]) -> None:
    """Given a rule of each measure, when it is read, then its normal form says it in one way."""
    [form] = read(f"rules: [{{id: r, {text}}}]")

    assert {name: form[name] for name in expected} == expected


def test_what_came_later_is_not_in_the_form_of_rules_that_do_not_say_it() -> None:
    """Given a rule that learns nothing, when it is read, then its normal form does not speak of it."""
    assert "learn_until" not in read_one({"id": "r", "measure": {"new": "site"}, "levels": {"watch": 1}})


# As they were adopted before there were other measures than a count: their episodes and alerts hang on these.
ADOPTED: Final = {
    "site-under-repeated-attack": "5b3b7f3ffeb5061eff3d2f3748ca58bcf7385b7d18a14973b9565b0afdb8a821",
    "country-under-attack": "b97685de186d9aea9707194cbfc75ccd03480e93a9461505c772e75b2de9bf20",
    "several-attacks-on-one-day": "d396b9681feb7dfc472c70ee86ee4f4dc8101023ce1d799e889068adbff62200",
    "attacks-by-one-actor": "4635dc46099cfa957ac211e6a7b30e108dc0df5a65958f94182e8986f0aad099",
    "wave-of-attacks": "f4d27435b9bf38c7e92477c1190e60b397732a0b6023243aa6622dc8b56cc0a7",
    "strikes-by-us-forces": "551ce6a20663961398aca1a5152adb16d17623b4c154c519a7041fc9181381a0",
}


def test_rules_that_were_adopted_before_keep_their_hash() -> None:
    """Given the theatre's rules as they were when only counts could be written, then each has the hash it had."""
    known = {it.rule_id: it.content_hash for it in compile_rules(read(BEFORE.read_text(encoding="utf-8")))}

    assert known == ADOPTED
