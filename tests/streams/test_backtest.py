"""`tocsin rules backtest`: what rules would have told."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from events.errors import ConfigInvalid, NotFound
from projections.rules.form import RuleSpec
from projections.rules.spec import content_hash, normalise
from seeds.loader import folder_of
from streams.backtesting import strips
from streams.backtesting.running import Tried
from streams.cli.rules import rules
from streams.cli.rules_backtest import often
from streams.writing.replay import theatre
from tests import facts
from tests.published import publish

RULES = """
rules:
- {id: twice, where: {class: attack}, by: [site], window: 7d, levels: {watch: 2, critical: 3}}
"""
SVG = "{http://www.w3.org/2000/svg}"


def run(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(rules, ["backtest", *map(str, arguments)], env={"TOCSIN_HOME": str(home)})


def reported(incident: str, day: int, known: int, **said: Any) -> facts.Event:
    return facts.reported(incident, day=f"2023-10-{day:02}", at=f"2023-10-{known:02}T12:00:00Z", **said)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    it = tmp_path / "rules.yaml"
    it.write_text(RULES)
    return it


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two attacks on one site, the second told five days late; a third, which never happened."""
    events = facts.staged(
        reported("a", 2, 2, wounded={"us": 2}),
        reported("b", 3, 8),
        reported("c", 20, 20, site="south"),
        reported("d", 20, 20, site="south", weapons=["laser"]),
        facts.retracted("d", at="2023-10-22T12:00:00Z"),
        facts.ticked("2023-10-30T12:00:00Z"),
        clock="replayed",
    )
    publish(tmp_path, events)
    return tmp_path


@pytest.fixture(scope="module")
def theatre_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first theatre."""
    home = tmp_path_factory.mktemp("home")
    publish(home, theatre(folder_of("iraq-syria")))
    return home


class TestABacktest:
    """As its user sees it."""

    def test_tells_what_would_have_been_told_beside_what_is_known_today(self, home: Path, file: Path) -> None:
        """Given a late report and a retraction, then an alert that came late, and one that was called off."""
        found = json.loads(run(home, file, "--json").stdout)

        assert {name: found[name] for name in ("timeline", "from", "to")} == {
            "timeline": "test",
            "from": "2023-10-02T11:59:59.999000Z",
            "to": "2023-10-30T12:00:00Z",
        }
        late, off = found["alerts"]
        assert (late["group"], late["raised_at"], late["state"]) == (
            {"site": "north"},
            "2023-10-08T12:00:00Z",
            "resolved",
        )
        assert late["hindsight"] == {
            "opened_at": "2023-10-03T00:00:00Z",
            "ended_at": "2023-10-09T00:00:00Z",
            "severity": "watch",
            "value": 2,
            "peak_at": "2023-10-03T00:00:00Z",
        }
        assert late["delay_s"] == (5 * 24 + 12) * 3600
        assert [it["kind"] for it in late["messages"]] == ["raised", "resolved"]
        assert (off["state"], off["hindsight"], off["delay_s"]) == ("cancelled", None, None)

    def test_counts_rule_by_rule(self, home: Path, file: Path) -> None:
        """Given two alerts in four weeks, one called off, then the line of their rule says so."""
        [row] = json.loads(run(home, file, "--json").stdout)["rules"]

        assert {name: row[name] for name in ("alerts", "watch", "warning", "critical", "cancelled", "late")} == {
            "alerts": 2,
            "watch": 2,
            "warning": 0,
            "critical": 0,
            "cancelled": 1,
            "late": 0,
        }
        assert row["per_week"] == 0.5
        assert row["hindsight"] == {"watch": 1, "warning": 0, "critical": 0}

    def test_shows_tables_to_people(self, home: Path, file: Path) -> None:
        """Given the same, when no JSON is asked for, then a line a rule and a line an alert."""
        done = run(home, file)
        said = done.stdout.splitlines()

        assert re.split(" {2,}", said[2]) == ["twice", "2", "2/0/0", "1 in 2 weeks", "5d 12h", "1 cancelled", "1/0/0"]
        assert all(it in done.stderr for it in ("w/W/C: ", "told after: ", "late: ", "cancelled: ", "today: "))
        assert said[5].startswith("2023-10-08 12:00  watch     twice  north  2023-10-03… watch 2")
        assert "no such episode" in said[6]

    @pytest.mark.parametrize(
        ("alerts", "weeks", "said"),
        [
            *((0, 5.0, ""), (3, 0.0, ""), (1, 50.2, "1 in 50 weeks"), (4, 4.0, "1 a week")),
            *((4, 7.0, "1 in 2 weeks"), (5, 2.0, "2.5 a week"), (1, 0.9, "1.1 a week"), (450, 2.0, "225 a week")),
        ],
    )
    def test_says_how_often_without_small_fractions(self, alerts: int, weeks: float, said: str) -> None:
        """Given alerts in so many weeks, when people read how often that is, then it is no small fraction."""
        assert often(alerts, weeks) == said

    def test_tells_silence_as_a_duration(self, home: Path, file: Path) -> None:
        """Given a rule of silence, when it is tried, then people read days, in the picture too; JSON names its unit."""
        file.write_text("rules: [{id: quiet, measure: silence, levels: {watch: 9d}}]")
        picture = file.with_suffix(".svg")

        assert run(home, file, "--svg", picture).stdout.splitlines()[5].split()[6:8] == ["watch", "9d"]
        assert ", value 9d" in picture.read_text()
        [alert, *_] = json.loads(run(home, file, "--json").stdout)["alerts"]
        assert (alert["hindsight"]["value"], alert["hindsight"]["unit"]) == (777_600, "s")

    def test_shows_the_newest_of_many_and_says_so(self, home: Path, file: Path) -> None:
        """Given two alerts, when one row is asked for, then the last one is shown, and that there is another."""
        done = run(home, file, "--rows", 1)

        assert "no such episode" in done.stdout.splitlines()[-1]
        assert "2023-10-08" not in done.stdout
        assert "and 1 alert before" in done.stderr

    @pytest.mark.parametrize(
        ("period", "told"),
        [
            (("--from", "2023-10-09"), ["south"]),
            (("--to", "2023-10-20T12:00Z"), ["north"]),
            (("--from", "2023-10-08T12:00Z", "--to", "2023-10-09"), ["north"]),
        ],
    )
    def test_can_be_of_a_period(self, home: Path, file: Path, period: tuple[str, ...], told: list[str]) -> None:
        """Given two alerts, when a period is named, then those that were first told in it, with all that came after."""
        found = json.loads(run(home, file, "--json", *period).stdout)["alerts"]

        assert [it["group"]["site"] for it in found] == told
        assert all(it["state"] != "open" for it in found)

    def test_of_a_period_names_its_days(self, home: Path, file: Path) -> None:
        """Given a period that ends with the beginning of a day, then that day is not among those it was told of."""
        assert "known 2023-10-08…2023-10-08" in run(home, file, "--from", "2023-10-08", "--to", "2023-10-09").stdout

    def test_of_a_period_that_ends_before_it_begins_is_an_error(self, home: Path, file: Path) -> None:
        """Given bounds the wrong way round, when a backtest is asked for, then they are told."""
        done = run(home, file, "--from", "2023-10-09", "--to", "2023-10-08")

        assert done.exit_code == 2
        assert "expected --from before --to, found 2023-10-09" in done.stderr

    def test_of_rules_that_tell_nothing_says_so(self, home: Path, tmp_path: Path) -> None:
        """Given a file without rules, then that is said, and the exit code is 0."""
        none = tmp_path / "none.yaml"
        none.write_text("rules: []")

        done = run(home, none)

        assert done.exit_code == 0
        assert "nothing would have been told" in done.stderr

    def test_needs_to_know_the_timeline(self, tmp_path: Path, file: Path) -> None:
        """Given two timelines, when none or a third is named, then it is told which there are."""
        publish(tmp_path, [facts.opened(timeline="one"), facts.opened(timeline="two")])

        assert isinstance(run(tmp_path, file).exception, ConfigInvalid)
        assert isinstance(run(tmp_path, file, "--timeline", "three").exception, NotFound)
        assert run(tmp_path, file, "--timeline", "two").exit_code == 0

    def test_touches_nothing(self, home: Path, file: Path) -> None:
        """Given a home, when rules are tried, then every file in it is what it was, and there is none more."""
        before = contents(home)

        run(home, file, "--against", "adopted")

        assert contents(home) == before


def contents(home: Path) -> dict[Path, bytes]:
    return {it: it.read_bytes() for it in home.rglob("*") if it.is_file()}


class TestAgainstTheRulesInForce:
    """`--against adopted`, on the first theatre."""

    def test_the_same_rules_differ_in_nothing(self, theatre_home: Path) -> None:
        """Given the rules in force, when held against themselves, then every alert is the same."""
        found = run(theatre_home, folder_of("iraq-syria") / "rules.yaml", "--against", "adopted", "--json")

        alerts = json.loads(found.stdout)["alerts"]
        assert len(alerts) > 10
        assert {(it["against"]["is"], it["against"]["lead_s"]) for it in alerts} == {("same", 0)}

    def test_stricter_rules_are_later_or_silent(self, theatre_home: Path, tmp_path: Path) -> None:
        """Given one rule of them with a higher level, then what it would tell later, and what not, is told."""
        text = (folder_of("iraq-syria") / "rules.yaml").read_text()
        stricter = tmp_path / "rules.yaml"
        stricter.write_text(
            text.replace(
                "window: 14d\n    levels: {watch: 2, warning: 3,", "window: 14d\n    levels: {watch: 3, warning: 4,"
            )
        )

        found = run(theatre_home, stricter, "--against", "adopted", "--json")

        rows = {it["rule"]: it["against"] for it in json.loads(found.stdout)["rules"]}
        assert {name for name, row in rows.items() if row["later"]} == {"attacks-by-one-actor"}
        assert rows["attacks-by-one-actor"]["lead_s"] == -17 * 86400
        assert "1 later, 17d later" in run(theatre_home, stricter, "--against", "adopted").stdout

    def test_a_rule_that_goes_takes_its_alerts_along(self, tmp_path: Path) -> None:
        """Given a rule in force and a file without it, then its alerts vanish, and stand beside those that appear."""
        adopted = [{"id": "old", "measure": "count", "levels": {"watch": 3}, "by": []}]
        publish(tmp_path / "more", facts.staged(*[reported(name, 2, 2) for name in "abc"], adoption(adopted)))
        other = tmp_path / "other.yaml"
        other.write_text("rules:\n- {id: new, levels: {watch: 2}}\n")

        found = json.loads(run(tmp_path / "more", other, "--against", "adopted", "--json").stdout)

        assert [(it["rule"], it["against"]["is"]) for it in found["alerts"]] == [
            ("new", "appears"),
            ("old", "vanishes"),
        ]
        assert [(it["rule"], it["alerts"], it["against"]["vanishes"]) for it in found["rules"]] == [
            ("new", 1, 0),
            ("old", 0, 1),
        ]


def adoption(specs: list[dict[str, Any]]) -> facts.Event:
    contents = [normalise(RuleSpec.model_validate(it)) for it in specs]
    return facts.adopted(*contents, content_hash=content_hash(contents), at="2023-10-03T12:00:00Z")


class TestThePicture:
    """`--svg FILE`."""

    def picture(self, home: Path, file: Path, *more: str) -> ET.Element:
        path = home / "strips.svg"
        done = run(home, file, "--svg", path, *more)
        assert done.exit_code == 0
        assert f"drawn in {path}" in done.stderr
        return ET.fromstring(path.read_text(encoding="utf-8"))

    def test_has_a_strip_for_each_rule_and_group(self, home: Path, file: Path) -> None:
        """Given two groups, then two strips, named, told above and known below; of one that was called off no more."""
        strips = self.picture(home, file).findall(f"{SVG}g")

        said = [[it.text for it in strip.iter(f"{SVG}title")] for strip in strips]
        assert [names[0] for names in said] == ["twice: north", "twice: south"]
        assert [text.split(":")[0] for text in said[0][1:]] == ["told", "known today"]
        assert [text.split(":")[0] for text in said[1][1:]] == ["told"]
        assert said[1][1].endswith("cancelled in the end")

    def test_hatches_what_was_called_off(self, home: Path, file: Path) -> None:
        """Given an alert that was called off, then it alone is hatched: it is not told by a colour."""
        north, south = self.picture(home, file).findall(f"{SVG}g")

        fills = [{it.get("fill") for it in strip.iter(f"{SVG}rect")} for strip in (north, south)]
        assert fills[1] == {"url(#gone)"}
        assert "url(#gone)" not in fills[0]

    def test_begins_a_little_before_the_first_alert(self) -> None:
        """Given two years of quiet before an alert of ten days, then its bar begins near the left end, not at it."""
        days = 86_400_000_000
        told = strips.Lane("told", [strips.Bar(800 * days, 810 * days, 1, gone=False, said="told")])
        axis = strips.Axis([strips.Strip("one", [told])], Tried("test", [], None, 0, 0, 820 * days, []))

        place = (axis.x(800 * days) - strips.LEFT) / (strips.WIDTH - strips.LEFT - strips.RIGHT)
        assert 0 < place < 1 / 15

    def test_names_its_days_at_both_ends_and_says_what_it_leaves_out(
        self, home: Path, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Given room for one strip, then days stand above and below it, and whoever looks reads what is missing."""
        monkeypatch.setattr(strips, "MOST", 1)

        root = self.picture(home, file)

        said = {
            float(it.get("y", 0)): it.text for it in root.findall(f"{SVG}text") if it.get("x") == f"{strips.LEFT:.1f}"
        }
        assert list(said.values()) == ["2023-10-01"] * 2
        assert min(said) < strips.TOP < max(said)
        left_out = "left out, with the fewest alerts: 1 of 2 rules and groups"
        assert left_out in [it.text for it in root.findall(f"{SVG}text")]
        assert root.find(f"{SVG}desc").text.endswith(f" {left_out.capitalize()}.")

    def test_says_in_words_what_it_shows(self, home: Path, file: Path) -> None:
        """Given the picture, then whoever can not see it has a title, and a description with the numbers."""
        root = self.picture(home, file)

        assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title desc")
        assert root.find(f"{SVG}title").text == "Backtest of 1 rule on test"
        assert root.find(f"{SVG}desc").text.startswith(
            "2 alerts would have been told from 2023-10-02 to 2023-10-30, 1 of them called off later."
        )

    def test_has_a_lane_for_the_rules_in_force(self, home: Path, file: Path) -> None:
        """Given rules in force, when held against them, then their alerts have a lane of their own."""
        texts = [it.text for it in self.picture(home, file, "--against", "adopted").iter(f"{SVG}text")]

        assert texts.count("told by those adopted") == 2

    def test_of_nothing_is_a_picture_still(self, home: Path, tmp_path: Path) -> None:
        """Given rules that tell nothing, then the picture says so."""
        none = tmp_path / "none.yaml"
        none.write_text("rules: []")

        root = self.picture(home, none)

        assert "Nothing would have been told." in root.find(f"{SVG}desc").text

    def test_is_all_of_stdout_where_that_is_its_file(self, home: Path, file: Path) -> None:
        """Given `--svg -`, then the drawing is printed and nothing else; JSON beside it is refused."""
        assert ET.fromstring(run(home, file, "--svg", "-").stdout).tag == f"{SVG}svg"
        assert "--json and --svg -" in run(home, file, "--svg", "-", "--json").stderr

    def test_that_can_not_be_written_is_said(self, home: Path, file: Path) -> None:
        """Given a place that is none, then a plain word."""
        done = run(home, file, "--svg", home / "nowhere" / "strips.svg")

        assert isinstance(done.exception, ConfigInvalid)
        assert str(done.exception).endswith("strips.svg: No such file or directory")


NAMES = """
rules:
- {id: slips, where: {site: [sout, south], weapon: [drone, laser]}, not: {class: [atack, attack]}, levels: {watch: 1}}
- {id: whose, measure: {sum: killed.uss}, where: {wounded: {them: ">= 1"}}, window: 1d, levels: {watch: 1}}
- {id: fine, where: {class: attack, site: south, confidence: low}, levels: {watch: 1}}
"""


def test_names_that_nothing_bears_are_warned_of(home: Path, file: Path) -> None:
    """Given rules with names of no site, weapon, party and class there is, when they are tried, then all are told."""
    file.write_text(NAMES)

    people, programs = run(home, file), run(home, file, "--json")

    said = [
        "no class 'atack' in test; did you mean attack?",
        "no party 'them' in test; there is us",
        "no party 'uss' in test; did you mean us?",
        "no site 'sout' in test; did you mean south?",
        "no weapon 'drone' in test; there is none",
        "no weapon 'laser' in test; there is none",
    ]
    warned = json.loads(programs.stdout)["warnings"]
    assert [it["rule"] for it in warned] == ["slips"] * 4 + ["whose"] * 2
    assert sorted((it["said"], it["name"], it["field"]) for it in warned) == [
        (said[0], "atack", "not.class"),
        (said[1], "them", "where.wounded"),
        (said[2], "uss", "measure.sum"),
        (said[3], "sout", "where.site"),
        (said[4], "drone", "where.weapon"),
        (said[5], "laser", "where.weapon"),  # of an incident that was retracted
    ]
    assert (people.exit_code, programs.exit_code) == (0, 0)
    assert f"warning: rule slips: where.site: {said[3]}" in people.stderr.splitlines()
