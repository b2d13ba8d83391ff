"""`tocsin rules explain` and `tocsin alerts why` on the seeds, as a user calls them."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from events.errors import NotFound
from projections.rules.form import RuleSpec
from projections.rules.spec import content_hash, normalise
from seeds.loader import folder_of
from streams.cli.alerts import alerts
from streams.cli.rules import rules
from streams.writing.replay import theatre
from tests import facts
from tests.published import publish

SITE, ACTOR = "site-under-repeated-attack", "attacks-by-one-actor"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the seeds are projected."""
    home = tmp_path_factory.mktemp("home")
    publish(home, theatre(folder_of("iraq-syria")))
    return home


def run(home: Path, *arguments: str, verb: Any = rules) -> Result:
    return CliRunner().invoke(
        verb, arguments, env={"TOCSIN_HOME": str(home)}, catch_exceptions=False, standalone_mode=False
    )


def explained(home: Path, *arguments: str) -> Any:
    return json.loads(run(home, "explain", *arguments, "--json").stdout)


class TestExplaining:
    """`tocsin rules explain`."""

    def test_of_a_surge_says_what_lacks_of_the_value_not_of_incidents(self, home: Path) -> None:
        """Given a surge, to which an incident adds four, when it is explained, then nobody takes it for incidents."""
        said = run(home, "explain", "more-attacks-than-usual", "--at", "2023-11-08").stdout.splitlines()

        assert [it.strip().rpartition(" more ")[2] for it in said if it.strip().startswith("critical 24")] == [
            "of the value"
        ]

    def test_opens_a_value_to_document_and_place(self, home: Path) -> None:
        """Given the seeds, when a site is explained, then its attack, levels, document and paragraph are there."""
        lines = [
            it.strip() for it in run(home, "explain", SITE, "ain-al-asad", "--at", "2023-11-12").stdout.splitlines()
        ]

        assert lines[0] == f"{SITE}, ain-al-asad: 1 at 2023-11-12T23:59:59.999999Z, below every level [iraq-syria]"
        assert lines[1:4] == ["watch 2: 1 more", "warning 3: 2 more", "critical 5: 4 more"]
        assert lines[4] == "adds, 1 incident"
        assert lines[5].startswith(
            "inc-2023-11-09-asad +1 until 2023-11-16T00:00:00Z: 2023-11-09 attack at ain-al-asad"
        )
        assert lines[7].startswith(
            "document 001_4baa8668a4f169ec “Attacks of autumn 2023, state of 14 November”, para 29"
        )
        assert lines[9].startswith("inc-2023-11-05-asad-mortar: the window has passed it: ")

    def test_says_when_a_level_is_lost_and_which_alert_it_is_about(self, home: Path) -> None:
        """Given the wave of attacks, when a day in it is explained, then the ends of levels and the alert are told."""
        said = run(home, "explain", "wave-of-attacks", "--at", "2023-11-05", "--as-known-at", "2023-11-09").stdout

        assert "watch 3: reached, until 2023-11-30T00:00:00Z" in said
        assert "falls below 3 at 2023-11-30T00:00:00Z, if nothing more is told" in said
        assert "episode since 2023-10-31T00:00:00Z, warning, peak at 2023-11-05T00:00:00Z; alert " in said
        assert "class is context, the rule wants attack" in said

    def test_says_what_was_known_then(self, home: Path) -> None:
        """Given an attack that was told on the 14th, when the 12th is explained as known then, it is not there."""
        then = explained(home, SITE, "ain-al-asad", "--at", "2023-11-12", "--as-known-at", "2023-11-12")
        now = explained(home, SITE, "ain-al-asad", "--at", "2023-11-12")

        assert ([it["incident_id"] for it in then["adds"]], then["at"]) == ([], now["at"])
        assert [it["incident_id"] for it in now["adds"]] == ["inc-2023-11-09-asad"]

    def test_every_alert_of_the_seeds_has_the_value_of_its_peak(self, home: Path) -> None:
        """Given each alert that stands, when its group is explained at its peak, then its value is found."""
        for it in json.loads(run(home, "--state", "open", "--state", "resolved", "--json", verb=alerts).stdout):
            found = explained(home, it["rule"], *it["group"].values(), "--at", it["peak_at"])

            assert found["value"] == it["value"]
            assert found["level"] == it["severity"]
            assert sum(part["adds"] for part in found["adds"] + found["takes"]) == it["value"]["best"]

    def test_takes_several_values_with_a_comma_or_a_space(self, tmp_path: Path) -> None:
        """Given a rule by two fields, when both are named, either way, then that group is explained."""
        content = normalise(
            RuleSpec.model_validate({"id": "r", "by": ["country", "attribution"], "levels": {"watch": 2}})
        )
        rule = facts.adopted(content, content_hash=content_hash([content]))
        publish(tmp_path, facts.staged(rule, facts.reported("a")))

        for said in (["IQ,none"], ["IQ, none"], ["IQ", "none"], ["IQ,", "none"], ["IQ", ",", "none"]):
            found = explained(tmp_path, "r", *said)
            assert found["group"] == {"country": "IQ", "attribution": "none"}
            assert [it["incident_id"] for it in found["adds"]] == ["a"]

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            (9, "falls below 1 at 2023-10-17T00:00:00Z, if nothing more is told; over at 2023-11-06T00:00:00Z"),
            (18, "below 1; over at 2023-11-06T00:00:00Z, unless it rises until then"),
            (30, "below 1; over at 2023-11-06T00:00:00Z, unless it rises until then"),
        ],
    )
    def test_says_when_it_is_over_while_it_lasts_below_its_levels(self, tmp_path: Path, day: int, said: str) -> None:
        """Given an episode that lasts below its levels, when it is explained, then it is told when it is over."""
        it = {"id": "r", "window": "7d", "levels": {"watch": 2}, "clear_below": 1, "keep_firing": "20d"}
        content = normalise(RuleSpec.model_validate(it))
        rule = facts.adopted(content, content_hash=content_hash([content]))
        told = [facts.reported("a", day="2023-10-02"), facts.reported("b", day="2023-10-10")]
        publish(tmp_path, facts.staged(rule, *told, facts.reported("c", day="2023-10-03")))

        lines = run(tmp_path, "explain", "r", "--at", f"2023-10-{day:02}").stdout.splitlines()

        assert lines[0].startswith(f"r, all: {int(day < 17)} ")
        assert any(said in line for line in lines)
        assert explained(tmp_path, "r", "--at", f"2023-10-{day:02}")["ends_at"] == "2023-11-06T00:00:00Z"

    def test_says_what_a_group_is_where_none_is_named(self, home: Path) -> None:
        """Given a rule by one field, when none or two are named, then that is told, with groups that it held for."""
        for said in (["al-tanf", "erbil"], []):
            with pytest.raises(
                click.UsageError, match=r"expected a group of .*: its site; found .*; as in ain-al-asad"
            ):
                run(home, "explain", SITE, *said)
        with pytest.raises(click.UsageError, match="no group: wave-of-attacks is of the whole timeline"):
            run(home, "explain", "wave-of-attacks", "al-tanf")

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ([SITE, "al-asad"], "no site 'al-asad' in iraq-syria; did you mean ain-al-asad"),
            ([ACTOR, "kataib-hizbollah"], "did you mean kataib-hezbollah"),
            (["site-under-attack", "al-tanf"], "did you mean site-under-repeated-attack"),
        ],
    )
    def test_names_what_may_be_meant(self, home: Path, arguments: list[str], said: str) -> None:
        """Given a name that nothing bears, when it is explained, then the nearest one is told."""
        with pytest.raises(NotFound, match=said):
            run(home, "explain", *arguments)

    def test_says_that_a_rule_leaves_a_whole_group_out(self, tmp_path: Path) -> None:
        """Given a rule of drones by weapon, when missiles are explained, then that they never count, and no level."""
        said = {"id": "r", "where": {"weapon": ["drone"]}, "by": ["weapon"], "levels": {"watch": 2}}
        content = normalise(RuleSpec.model_validate(said))
        rule = facts.adopted(content, content_hash=content_hash([content]))
        publish(tmp_path, facts.staged(rule, facts.reported("a", weapons=("missile",))))

        lines = [it.strip() for it in run(tmp_path, "explain", "r", "missile").stdout.splitlines()]

        assert lines[1] == (
            "the rule leaves all of missile out, so nothing of it can ever count: `where: {weapon: [drone]}`"
        )
        assert not any("more" in it for it in lines)
        assert explained(tmp_path, "r", "missile")["shut_out"] == [
            {"why": "where", "field": "weapon", "wanted": ["drone"]}
        ]


class TestTheStory:
    """`tocsin alerts why`."""

    def story(self, home: Path, state: str, rule: str) -> list[str]:
        listed = json.loads(run(home, "--state", state, "--json", verb=alerts).stdout)
        [first, *_] = [it["alert_id"] for it in listed if it["rule"] == rule]
        done = run(home, "why", first[:8], verb=alerts)
        assert done.return_value == 0
        return [line.strip() for line in done.stdout.splitlines()]

    def test_goes_from_message_to_message_with_cause_and_source(self, home: Path) -> None:
        """Given an alert that was escalated, then each cause is told, with document and place."""
        lines = self.story(home, "open", "wave-of-attacks")
        messages = [place for place, line in enumerate(lines) if line.startswith("2023-11-")]

        assert [lines[it].split(":")[2].split(" ", 1)[1] for it in messages] == [
            "raised, watch",
            "escalated, warning",
            "escalated, critical",
            "updated, critical",
        ]
        assert lines[messages[1] + 1].startswith("because inc-2023-11-05-asad-mortar was reported: attack, 2023-11-05")
        assert lines[messages[1] + 2].startswith("document 002_dca7d12df0272a91")
        assert "para 48" in lines[messages[1] + 2]
        assert lines[messages[1] + 3] == "evidence +inc-2023-10-31-base-2 +inc-2023-11-05-asad-mortar"

    def test_tells_of_merges_and_of_time(self, home: Path) -> None:
        """Given an alert that a merge changed and time ended, when its story is told, then both are its causes."""
        said = self.story(home, "resolved", "country-under-attack")

        assert any(it.startswith("because others were found to be inc-2021-07-07-rockets: the air base") for it in said)
        assert "because time had passed: the clock came to 2023-11-01T12:00:00Z" in said
        assert "evidence -inc-2021-07-west" in said

    def test_every_alert_has_one_that_holds(self, home: Path) -> None:
        """Given each alert of the seeds, when its story is told as JSON, then each message has its event, and holds."""
        for it in json.loads(run(home, "--json", verb=alerts).stdout):
            done = run(home, "why", it["alert_id"], "--json", verb=alerts)
            told = json.loads(done.stdout)["alert"]["messages"]

            assert done.return_value == 0
            assert len(told) == it["messages"]
            assert all(one["account"]["kind"] for one in told)
            assert told[0]["came"]

    def test_of_an_adoption_of_rules_says_who_and_why(self, tmp_path: Path) -> None:
        """Given an alert whose rule was taken back, when its story is told, then it says who did that and why."""
        content = normalise(RuleSpec.model_validate({"id": "r", "levels": {"watch": 1}}))
        rule = facts.adopted(content, content_hash=content_hash([content]), at="2023-11-01T12:00:00Z")
        gone = facts.adopted(content_hash=content_hash([]), at="2023-11-03T12:00:00Z", who="ana", why="too loud")
        publish(tmp_path, facts.staged(rule, facts.reported("a", at="2023-11-02T12:00:00Z"), gone))

        assert "because ana adopted rules: too loud" in self.story(tmp_path, "cancelled", "r")

    def test_an_alert_that_is_none_is_told_so(self, home: Path) -> None:
        """Given an id that nothing has, when its story is asked for, then the error says where to look."""
        with pytest.raises(NotFound, match="which is none; see `tocsin"):
            run(home, "why", "ffffffff-no", verb=alerts)
