"""Rule tests in files: what they say is held against what the rules make of the facts."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click import BadParameter
from click.testing import CliRunner, Result

from events.errors import ConfigInvalid, Faulty
from events.log import Event
from projections.rules.yaml_file import MOST_FAULTS
from projections.store.file import PartitionFile
from projections.store.scratch import Row, Scratch
from seeds.loader import THEATRES, load
from streams.cli.rules import rules
from streams.rule_files import read_rules
from streams.rule_tests.form import Case
from streams.rule_tests.junit import junit
from streams.rule_tests.reading import read_tests
from streams.rule_tests.running import Failure, Run, run
from streams.rule_tests.running import Result as Outcome

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/rule-tests.md").read_text(encoding="utf-8")
RULES, TESTS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FINE, FAILED = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
RULE_FILES = sorted(THEATRES.glob("*/rules.yaml"))
HEAD = "rules: rules.yaml\ntests:\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where somebody stands who copied the page's rules and tests."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "rules_test.yaml").write_text(TESTS)
    return tmp_path


def tried(*arguments: str) -> Result:
    return CliRunner().invoke(rules, ["test", *arguments], standalone_mode=False)


def case(facts: str, expect: str, more: str = "") -> str:
    """A test in a file: flow lists of facts and expectations."""
    return f"{HEAD}- {{name: it, facts: [{facts}], expect: [{expect}]{more}}}\n"


def failures(folder: Path, text: str) -> list[list[str]]:
    """The diffs of all that is not as the only test of a file expects."""
    (folder / "one_test.yaml").write_text(text)
    [result] = run(read_tests([folder / "one_test.yaml"]))
    return [it.diff or [it.said] for it in result.failures]


def tried_all(folder: Path, expectations: list[str]) -> list[list[list[str]]]:
    """As `failures`, of as many tests of the same facts as there are expectations."""
    tests = "".join(f"- {{name: t{n}, facts: [{TWO}], expect: [{it}]}}\n" for n, it in enumerate(expectations))
    (folder / "all_test.yaml").write_text(HEAD + tests)
    return [[it.diff for it in result.failures] for result in run(read_tests([folder / "all_test.yaml"]))]


# -- the rules that come with tocsin


@pytest.mark.parametrize("file", RULE_FILES, ids=lambda it: it.parent.name)
def test_the_rules_of_a_theatre_do_what_their_tests_say(file: Path) -> None:
    """Given a theatre's rule tests, when they are run, then none fails."""
    results = list(run(read_tests([file.parent])))

    assert results
    assert [it for it in results if it.failures] == []


@pytest.mark.parametrize("file", RULE_FILES, ids=lambda it: it.parent.name)
def test_every_rule_of_a_theatre_is_tested_raised_cancelled_and_late(file: Path) -> None:
    """Given a theatre's rules, then each has a test that raises, one that retracts and cancels, one that is late."""
    cases = [case for sheet in read_tests([file.parent]) for case in sheet.tests]

    for rule in read_rules(file):
        shown = [it for case in cases if case.rule == rule["id"] for it in _shown(case)]
        assert {"raised", "cancelled", "late"} <= set(shown), rule["id"]


def _shown(case: Case) -> list[str]:
    told = [it for expected in case.expect for it in expected.messages or ()]
    retracts = any(it.retract for it in case.facts)
    return [
        *(it.kind for it in told if it.kind and (it.kind != "cancelled" or retracts)),
        *("late" for it in told if it.late),
    ]


def test_tests_are_no_part_of_the_timeline() -> None:
    """Given a theatre with rule tests, when it is loaded, then it is loaded."""
    assert (THEATRES / "iraq-syria" / "rules_test.yaml").exists()
    assert load(THEATRES / "iraq-syria")


# -- the page


@pytest.mark.usefixtures("folder")
def test_the_example_of_the_page_says_what_the_page_shows() -> None:
    """Given the page's rules and tests, when they are run, then what is printed is what it shows."""
    result = tried("rules_test.yaml")

    assert (result.stdout, result.stderr, result.return_value) == (FINE, "2 tests, 0 failed\n", 0)


def test_the_broken_example_of_the_page_fails_as_the_page_shows(folder: Path) -> None:
    """Given the page's rules with its change, when they are tried, then the diff is the page's, and the exit code 1."""
    (folder / "rules.yaml").write_text(RULES.replace("{watch: 2, warning: 3}", "{warning: 2}"))

    result = tried("rules_test.yaml")

    assert result.stdout.startswith(FAILED)
    assert (result.stderr, result.return_value) == ("2 tests, 1 failed\n", 1)


# -- what is expected


TWO = "{known: 2024-01-01, report: a, class: attack}, {known: 2024-01-02, report: b, class: attack}"


RAISED = "kind: raised, severity: watch, opened: 2024-01-02, ended: null, value: 2, peak: 2024-01-02, reason: evidence"
WRONG = [
    "rule: other",
    "severity: warning",
    "opened: 2024-01-01",
    "opened: 2024-01-02T00:00:01Z",
    "ended: 2024-01-08",
    "value: 3",
    "peak: 2024-01-03",
    "group: {site: elsewhere}",
    "kind: updated",
    "state: resolved",
    "reason: time",
    "late: true",
    "known: 2024-01-03",
    "evidence: [a]",
    "annotations: {summary: none}",
]


def test_every_field_of_a_message_is_compared(folder: Path) -> None:
    """Given messages that are right but for one field each, when they are tried, then that field makes them fail."""
    (folder / "rules.yaml").write_text(f"{RULES}  - {{id: other, levels: {{watch: 9}}}}\n")

    fine, *wrong = tried_all(folder, [f"{{known: 2024-01-02, messages: [{{{it}}}]}}" for it in (RAISED, *WRONG)])

    assert fine == []
    assert [[line[0] for line in diff] for [diff] in wrong] == [["-", "+"]] * len(WRONG)
    assert [diff[0] for [diff] in wrong] == [f"- {it}" for it in WRONG]


def test_lists_are_whole_and_in_order(folder: Path) -> None:
    """Given a message too many, one that is missing, and two in another order, when they are tried, then each fails."""
    told = ["{kind: raised}", "{kind: resolved}"]
    lists = [told, told[:1], [*told, told[1]], told[::-1], []]

    fine, *wrong = tried_all(folder, [f"{{known: 2024-01-20, messages: [{', '.join(it)}]}}" for it in lists])

    assert fine == []
    assert [len(it) for it in wrong] == [1] * 4


def test_messages_are_those_since_the_expectation_before(folder: Path) -> None:
    """Given two expectations, then the second is of what was told after the first, also by time alone."""
    first, second = (
        "{known: 2024-01-02, messages: [{kind: raised}]}",
        "{known: 2024-01-08, messages: [{kind: resolved}]}",
    )

    assert failures(folder, case(TWO, f"{first}, {second}")) == []


def test_an_expectation_sees_no_fact_of_later(folder: Path) -> None:
    """Given an expectation before the second of two facts, then nothing is raised yet."""
    assert failures(folder, case(TWO, "{known: 2024-01-02T11:59:59Z, episodes: [], messages: []}")) == []


def test_only_the_rule_that_is_named_is_evaluated(folder: Path) -> None:
    """Given two rules that raise, when a test names one, then the other tells nothing."""
    (folder / "rules.yaml").write_text(f"{RULES}  - {{id: other, levels: {{watch: 1}}}}\n")
    both = "{known: 2024-01-02, episodes: [{rule: site-under-attack}, {rule: other}]}"
    one = "{known: 2024-01-02, episodes: [{rule: other}]}"

    assert failures(folder, case(TWO, both)) == []
    assert failures(folder, case(TWO, one, ", rule: other")) == []


def test_merged_and_split_incidents_count_once_and_twice(folder: Path) -> None:
    """Given two attacks that are merged and split again, then an alert is cancelled and another one raised."""
    facts = f"{TWO}, {{known: 2024-01-03, merge: [b], into: a}}, {{known: 2024-01-04, split: [b], from: a}}"
    expect = "{known: 2024-01-04, messages: [{kind: raised}, {kind: cancelled}, {kind: raised}]}"

    assert failures(folder, case(facts, expect)) == []


@pytest.mark.parametrize("fact", ["retract: x", "correct: x, site: y", "merge: [x], into: a", "split: [b], from: a"])
def test_a_fact_that_does_not_fit_fails_the_test(folder: Path, fact: str) -> None:
    """Given a fact about an incident that is not so, when it is told, then the test fails and says why."""
    [[said]] = failures(
        folder,
        case(
            f"{TWO}, {{known: 2024-01-03, {fact}}}", "{known: 2024-01-03, episodes: [{}]}".replace("{}", "{value: 2}")
        ),
    )

    assert said.startswith("this can not be told: ")


# -- bad files


def faults(folder: Path, text: str) -> list[str]:
    (folder / "bad_test.yaml").write_text(text)
    with pytest.raises(Faulty) as error:
        read_tests([folder / "bad_test.yaml"])
    return [it.removeprefix(f"{folder}/bad_test.yaml:") for it in error.value.faults]


FACT, EXPECT = "{known: 2024-01-03, report: a}", "{known: 2024-01-03, episodes: []}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (case("", EXPECT), "facts: expected at least one fact, found []"),
        (case(FACT, ""), "expect: expected at least one expectation, found []"),
        (case(FACT, "{known: 2024-01-03, episodes: [{value: 2x}]}"), "expected a whole number, or of silence a dur"),
        (case(FACT, "{known: 2024-01-03, episodes: [{value: true}]}"), "expected a whole number, or of silence a dur"),
        (case(FACT, EXPECT).replace("name: it", r'name: "a\nb"'), r"name: expected one line of text"),
        (
            'rules: "a\\tb"\ntests: [{name: it, facts: [' + FACT + "], expect: [" + EXPECT + "]}]",
            "rules: expected one line",
        ),
        (case(FACT, "{known: 2024-01-03}"), "expect.0: expected episodes, or messages, or both"),
        (case(FACT, "{known: 2024-01-03, episodes: [{}]}"), "expect.0.episodes.0: expected at least one field"),
        (case("{known: 2024-01-03, report: a, clas: x}", EXPECT), "found clas (did you mean class?)"),
        (case(FACT, "{known: 2024-01-03, messages: [{kind: rased}]}"), "(did you mean raised?), found 'rased'"),
        (case(FACT, "{known: 2024-01-03, messages: [{severity: critcal}]}"), "(did you mean critical?), found"),
        (case(FACT, "{known: 2024-01-03, messages: [{late: maybe}]}"), "late: expected true or false, found 'maybe'"),
        (case("{known: yesterday, report: a}", EXPECT), "facts.0.known: expected a day or an instant"),
        (
            case("{known: 2024-01-03, report: a, retract: a}", EXPECT),
            "facts.0: expected exactly one of report, correct",
        ),
        (case("{known: 2024-01-03, tick: }", EXPECT), "facts.0.tick: expected true, found nothing"),
        (case("{known: 2024-01-03, retract: }", EXPECT), "facts.0.retract: expected the incident, or incidents, found"),
        (case("{known: 2024-01-03, retract: a, site: x}", EXPECT), "expected nothing of an incident with retract"),
        (case("{known: 2024-01-03, merge: [a]}", EXPECT), "expected into with, and only with, merge"),
        (case("{known: 2024-01-03, correct: a}", EXPECT), "expected at least one change"),
        (
            case("{known: 2024-01-03, correct: a, site: null}", EXPECT),
            "expected no null for what an incident must have",
        ),
        (
            case(f"{FACT}, {{known: 2024-01-02, report: b}}", EXPECT),
            "known: expected the order in which it became known",
        ),
        (case(FACT, f"{EXPECT}, {{known: 2024-01-02, episodes: []}}"), "known: expected the order"),
        (case(FACT, EXPECT, ", rule: site-under-atack"), "did you mean site-under-attack?"),
        (case(FACT, "{known: 2024-01-03, episodes: [{rule: x}]}"), "rule: expected one of site-under-attack, found x"),
        (
            case(FACT, "{known: 2024-01-03, episodes: [{rule: site-under-attack, group: {country: JO}}]}"),
            "group: expected site, found country",
        ),
        (
            f"{case(FACT, EXPECT)}- {{name: it, facts: [{FACT}], expect: [{EXPECT}]}}\n",
            "4:10: name: expected one of its own",
        ),
        (case(FACT, "{known: 2024-01-03, episodes: [{value: true}]}"), "like 2d, found true"),
        (case(FACT, "{known: 2024-01-03, episodes: [{value: [1]}]}"), "like 2d, found a list"),
        (case("{known: 2024-01-03, site: x}", EXPECT), "merge, split, tick, found known, site"),
        (case("{known: 2024-01-03, report: a b}", EXPECT), "expected a name of letters, digits and . _ : @ + -"),
        (case("x", EXPECT), "facts.0: expected fields, as in `name: value`, found 'x'"),
        (case(FACT, EXPECT).replace("name: it", 'name: ""'), "name: expected at least one character, found ''"),
        (
            case(FACT, '{known: 2024-01-03, episodes: [{group: {site: "a\\nb"}}]}'),
            r"group.site: expected one line of text, without control characters, found 'a\nb'",
        ),
        ("rules: rules.yaml\ntests: 3\n", "2:8: expected a list, found 3"),
        ("rules: rules.yaml\ntests: {nam: x}\n", "2:8: expected a list, found nam"),
        (case("fct: 1", EXPECT).replace("[fct: 1]", "{fct: 1}"), "facts: expected a list, found fct"),
        ("rules: rules.yaml\ntests: []\n", "2:8: expected at least one test, found []"),
        (
            "rules: none.yaml\ntests: [{name: it, facts: [" + FACT + "], expect: [" + EXPECT + "]}]",
            "1:8: expected a file or",
        ),
        (
            f"rules: {'n' * 300}.yaml\ntests: [{{name: it, facts: [{FACT}], expect: [{EXPECT}]}}]",
            "1:8: expected a file or",
        ),
        ("rules: [", "expected YAML"),
        ("", "1:1: expected"),
    ],
)
def test_a_fault_is_told_with_its_place(folder: Path, text: str, said: str) -> None:
    """Given a file with one fault, when it is read, then the fault is told with line and column."""
    [fault] = faults(folder, text)

    assert re.match(r"\d+:\d+: ", fault)
    assert said in fault


AT_ONCE = [
    "facts.0: expected exactly one of report, correct",
    "facts.0.report: expected a name",
    "facts.1: expected nothing of an incident with tick",
    "known: expected the order",
    "facts.1.munitions: expected a number",
    "expected at least one change",
    "known: expected the order",
    "facts.3: expected one of class",
    "facts.4: expected one of class",
    "expect.0.episodes.0: expected one of rule, group",
    "expect.0.episodes.1.value: expected a whole number",
    "rule: expected one of site-under-attack, found y",
    "expect.1.known: expected a day or an instant",
    "group: expected site, found country",
    "expect.1.messages.0.late: expected",
    "expect.2: expected one of known, episodes, messages, found knwn",
]


def test_faults_of_fields_and_of_fields_together_are_told_at_once(folder: Path) -> None:
    """Given faults of single fields, of several together, and of the rules, then all are told, and nothing twice."""
    facts = (
        "{known: 2024-01-03, report: a b, retract: c}, {known: 2024-01-02, tick: true, munitions: x}, "
        "{known: 2024-01-01, correct: a}, {known: 2024-01-04, reprt: b}, {known: 2024-01-05, merg: [a], into: b}"
    )
    expect = (
        "{known: 2024-01-03, episodes: [{valu: 2}, {value: x, rule: y}]}, "
        "{known: x, messages: [{rule: site-under-attack, group: {country: JO}, late: 3}]}, {knwn: 2024-01-05}"
    )
    (folder / "rules.yaml").write_text(RULES)

    told = [it.split(": ", 1)[1] for it in faults(folder, case(facts, expect))]

    assert [it[: len(start)] for it, start in zip(told, AT_ONCE, strict=True)] == AT_ONCE


def test_a_file_that_nobody_can_read_is_not_left_out(folder: Path) -> None:
    """Given a pipe and a link to nothing among the tests of a folder, when it is read, then that is a fault."""
    (folder / "b_test.yaml").symlink_to(folder / "nowhere")
    with pytest.raises(ConfigInvalid, match=r"b_test\.yaml: No such file"):
        read_tests([folder])

    (folder / "b_test.yaml").unlink()
    os.mkfifo(folder / "b_test.yaml")
    with pytest.raises(Faulty, match=r"b_test\.yaml:1:1: expected"):
        read_tests([folder])


def test_all_faults_of_all_files_are_told_at_once(folder: Path) -> None:
    """Given two files with two faults each, when their folder is read, then four are told and no test runs."""
    for name in ("a_test.yaml", "b_test.yaml"):
        (folder / name).write_text(case("{known: x, report: a}", "{known: y, episodes: []}"))

    result = tried(".")

    assert isinstance(result.exception, Faulty)
    assert [it.split(": ")[1] for it in result.exception.faults] == ["facts.0.known", "expect.0.known"] * 2
    assert result.stdout == ""


def test_faults_of_the_rules_are_told_with_their_file(folder: Path) -> None:
    """Given rules with a fault, when their tests are read, then it is told where it is."""
    (folder / "rules.yaml").write_text("rules:\n- {id: a}\n")

    assert faults(folder, TESTS) == [f"{folder}/rules.yaml:2:3: levels: expected this field, found nothing"]


def test_what_is_no_text_or_not_there_is_told(folder: Path) -> None:
    """Given a file that is no UTF-8, a folder without tests, and a file that is not there, then each is told."""
    (folder / "raw_test.yaml").write_bytes(b"\xff")
    (folder / "empty").mkdir()

    with pytest.raises(Faulty, match="expected UTF-8, found byte 0xff"):
        read_tests([folder / "raw_test.yaml"])
    with pytest.raises(Faulty, match="expected files of tests"):
        read_tests([folder / "empty"])
    with pytest.raises(ConfigInvalid, match="No such file"):
        read_tests([folder / "none_test.yaml"])


# -- how it is told


def test_json_is_one_array_of_objects(folder: Path) -> None:
    """Given a test that fails and one that does not, when asked as JSON, then both are objects."""
    (folder / "rules.yaml").write_text(RULES.replace("{watch: 2, warning: 3}", "{warning: 2}"))

    result = tried("rules_test.yaml", "--json")
    first, second = json.loads(result.stdout)

    assert (first["ok"], second["ok"], result.return_value) == (False, True, 1)
    assert (first["file"], first["place"]) == ("rules_test.yaml", "3:5")
    assert [it["place"] for it in first["failures"]] == ["11:9", "11:9"]


def test_junit_has_a_case_for_each_test_and_the_diff_of_what_failed(folder: Path) -> None:
    """Given a test that fails and one that does not, when JUnit is asked for, then the file says so."""
    (folder / "rules.yaml").write_text(RULES.replace("{watch: 2, warning: 3}", "{warning: 2}"))

    tried("rules_test.yaml", "--junit", "found.xml")
    [suite] = ET.parse(folder / "found.xml").getroot()

    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [it.find("failure") is not None for it in suite] == [True, False]
    assert "severity: warning" in (suite[0].findtext("failure") or "")


def test_a_fault_leaves_no_junit_of_an_earlier_run(folder: Path) -> None:
    """Given results of before, when a file of tests is faulty, then they are gone."""
    written = folder / "found.xml"
    tried("rules_test.yaml", "--junit", "found.xml")
    assert written.read_text().count("<testcase") == 2
    (folder / "rules_test.yaml").write_text("tests: 1")

    assert isinstance(tried("rules_test.yaml", "--junit", "found.xml").exception, Faulty)
    assert written.read_text().count("<testcase") == 1  # its fault


def test_faults_are_errors_in_junit_and_objects_in_json(folder: Path) -> None:
    """Given a file of tests with two faults, when it is tried, then both machines' forms have them, with places."""
    (folder / "rules_test.yaml").write_text(case("{known: x, report: a}", "{known: y, episodes: []}"))

    result = tried("rules_test.yaml", "--json", "--junit", "found.xml")
    [suite] = ET.parse(folder / "found.xml").getroot()

    assert isinstance(result.exception, Faulty)
    assert (suite.get("name"), suite.get("tests"), suite.get("errors")) == ("rules_test.yaml", "1", "1")
    assert (suite.findtext("testcase/error") or "").split("\n") == result.exception.faults
    assert [(it["file"], it["test"], it["ok"]) for it in json.loads(result.stdout)] == [
        ("rules_test.yaml", None, False)
    ] * 2
    assert json.loads(result.stdout)[0]["failures"][0]["said"].startswith("facts.0.known: expected a day")


def test_a_path_that_is_no_file_of_tests_is_an_error_too(folder: Path) -> None:
    """Given a folder without tests, when it is tried, then JUnit and JSON say so under its name."""
    (folder / "empty").mkdir()

    result = tried("empty", "--json", "--junit", "found.xml")
    [suite] = ET.parse(folder / "found.xml").getroot()

    assert suite.get("name") == "empty"
    assert [it["file"] for it in json.loads(result.stdout)] == ["empty"]


def test_junit_is_xml_whatever_is_in_a_name() -> None:
    """Given names with characters that XML or a line does not have, when they are written, then XML is read again."""
    odd = "a\x1b\x85\u2028\ud800\ufffe\uffff<&\U0001f600"
    failed = Outcome(odd, "1:1", odd, [Failure("1:1", odd, [f"- {odd}"])], 1.25)

    text = junit([failed], [f"{odd}:1:2: {odd}"])
    [first, second] = ET.fromstring(text.encode()).iter("testcase")

    fit = r"a\x1b\x85\u2028\ud800??<&" + "\U0001f600"
    assert (first.get("name"), first.get("file"), second.get("file")) == (fit, fit, fit)
    assert first.findtext("failure") == f"{fit}:1:1: {fit}\n  - {fit}"


def test_junit_says_how_long_each_test_took() -> None:
    """Given two tests that took so long, when they are written, then so did their cases and, summed up, their suite."""
    took = [Outcome("a_test.yaml", "1:1", name, [], seconds) for name, seconds in (("one", 0.25), ("two", 1.5))]

    [suite] = ET.fromstring(junit(took))

    assert ([it.get("time") for it in suite], suite.get("time")) == (["0.250", "1.500"], "1.750")


def test_a_test_takes_time(folder: Path) -> None:
    """Given tests, when they are run, then each took some."""
    assert all(it.seconds > 0 for it in run(read_tests([folder / "rules_test.yaml"])))


def test_a_dash_is_no_file_for_junit(folder: Path) -> None:
    """Given a dash for the file, when tests are run, then that is refused, and no file has such a name."""
    assert isinstance(tried("rules_test.yaml", "--junit", "-").exception, BadParameter)
    assert not (folder / "-").exists()


@pytest.mark.usefixtures("folder")
def test_a_junit_file_that_can_not_be_written_is_told() -> None:
    """Given no folder for it, when JUnit is asked for, then that is told in one line."""
    assert isinstance(tried("rules_test.yaml", "--junit", "none/found.xml").exception, ConfigInvalid)


OF_TIME_AND_QUANTITY = """
rules:
  - {id: quiet, by: [site], measure: silence, levels: {watch: 36h, warning: 5d}}
  - {id: wounded, by: [site], measure: {sum: wounded.us}, bound: low, levels: {watch: 5}}
"""


def test_values_of_silence_are_durations_and_those_of_a_sum_its_bound(folder: Path) -> None:
    """Given rules of silence and of a sum, when their tests say values as rules say levels, then those are compared."""
    (folder / "rules.yaml").write_text(OF_TIME_AND_QUANTITY)
    fact = "{known: 2024-01-01, report: a, class: attack, wounded: {us: at least 7}}"
    said = "{known: 2024-01-03, %s: [{rule: quiet, value: %s}, {rule: wounded, value: %s}]}"

    assert failures(folder, case(fact, said % ("episodes", "36h", 7))) == []
    assert failures(folder, case(fact, said % ("episodes", "2d", 8))) == [
        [
            "- rule: quiet, value: 2d",
            "+ rule: quiet, value: 36h",
            "- rule: wounded, value: 8",
            "+ rule: wounded, value: 7",
        ]
    ]
    told = "{known: 2024-01-03, messages: [{rule: wounded, value: 7}, {rule: quiet, value: 2160m}]}"
    assert failures(folder, case(fact, told)) == []


def test_actors_of_a_test_may_belong_to_umbrellas(folder: Path) -> None:
    """Given a rule that looks at an umbrella, when a test says who belongs to it, far below, then that is so."""
    (folder / "rules.yaml").write_text("rules: [{id: r, where: {member_of: top}, levels: {watch: 1}}]")
    facts = "{known: 2024-01-01, report: a, actor: low}, {known: 2024-01-02, report: b, actor: other}"
    expect = "{known: 2024-01-02, messages: [{kind: raised, evidence: [a]}]}"

    assert (
        failures(folder, case(facts, expect, ", actors: {low: {member_of: middle}, middle: {member_of: [top]}}")) == []
    )
    assert failures(folder, case(facts, "{known: 2024-01-02, messages: []}")) == []


def test_faults_without_end_are_counted(folder: Path) -> None:
    """Given a file of more faults than anybody reads, then the first are told, and how many more there are."""
    file = folder / "many_test.yaml"
    file.write_text("rules: rules.yaml\ntests: [" + "~, " * 5_000 + "]\n", encoding="utf-8")

    with pytest.raises(Faulty) as caught:
        read_tests([file])

    assert len(caught.value.faults) == MOST_FAULTS + 1
    assert caught.value.faults[-1].endswith(": expected fewer faults, found 4000 more")


# -- what it costs


class Counted(Scratch):
    """Tables that count what is asked of them."""

    def __init__(self, file: PartitionFile) -> None:
        super().__init__(file)
        self.batches = self.read = 0

    def apply(self, events: Sequence[Event]) -> list[tuple[int, str]]:
        self.batches += 1
        return super().apply(events)

    def messages(self, timeline: str, begin: int) -> list[tuple[int, Row]]:
        found = super().messages(timeline, begin)
        self.read += len(found)
        return found


def many(count: int, said: str) -> str:
    """As many attacks, two on each site, with an expectation after each; a fact that does not fit is the third."""
    at = [f"2024-01-01T00:00:{it:02}Z" for it in range(count)]
    facts = [f"{{known: {time}, report: a{it}, class: attack, site: t{it // 2}}}" for it, time in enumerate(at)]
    facts.insert(2, f"{{known: {at[2]}, retract: x}}")
    return case(", ".join(facts), ", ".join(f"{{known: {it}, {said}}}" for it in at))


@pytest.mark.parametrize(("said", "batches"), [("messages: []", 1), ("messages: [], episodes: []", 20)])
def test_expectations_are_looked_at_once_each(folder: Path, tmp_path: Path, said: str, batches: int) -> None:
    """Given 20 expectations, then each message is read once, and only episodes cut what is applied; in order."""
    (folder / "many_test.yaml").write_text(many(20, said))
    [sheet] = read_tests([folder / "many_test.yaml"])
    file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)

    tables = Counted(file)
    failures = list(Run(sheet, 0, tables).failures())
    file.close()

    wanted = [it for it in ("episodes", "messages") if it in said]
    found = [it.said.partition(" at ")[0] for it in failures]
    assert (tables.batches, tables.read) == (batches, 10)
    assert found[: len(wanted)] == wanted  # of the second attack
    assert failures[found.index("messages") + 1].said.startswith("this can not be told: ")
    assert found.count("messages") == 10
