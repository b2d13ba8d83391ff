"""Durations and templates: the small languages inside a rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.durations import LONGEST, duration, normal, written
from projections.rules.templates import MOST_FAULTS, amiss, render
from projections.rules.values import day


class TestADuration:
    """One number and one unit."""

    @pytest.mark.parametrize(
        ("text", "microseconds", "form"),
        [
            ("7d", 604_800_000_000, "7d"),
            ("2w", 1_209_600_000_000, "14d"),
            ("24h", 86_400_000_000, "1d"),
            ("36h", 129_600_000_000, "36h"),
            ("90s", 90_000_000, "90s"),
            ("120s", 120_000_000, "2m"),
            ("007m", 420_000_000, "7m"),
            ("0d", 0, "0s"),
        ],
    )
    def test_has_one_normal_form(self, text: str, microseconds: int, form: str) -> None:
        """Given a duration in any unit, when it is normalised, then equal lengths are written alike."""
        assert duration(text) == microseconds
        assert normal(text) == form

    @pytest.mark.parametrize(
        "text", ["", "7", "d", "7 d", "-1d", "1.5h", "7D", "1d12h", "7d\n", "\u0667d", "36501d", "999999999999w"]
    )
    def test_of_another_form_is_refused(self, text: str) -> None:
        """Given a text that is no duration, when it is read, then it is refused with examples or the limit."""
        with pytest.raises(ValueError, match="expected a duration"):
            duration(text)

    @given(seconds=st.integers(0, LONGEST // 1_000_000))
    def test_that_was_written_reads_the_same(self, seconds: int) -> None:
        """Given any whole seconds, when they are written and read, then nothing is lost."""
        assert duration(written(seconds * 1_000_000)) == seconds * 1_000_000


class TestATemplate:
    """A text with named gaps."""

    def test_is_filled_by_name(self) -> None:
        """Given gaps and braces, when they are filled, then values stand in the gaps, braces for themselves."""
        assert render("{value} on {site}, {{not}} {value}", {"value": 3, "site": "{north}"}) == "3 on {north}, {not} 3"

    @pytest.mark.parametrize(
        "template", ["{value.__class__}", "{value!r}", "{value:>99}", "{0}", "{}", "{", "}", "{VALUE}", "{{value}"]
    )
    def test_has_nothing_but_names_in_its_gaps(self, template: str) -> None:
        """Given attributes, formats or lone braces, when a template is checked, then that is one fault."""
        assert list(amiss(template, ["value"]).values()) == ["{name}, or {{ and }} for braces"]

    def test_names_only_what_will_be_there(self) -> None:
        """Given a gap that nobody fills, when a template is checked, then the nearest name is suggested."""
        assert amiss("{stie}", ["site", "value"]) == {"{stie}": "one of {site}, {value} (did you mean site?)"}

    def test_is_told_all_its_faults_each_once(self) -> None:
        """Given wrong gaps and a brace among good ones, when a template is checked, then each is told, in order."""
        template = "{stie} {site} {{x}} {valeu:d} {stie} {vale} }"

        assert list(amiss(template, ["site", "value"])) == ["{stie}", "{valeu:d} {stie} {va", "{vale}", "}"]

    def test_of_nothing_but_faults_is_not_told_for_ever(self) -> None:
        """Given a thousand wrong gaps, when a template is checked, then it is told the first of them."""
        assert len(amiss("".join(f"{{x{number}}}" for number in range(1_000)), ["site"])) == MOST_FAULTS

    @given(template=st.text(alphabet="{}ab c.!:", max_size=20))
    def test_that_passed_the_check_can_be_filled(self, template: str) -> None:
        """Given any text, when nothing is amiss, then filling it does not fail."""
        if amiss(template, ["a", "b", "ab"]):
            return
        assert "{" not in render(template.replace("{{", "").replace("}}", ""), {"a": 1, "b": 2, "ab": 3})


@pytest.mark.parametrize("said", [20231017, 1.5, True, None, ["2023-10-17"]])
def test_a_day_that_is_no_text_is_refused_as_one_that_is_none(said: object) -> None:
    """Given a number, a truth value, nothing or a list for a day, when it is read, then what was expected is told."""
    with pytest.raises(ValueError, match="expected a day, 1900 to 2199, like 2023-10-17"):
        day(said)
