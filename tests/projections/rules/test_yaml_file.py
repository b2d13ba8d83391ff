"""A file of rules is read whole, or refused with everything that is wrong with it."""

import contextlib
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import marked
from events.errors import ConfigInvalid
from projections.rules.compiling import compile_rules
from projections.rules.form import By
from projections.rules.model import FOREVER, Rule
from projections.rules.spec import content_hash
from projections.rules.words import Status, Updates
from projections.rules.yaml_file import LARGEST_SET, LONGEST_FAULT, MOST_FAULTS, read
from tests.projections.rules.histories import examples

WHOLE = """
rules:
  - id: site-under-attack
    title: Repeated attacks on one site
    description: |
      More than one attack within a week.
    where: {class: attack, country: [SY, IQ, NO], weapon: [rocket, drone]}
    not: {attribution: disputed}
    by: [site]
    measure: count
    bound: best
    window: 1w
    levels: {watch: 2, warning: 3, critical: 5}
    clear_below: 1
    keep_firing: 24h
    updates: all
    annotations: {summary: "{value} attacks on {site} within {window}"}
  - id: any
    levels: {warning: 10}
"""
SMALLEST = {
    "id": "any",
    "title": "any",
    "description": "",
    "where": {},
    "not": {},
    "by": [],
    "measure": "count",
    "bound": "best",
    "window": "all",
    "levels": {"warning": 10},
    "clear_below": 10,
    "keep_firing": "0s",
    "updates": "corrections",
    "annotations": {},
}


SAID_LATER = """references: [https://example.org/a, "Annex 2, page 4"]
status: experimental
labels: {team: night, channel: sms}"""


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as error:
        read(text)
    return error.value.faults


def rule(lines: str) -> str:
    """A file with one rule that is sound but for these lines."""
    said = [it.split(":")[0] for it in lines.splitlines()]
    rest = [f"{name}: {value}" for name, value in (("id", "r"), ("levels", "{watch: 2}")) if name not in said]
    return "rules:\n- " + "\n  ".join([*lines.splitlines(), *rest])


class TestAFile:
    """What a sound file says."""

    def test_becomes_its_normal_form(self) -> None:
        """Given a file, when it is read, then every default is filled in and each thing is written one way."""
        first, second = read(WHOLE)

        assert second == SMALLEST
        assert first["where"] == {"class": ["attack"], "country": ["IQ", "NO", "SY"], "weapon": ["drone", "rocket"]}
        assert (first["window"], first["keep_firing"], first["by"]) == ("7d", "1d", ["site"])

    def test_that_says_the_same_in_other_words_has_the_same_hash(self) -> None:
        """Given two files that mean the same, when they are read, then their normal forms are equal."""
        other = (
            WHOLE.replace("1w", "168h")
            .replace("[SY, IQ, NO]", '["NO", IQ, SY, SY]')
            .replace("class: attack", "class: [attack]")
        )

        assert content_hash(read(other)) == content_hash(read(WHOLE))

    def test_may_name_a_level_that_it_has_not(self) -> None:
        """Given a level of nothing between two others, when it is read, then the rule has the others."""
        [it] = read(rule("levels: {watch: 2, warning: ~, critical: 3}"))

        assert it["levels"] == {"watch": 2, "critical": 3}

    def test_in_another_order_is_another_set(self) -> None:
        """Given the same rules in another order, when they are hashed, then the set differs, the rules do not."""
        one, two = read(WHOLE)

        assert content_hash([one, two]) != content_hash([two, one])

    def test_compiles_to_the_rules_that_are_evaluated(self) -> None:
        """Given a file, when its normal form is compiled, then the rules say what the file says."""
        first, second = compile_rules(read(WHOLE))

        assert first == Rule(
            "site-under-attack",
            (2, 3, 5),
            window=7 * 86_400_000_000,
            by=("site",),
            where=(
                ("class", frozenset({"attack"})),
                ("country", frozenset({"IQ", "NO", "SY"})),
                ("weapon", frozenset({"drone", "rocket"})),
            ),
            excluded=(("attribution", frozenset({"disputed"})),),
            clear=1,
            keep_firing=86_400_000_000,
            updates=Updates.ALL,
            title="Repeated attacks on one site",
            annotations=(("summary", "{value} attacks on {site} within {window}"),),
            content_hash=first.content_hash,
            content=first.content,
        )
        assert (second.levels, second.severities, second.window) == ((10,), ("warning",), FOREVER)

    def test_normalised_again_stays_what_it_is(self) -> None:
        """Given a normal form, when it is written as a file and read again, then nothing changes."""
        form = read(WHOLE)

        assert read(f"rules: {form}".replace("'", '"')) == form

    def test_that_says_nothing_new_keeps_the_hash_of_its_rules(self) -> None:
        """Given rules that were adopted before there were such fields, then their hash is the same."""
        assert [content_hash(it) for it in read(WHOLE)] == [
            "7a0b4f9cc1a9b20fe4cbce4ff017f6da78e79878e33edb37fe20f2f70d86dad5",
            "56ca462c329f19bf0bdcb4c2c82d3340df81bd18e99438608f667401c53caccc",
        ]
        assert read(rule("status: stable\nlabels: {}\nreferences: []")) == read(rule("id: r"))

    def test_may_say_what_it_rests_on_how_far_to_trust_it_and_whose_it_is(self) -> None:
        """Given references, status and labels, when it is read and compiled, then the rule has them."""
        (content,) = read(rule(SAID_LATER))
        (it,) = compile_rules([content])

        assert content["references"] == ["https://example.org/a", "Annex 2, page 4"]
        assert (it.status, it.labels) == (Status.EXPERIMENTAL, (("channel", "sms"), ("team", "night")))
        assert read(rule("references: one")) == read(rule("references: [one]"))

    def test_may_hold_no_rules(self) -> None:
        """Given a file that says there are no rules, when it is read, then there are none: that can be adopted too."""
        assert read("rules: []") == []

    def test_may_count_since_a_day(self) -> None:
        """Given a window that begins on a day, when it is compiled, then it counts from that day's first instant on."""
        (it,) = compile_rules(read(rule("window: {since: 2023-10-17}")))

        assert (it.since, it.window) == (1_697_500_800_000_000, FOREVER)


MEASURES = "count, {sum: wounded.us}, {distinct: weapon}, {new: weapon}, {surge: 4} or silence"
COMPARISON = 'a comparison with a whole number, like ">= 3"; or with >, <, <= or ='
QUANTITIES = "munitions, targets, or wounded or killed of a party, like wounded.us"
SURGE_WINDOW = "a duration like 7d, 12h, 30m, 90s or 2w: a surge is held against windows of that length"
SUMS = {  # found -> what is said of it
    "killed": " (did you mean killed.PARTY?), found 'killed'",
    "kiled.us": " (did you mean killed.us?), found 'kiled.us'",
    "munition": " (did you mean munitions?), found 'munition'",
    "targets.us": " (did you mean targets?), found 'targets.us'",
    "wounded.": " (did you mean wounded.PARTY?), found 'wounded.'",
    "wounded.u s": ", found 'wounded.u s'",
    "dead": ", found 'dead'",
}
NINES = "9" * 5_000
QUOTED = "text, which needs quotes if it looks like a number or a truth value"
LENGTH = "a duration like 7d, 12h, 30m, 90s or 2w"
LEVEL = "a whole number of at most 1000000000, without quotes"
GAPS = "one of {rule}, {title}, {severity}, {threshold}, {value}, {window}, {opened_at}, {peak_at}"
BY = ", ".join(get_args(By))
FIELDS = (
    "one of id, title, description, references, status, where, not, by, measure, bound, learn_until, window, levels, "
    "clear_below, keep_firing, updates, labels, annotations"
)
ANY_BY = " or ".join(", ".join(map(repr, get_args(By))).rsplit(", ", 1))
FAULTS: dict[str, tuple[str, list[str]]] = {
    "nothing at all": ("", ["1:1: expected fields, as in `name: value`, found nothing"]),
    "no list": ("rules:", ["1:7: rules: expected a list, found nothing"]),
    "no YAML": ("rules: [", ["1:9: expected YAML, found: expected the node content, but found '<stream end>'"]),
    "two documents": ("rules: []\n---\nrules: []", ["2:1: expected one document, found another"]),
    "a control character": ("rules:\n - \x00", ["2:4: expected text, found the character U+0000"]),
    "an anchor and an alias": (
        "rules: &a\n- *a",
        ["1:8: expected plain values, found &a", "2:3: expected plain values, found *a"],
    ),
    "a tag": ("rules: !!set {a}", ["1:8: expected plain values, found the tag tag:yaml.org,2002:set"]),
    "too deep": ("[[[[[[[[[", ["1:9: expected at most 8 levels of nesting, found more"]),
    "a key twice": (rule("title: a\ntitle: b"), ["3:3: expected title once, found it again"]),
    "a key that is a list": ("rules: []\n? [a]\n: b", ["2:3: expected a name, found a list or mapping"]),
    "an unknown field": (
        rule("keep_fireing: 1d"),
        [
            (
                "2:3: expected one of id, title, description, references, status, where, not, by, measure, bound, "
                "learn_until, window, levels, clear_below, keep_firing, updates, labels, annotations, "
                "found keep_fireing (did you mean keep_firing?)"
            )
        ],
    ),
    "an unknown level": (
        rule("levels: {watch: 1, critcal: 2}"),
        ["2:22: levels: expected one of watch, warning, critical, found critcal (did you mean critical?)"],
    ),
    "an id twice": (
        "rules:\n- {id: a, levels: {watch: 1}}\n- {id: a, levels: {watch: 1}}",
        ["3:8: id: expected one of its own, found that of line 2"],
    ),
    "no rules at all": (
        "rule: []",
        ["1:1: expected one of rules, found rule (did you mean rules?)"],
    ),
    "faults of fields, and of fields together": (
        rule(
            "by: [site, site, sit]\nmeasure: {distinct: weapons, surge: 0}\nlevels: {watch: 2, warning: 1}\n"
            "clear_below: 3\nannotations: {summary: '{stie} on {site}'}"
        ),
        [
            "2:7: by: expected each field once, found ['site', 'site', 'sit']",
            f"2:20: by.2: expected {ANY_BY} (did you mean site?), found 'sit'",
            (
                "3:12: measure: expected exactly one of sum, distinct, new, surge, "
                "found {'distinct': 'weapons', 'surge': 0}"
            ),
            (
                "3:23: measure.distinct: expected one of class, site, country, admin1, site_kind, actor, attribution, "
                "weapon, outcome, confidence (did you mean weapon?), found 'weapons'"
            ),
            "3:39: measure.surge: expected greater than or equal to 1, found 0",
            "4:31: levels.warning: expected more than watch, 2, found 1",
            (
                f"6:26: annotations.summary: expected {GAPS}, {', '.join(f'{{{it}}}' for it in BY.split(', '))} "
                "(did you mean site?), found '{stie}'"
            ),
        ],
    ),
    "levels of which one is a fault, and clear_below above the lowest": (
        rule("levels: {watch: 2, warning: 1}\nclear_below: 3"),
        [
            "2:31: levels.warning: expected more than watch, 2, found 1",
            "3:16: clear_below: expected at most the lowest level, 2, found 3",
        ],
    ),
    "a measure of which something is a fault, and what does not fit it": (
        rule("measure: {surge: 0}\nwindow: all\nlearn_until: 2023-10-17"),
        [
            "2:20: measure.surge: expected greater than or equal to 1, found 0",
            f"3:11: window: expected {SURGE_WINDOW}, found 'all'",
            "4:16: learn_until: expected none: only {new: …} learns, found '2023-10-17'",
        ],
    ),
    "a measure that is none, and all that it leaves open": (
        rule("measure: silense\nlevels: {watch: 2d}\nclear_below: 3d\nlearn_until: 2023-10-17\nwindow: 7d"),
        [f"2:12: measure: expected {MEASURES} (did you mean silence?), found 'silense'"],
    ),
    "names that are misspelt, and all that only follows from it": (
        "rules:\n- {ide: a, meausre: silence, levls: {watch: 2d, critcal: 3d}, by: [site]}",
        [
            f"2:4: expected {FIELDS}, found ide (did you mean id?)",
            f"2:12: expected {FIELDS}, found meausre (did you mean measure?)",
            f"2:30: expected {FIELDS}, found levls (did you mean levels?)",
        ],
    ),
    "an alias beside another fault": (
        "rules:\n- &a {id: a, levels: {watch: 0}}\n- {<<: *a, windou: 7d}\n- {id: b, levels: *a}",
        [
            "2:3: expected plain values, found &a",
            "2:30: levels.watch: expected greater than or equal to 1, found 0",
            "3:4: expected plain values, found the merge key <<",
            "4:19: expected plain values, found *a",
        ],
    ),
    "a control character beside other faults": (
        "rules:\n- {id: a\x07, levels: {watch: 0}}\n- {id: b, windou: 7d, levels: {watch: 1}, title: \x1b}",
        [
            "2:9: expected text, found the character U+0007",
            "2:28: levels.watch: expected greater than or equal to 1, found 0",
            (
                "3:11: expected one of id, title, description, references, status, where, not, by, measure, bound, "
                "learn_until, window, levels, clear_below, keep_firing, updates, labels, annotations, "
                "found windou (did you mean window?)"
            ),
            "3:50: expected text, found the character U+001B",
        ],
    ),
    "a title that shows backwards, and texts that would move the cursor": (
        rule('title: a\u202eb\nannotations: {summary: "\\e[1A{value}", other: "a\\r{valeu}"}'),
        [
            "2:11: expected text, found the character U+202E",
            "3:26: expected text, found the character U+001B",
            "3:49: expected text, found the character U+000D",
        ],
    ),
    "an id with a space": (
        rule("id: a b"),
        ["2:7: id: expected a name of letters, digits and . _ : @ + - without spaces, found 'a b'"],
    ),
    "no id": ("rules:\n- levels: {watch: 1}", ["2:3: id: expected this field, found nothing"]),
    "no levels": ("rules:\n- id: a", ["2:3: levels: expected this field, found nothing"]),
    "no level": (rule("levels: {}"), ["2:11: levels: expected at least one of watch, warning, critical, found {}"]),
    "levels that do not rise": (
        rule("levels: {watch: 3, warning: 3, critical: 2}"),
        [
            "2:31: levels.warning: expected more than watch, 3, found 3",
            "2:44: levels.critical: expected more than watch, 3, found 2",
        ],
    ),
    "a level of nothing": (
        rule("levels: {watch: 0}"),
        ["2:19: levels.watch: expected greater than or equal to 1, found 0"],
    ),
    "a level that is true": (
        rule("levels: {watch: true}"),
        ["2:19: levels.watch: expected a whole number, found true"],
    ),
    "numbers that are too long": (
        rule(
            f"clear_below: {NINES}\nkeep_firing: {NINES}d\nwhere: {{munitions: '> {NINES}'}}\n"
            f"levels: {{watch: -{NINES}}}"
        ),
        [
            f"2:16: clear_below: expected {LEVEL}, found '{'9' * 79}",
            f"3:16: keep_firing: expected {LENGTH}, found '{'9' * 79}",
            f"4:22: where.munitions: expected {COMPARISON}, found '> {'9' * 77}",
            f"5:19: levels.watch: expected {LEVEL}, found '-{'9' * 78}",
        ],
    ),
    "numbers that are none": (
        rule("levels: {watch: .inf, warning: 2.5, critical: 0x10}\nclear_below: '3'\nkeep_firing: .nan"),
        [
            "2:19: levels.watch: expected a whole number, found '.inf'",
            "2:34: levels.warning: expected a whole number, found 2.5",
            "2:49: levels.critical: expected a whole number, found '0x10'",
            f"3:16: clear_below: expected {LEVEL}, found '3'",
            f"4:16: keep_firing: expected {LENGTH}, found '.nan'",
        ],
    ),
    "numbers and truth values where text should be": (
        rule("title: 1.5\nkeep_firing: 60\nby: [yes]\nreferences: [true, 2023-10-17]\nlabels: {on: off, a: false}"),
        [
            f"2:10: title: expected {QUOTED}, found 1.5",
            f"3:16: keep_firing: expected {LENGTH}, found 60",
            f"4:8: by.0: expected {ANY_BY}, found 'yes'",
            f"5:16: references.0: expected {QUOTED}, found true",
            f"6:24: labels.a: expected {QUOTED}, found false",
        ],
    ),
    "text where fields should be": (
        rule("labels: a\nwhere: {wounded: 3}"),
        [
            "2:11: labels: expected fields, as in `name: value`, found 'a'",
            "3:20: where.wounded: expected fields, as in `name: value`, found 3",
        ],
    ),
    "an empty window": (
        rule("window: 0d"),
        ["2:11: window: expected a window that is longer than nothing, like 7d, 12h, 30m, 90s or 2w, found '0d'"],
    ),
    "a window of another form": (
        rule("window: {sinc: 2023-10-17}"),
        [
            (
                "2:11: window: expected a duration like 7d, 12h, 30m, 90s or 2w, or all, or {since: 2023-10-17}, "
                "found {'sinc': '2023-10-17'}"
            )
        ],
    ),
    "a window since a day that is none": (
        rule("window: {since: 2023-02-30}"),
        ["2:11: window: expected a day that exists, found {'since': '2023-02-30'}"],
    ),
    "a status that is none": (
        rule("status: experimentel"),
        ["2:11: status: expected 'stable' or 'experimental' (did you mean experimental?), found 'experimentel'"],
    ),
    "values that are nearly some": (
        rule("bound: lowest\nupdates: al\nwindow: al\nwhere: {confidence: [high, lwo]}"),
        [
            "2:10: bound: expected 'low', 'best' or 'high' (did you mean low?), found 'lowest'",
            "3:12: updates: expected 'none', 'corrections' or 'all' (did you mean all?), found 'al'",
            f"4:11: window: expected {LENGTH}, or all (did you mean all?), found 'al'",
            "5:30: where.confidence.1: expected 'low', 'medium' or 'high' (did you mean low?), found 'lwo'",
        ],
    ),
    "a label that is a list": (
        rule("labels: {team: [a, b]}"),
        ["2:18: labels.team: expected text, found ['a', 'b']"],
    ),
    "a label with a name of its own kind": (
        rule("labels: {Team: a}"),
        ["2:12: labels.Team: expected a name of small letters, digits and _, found 'Team'"],
    ),
    "a reference of nothing": (
        rule('references: ["", b]'),
        ["2:16: references.0: expected string to have at least 1 character, found ''"],
    ),
    "a duration in words": (
        rule("keep_firing: 3 days"),
        ["2:16: keep_firing: expected a duration like 7d, 12h, 30m, 90s or 2w, found '3 days'"],
    ),
    "a duration of ages": (
        rule("keep_firing: 99999d"),
        ["2:16: keep_firing: expected a duration of at most 36500d, found '99999d'"],
    ),
    "clear_below above the lowest level": (
        rule("levels: {watch: 2}\nclear_below: 3"),
        ["3:16: clear_below: expected at most the lowest level, 2, found 3"],
    ),
    "clear_below nothing": (
        rule("clear_below: 0"),
        ["2:16: clear_below: expected greater than or equal to 1, found 0"],
    ),
    "a measure that is none": (
        rule("measure: silense"),
        [f"2:12: measure: expected {MEASURES} (did you mean silence?), found 'silense'"],
    ),
    "a measure that does not say of what": (
        rule("measure: sum"),
        [f"2:12: measure: expected {MEASURES} (did you mean {{sum: wounded.us}}?), found 'sum'"],
    ),
    "a measure that is misspelt": (
        rule("measure: {distint: weapon}"),
        ["2:13: measure: expected one of sum, distinct, new, surge, found distint (did you mean distinct?)"],
    ),
    "two measures": (
        rule("measure: {distinct: site, surge: 4}"),
        ["2:12: measure: expected exactly one of sum, distinct, new, surge, found {'distinct': 'site', 'surge': 4}"],
    ),
    "a measure of nothing": (
        rule("measure: {sum: ~}"),
        ["2:12: measure: expected exactly one of sum, distinct, new, surge, found {'sum': None}"],
    ),
    "a sum of what is no quantity": (
        rule("measure: {sum: wouned.us}"),
        [f"2:18: measure.sum: expected {QUANTITIES} (did you mean wounded.us?), found 'wouned.us'"],
    ),
    "a sum of nobody's wounded": (
        rule("measure: {sum: wounded}"),
        [f"2:18: measure.sum: expected {QUANTITIES} (did you mean wounded.PARTY?), found 'wounded'"],
    ),
    "sums that are nearly some": (
        "\n".join(
            [
                "rules:",
                *(f"- {{id: r{at}, levels: {{watch: 1}}, measure: {{sum: {it}}}}}" for at, it in enumerate(SUMS)),
            ]
        ),
        [f"{at}:47: measure.sum: expected {QUANTITIES}{hint}" for at, hint in enumerate(SUMS.values(), 2)],
    ),
    "distinct values of no field": (
        rule("measure: {distinct: weapons}"),
        [
            (
                "2:23: measure.distinct: expected one of class, site, country, admin1, site_kind, actor, attribution, "
                "weapon, outcome, confidence (did you mean weapon?), found 'weapons'"
            )
        ],
    ),
    "a surge above no windows": (
        rule("measure: {surge: 0}\nwindow: 7d"),
        ["2:20: measure.surge: expected greater than or equal to 1, found 0"],
    ),
    "a surge above too many windows": (
        rule("measure: {surge: 53}\nwindow: 7d"),
        ["2:20: measure.surge: expected less than or equal to 52, found 53"],
    ),
    "a surge in words": (
        rule('measure: {surge: "4"}\nwindow: 7d'),
        ["2:20: measure.surge: expected a whole number, found '4'"],
    ),
    "a surge without a window": (
        rule("measure: {surge: 4}"),
        [f"2:3: window: expected {SURGE_WINDOW}, found 'all'"],
    ),
    "a surge since a day": (
        rule("measure: {surge: 4}\nwindow: {since: 2023-10-17}"),
        [f"3:11: window: expected {SURGE_WINDOW}, found {{'since': '2023-10-17'}}"],
    ),
    "silence with a window, and levels of other measures": (
        rule("measure: silence\nwindow: 7d\nlevels: {watch: 2}\nclear_below: 1\nlearn_until: 2023-10-17"),
        [
            "3:11: window: expected none: silence is measured from the newest incident on, found '7d'",
            "4:19: levels.watch: expected a duration like 2d: silence is measured in time, found 2",
            "5:16: clear_below: expected a duration like 2d: silence is measured in time, found 1",
            "6:16: learn_until: expected none: only {new: …} learns, found '2023-10-17'",
        ],
    ),
    "levels of which the last is between the others": (
        rule("levels: {watch: 2, warning: 5, critical: 4}"),
        ["2:44: levels.critical: expected more than warning, 5, found 4"],
    ),
    "silence that does not rise": (
        rule("measure: silence\nlevels: {watch: 48h, warning: 2d, critical: 0s}\nclear_below: 3d"),
        [
            "3:33: levels.warning: expected more than watch, 2d, found '2d'",
            "3:47: levels.critical: expected a duration that is longer than nothing, like 2d, found '0s'",
            "4:16: clear_below: expected at most the lowest level, 2d, found '3d'",
        ],
    ),
    "silence that clears above its lowest level": (
        rule("measure: silence\nlevels: {watch: 48h}\nclear_below: 3d"),
        ["4:16: clear_below: expected at most the lowest level, 2d, found '3d'"],
    ),
    "a sum with levels of time": (
        rule("measure: {sum: wounded.us}\nlevels: {watch: 2d}\nclear_below: 1d"),
        [
            "3:19: levels.watch: expected a whole number: only silence is measured in time, found '2d'",
            "4:16: clear_below: expected a whole number: only silence is measured in time, found '1d'",
        ],
    ),
    "a day of learning that is none": (
        rule("measure: {new: weapon}\nlearn_until: 2023-02-29"),
        ["3:16: learn_until: expected a day that exists, found '2023-02-29'"],
    ),
    "learning until a moment": (
        rule("measure: {new: weapon}\nlearn_until: 2023-10-17T12:00:00Z"),
        ["3:16: learn_until: expected a day, 1900 to 2199, like 2023-10-17, found '2023-10-17T12:00:00Z'"],
    ),
    "a group of quantities": (
        rule("by: [site, munitions]"),
        [f"2:14: by.1: expected {ANY_BY}, found 'munitions'"],
    ),
    "a group twice": (rule("by: [site, site]"), ["2:7: by: expected each field once, found ['site', 'site']"]),
    "a country by its name": (
        rule("where: {country: Iraq}"),
        ["2:20: where.country.0: expected a country as in ISO 3166, such as IQ, found 'Iraq'"],
    ),
    "an attribution that is none": (
        rule("not: {attribution: claimd}"),
        [
            (
                "2:22: not.attribution.0: expected 'claimed', 'attributed', 'suspected', 'disputed' or 'none' "
                "(did you mean claimed?), found 'claimd'"
            )
        ],
    ),
    "a quantity that is compared with nothing": (
        rule("where: {wounded: {us: 3, civilian: '>= many'}, munitions: {us: '> 1'}, killed: {}}"),
        [
            f"2:25: where.wounded.us: expected {COMPARISON}, found 3",
            f"2:38: where.wounded.civilian: expected {COMPARISON}, found '>= many'",
            f"2:61: where.munitions: expected {COMPARISON}, found {{'us': '> 1'}}",
            "2:82: where.killed: expected at least one value, found {}",
        ],
    ),
    "a quantity with a dot": (
        rule("not: {wounded.us: '>= 3'}"),
        [
            (
                "2:9: not: expected one of class, site, country, admin1, site_kind, actor, member_of, attribution, "
                "weapon, outcome, confidence, munitions, targets, wounded, killed, "
                "found wounded.us (did you mean wounded?)"
            )
        ],
    ),
    "a day that does not exist, where none may stand": (
        rule("measure: silence\nlevels: {watch: 2d}\nlearn_until: 2023-02-29"),
        ["4:16: learn_until: expected a day that exists, found '2023-02-29'"],
    ),
    "an end below levels that are none": (
        "rules:\n- {id: a, levels: 3, clear_below: 5}",
        ["2:19: levels: expected fields, as in `name: value`, found 3"],
    ),
    "an end below a level that is none": (
        "rules:\n- {id: a, levels: {watch: x, warning: 3}, clear_below: 5}",
        ["2:27: levels.watch: expected a whole number, found 'x'"],
    ),
    "a list that is none, with a name that is nearly one of a file": (
        "rules: {ruls: 3}",
        ["1:8: rules: expected a list, found {'ruls': 3}"],
    ),
    "a measure in a list": (
        rule("measure: [silence]"),
        [
            (
                "2:12: measure: expected count, {sum: wounded.us}, {distinct: weapon}, {new: weapon}, {surge: 4} "
                "or silence, found ['silence']"
            )
        ],
    ),
    "a filter of nothing": (
        rule("where: {site: []}"),
        ["2:17: where.site: expected at least one value, found []"],
    ),
    "an unknown gap": (
        rule('by: [site]\nannotations: {summary: "{value} on {stie}"}'),
        [
            (
                "3:26: annotations.summary: expected one of {rule}, {title}, {severity}, {threshold}, {value}, "
                "{window}, {opened_at}, {peak_at}, {site} (did you mean site?), found '{stie}'"
            )
        ],
    ),
    "a gap with a format": (
        rule('annotations: {summary: "{value:>10}"}'),
        ["2:26: annotations.summary: expected {name}, or {{ and }} for braces, found '{value:>10}'"],
    ),
    "several gaps": (
        rule('by: []\nannotations: {summary: "{rul} }{valeu} {rul}", other: "{severity"}'),
        [
            f"3:26: annotations.summary: expected {GAPS} (did you mean rule?), found '{{rul}}'",
            "3:26: annotations.summary: expected {name}, or {{ and }} for braces, found '}{valeu} {rul}'",
            f"3:26: annotations.summary: expected {GAPS} (did you mean value?), found '{{valeu}}'",
            "3:57: annotations.other: expected {name}, or {{ and }} for braces, found '{severity'",
        ],
    ),
    "a gap of a rule by all there is": (
        rule(f"by: [{BY}]\nannotations: {{summary: '{{sight}}'}}"),
        [
            (
                f"3:26: annotations.summary: expected {GAPS}, {', '.join(f'{{{it}}}' for it in BY.split(', '))} "
                "(did you mean site?), found '{sight}'"
            )
        ],
    ),
    "several at once, in their order": (
        "rules:\n- {id: 1, levels: {watch: 1}, window: 7}\n- {id: b, id: c, levels: 3}",
        [
            f"2:8: id: expected {QUOTED}, found 1",
            "2:39: window: expected a duration like 7d, 12h, 30m, 90s or 2w, or all, or {since: 2023-10-17}, found 7",
            "3:11: expected id once, found it again",
            "3:26: levels: expected fields, as in `name: value`, found 3",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_refused(text: str, expected: list[str]) -> None:
    """Given a file with faults, when it is read, then each is told with line, column, what was expected and found."""
    assert faults(text) == expected


def test_what_is_too_large_is_not_even_parsed() -> None:
    """Given a text above the limit, when it is read, then it is refused for its size alone."""
    assert faults("&a " * marked.LARGEST) == [
        f"1:1: expected at most {marked.LARGEST} bytes, found {3 * marked.LARGEST}"
    ]


def test_rules_that_fill_more_than_an_event_are_refused() -> None:
    """Given rules of more than an event can carry, when they are read, then their size is told."""
    text = "rules:\n" + "\n".join(
        f"- {{id: r{n}, description: '{'x' * 4000}', levels: {{watch: 1}}}}" for n in range(60)
    )

    (fault,) = faults(text)

    assert fault.startswith(f"1:1: expected rules of at most {LARGEST_SET} bytes together, found ")


_words = st.sampled_from(
    ["rules", "id", "levels", "watch", "where", "by", "window", "annotations", "a", "7d", "{x}", "~"]
)
_scalars = _words | st.integers(-5, 10) | st.booleans() | st.none() | st.floats(allow_nan=False) | st.text(max_size=3)
_json: st.SearchStrategy[Any] = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words | st.text(max_size=2), inner, max_size=4),
)


@examples(150)
@given(text=st.text(alphabet="ab:{}[]&*!-?|>'\"\n\t #%@0\x00é\ud800", max_size=40))
def test_no_text_does_harm(text: str) -> None:
    """Given any text, when it is read, then it is rules or it is refused, each fault on a line of its own."""
    found: list[str] | None = None
    try:
        read(text)
    except ConfigInvalid as error:
        found = error.faults

    assert found is None or (found and not any("\n" in fault for fault in found))


@examples(200)
@given(contents=st.lists(_json | st.fixed_dictionaries({"id": _json, "levels": _json, "where": _json}), max_size=3))
def test_no_content_in_the_log_does_harm(contents: list[Any]) -> None:
    """Given any JSON where rules should be, when it is compiled, then it is rules or it is refused."""
    with contextlib.suppress(ConfigInvalid):
        assert len(compile_rules(contents)) == len(contents)


def test_content_in_the_log_with_an_id_twice_is_refused() -> None:
    """Given two rules of one id where rules should be, when they are compiled, then the second is told."""
    with pytest.raises(ConfigInvalid, match=r"^rules\.1\.id: expected an id of its own, found 'any' again$"):
        compile_rules([SMALLEST, SMALLEST])


def test_too_many_are_counted_in_plain_words() -> None:
    """Given 300 rules, or 21 annotations, when they are read, then the limit is told, and what was found."""
    rules = "".join(f"- {{id: r{number}, levels: {{watch: 2}}}}\n" for number in range(300))
    texts = ", ".join(f"n{number}: x" for number in range(21))

    assert faults(f"rules:\n{rules}") == ["2:1: rules: expected at most 200 rules, found 300"]
    assert faults(rule(f"annotations: {{{texts}}}")) == ["2:16: annotations: expected at most 20 entries, found more"]


def test_faults_without_end_are_counted() -> None:
    """Given more faults than anybody reads, one of them very long, when it is read, then the rest is counted."""
    told = faults("rules: [" + "~, " * 5_000 + "]")

    assert len(told) == MOST_FAULTS + 1
    assert told[-1] == f"1:{9 + 3 * MOST_FAULTS}: expected fewer faults, found 4000 more"
    assert len(faults(f"rules: !{'a' * 100_000} []")[0]) < LONGEST_FAULT + 20
