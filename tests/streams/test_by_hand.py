"""What a person tells by hand: what it would change is shown first, who and why are recorded."""

import json
import subprocess
import sys
from asyncio import to_thread
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from events import codec
from events.errors import ConfigInvalid
from events.log import Event
from projections.rules.form import RuleSpec
from projections.rules.spec import content_hash, normalise
from projections.store.reader import Reader, published
from projections.store.trial import effect
from streams.cli import hand
from tests import facts
from tests.published import publish
from tests.streams.line import Line

RULE = {"id": "again", "measure": "count", "window": "7d", "levels": {"watch": 2}, "by": ["site"]}
RULES = [normalise(RuleSpec.model_validate(RULE))]
DAY = ("--on", "2023-10-18")
WHY = ("--why", "to see")


def story(clock: str = "replayed") -> list[Event]:
    """One attack on a base, a rule that two ring, documents and actors."""
    told = [
        facts.reported("a", actor="militia", wounded={"us": "at least 2"}, source=facts.Source(document="doc-1")),
        facts.adopted(*RULES, content_hash=content_hash(RULES)),
    ]
    return facts.staged(*told, clock=clock)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    publish(tmp_path, story())
    return tmp_path


def run(home: Path, verb: click.Command, *arguments: str, **more: Any) -> Result:
    return CliRunner().invoke(verb, arguments, env={"TOCSIN_HOME": str(home)}, standalone_mode=False, **more)


def typed(home: Path, verb: click.Command, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> Event:
    """The event that a verb would append."""
    found: list[Event] = []
    monkeypatch.setattr(hand, "tell", lambda _settings, event, _partition, _how: found.append(event))
    done = run(home, verb, *arguments)
    assert done.exception is None, done.stderr
    return codec.from_record(codec.to_record(found[0]))


class TestWhatIsTold:
    """From options to an event."""

    def test_is_a_report_with_all_that_was_said(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given every option, when typed, then each is in the event, and nothing else is; who and why are there."""
        event = typed(
            home,
            hand.report,
            *("--class", "attack", "--site", "north", *DAY, "--actor", "militia", "--attribution", "claimed"),
            *("--weapon", "drone", "--weapon", "rocket", "--wounded", "us=at least 3", "--killed", "2"),
            *("--document", "doc-1", "--place", "para 3", "--credibility", "2", "--who", "ana", *WHY),
            monkeypatch=monkeypatch,
        )

        assert json.loads(codec.payload(event.fact)) == {
            "source": {"document": "doc-1", "places": ["para 3"], "credibility": 2},
            "who": "ana",
            "note": "to see",
            "incident": "inc-2023-10-18-north",
            "report": {
                "class": "attack",
                "occurred": {
                    "earliest": "2023-10-18T00:00:00Z",
                    "latest": "2023-10-19T00:00:00Z",
                    "precision": "day",
                },
                "site": "north",
                "actor": {"actor": "militia", "attribution": "claimed"},
                "weapons": ["drone", "rocket"],
                "wounded": {"us": {"low": 3, "best": 3, "high": None, "qualifier": "at-least"}},
                "killed": {"unspecified": {"low": 2, "best": 2, "high": 2, "qualifier": "exact"}},
            },
        }

    def test_of_a_replayed_timeline_is_of_its_clock(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given a clock that only the replayer moves on, when something is told, then it is known at that clock."""
        event = typed(home, hand.retract, "a", *WHY, monkeypatch=monkeypatch)

        assert event.recorded_at == facts.moment(facts.RECORDED_AT)
        assert (event.fact.source.feed, event.fact.who, event.fact.reason) == ("operator", *_me(), "to see")

    def test_twice_of_one_day_and_site_is_of_two_incidents(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given an incident whose id was made, when another is told of that day and site, then it has a number."""
        arguments = ("--class", "attack", "--site", "north", *DAY)
        names = []
        for _ in range(3):
            event = typed(home, hand.report, *arguments, monkeypatch=monkeypatch)
            names.append(event.fact.subject())
            publish(home, [event])

        assert names == ["inc-2023-10-18-north", "inc-2023-10-18-north-2", "inc-2023-10-18-north-3"]

    @pytest.mark.parametrize(
        ("verb", "arguments", "said"),
        [
            (
                hand.correct,
                ["a", "--take-back", "wounded", "--outcome", "intercepted"],
                {"changes": {"outcome": "intercepted", "wounded": None}},
            ),
            (
                hand.correct,
                ["a", "--attribution", "disputed"],
                {"changes": {"actor": {"actor": None, "attribution": "disputed"}}},
            ),
            (hand.merge, ["a", "b", "c"], {"survivor": "a", "merged": ["b", "c"], "reason": "to see"}),
            (hand.split, ["a", "b"], {"survivor": "a", "split": ["b"], "reason": "to see"}),
            (hand.retract, ["a"], {"incident": "a", "reason": "to see"}),
            (
                hand.assert_,
                [
                    "attacks",
                    "at least 61",
                    "--since",
                    "2023-10-17",
                    "--as-of",
                    "2023-11-17",
                    "--country",
                    "IQ",
                    "--by",
                    "Pentagon",
                ],
                {"assertion": "attacks-2023-11-17-operator", "scope": {"country": "IQ"}, "asserted_by": "Pentagon"},
            ),
        ],
        ids=["correct", "actor taken back", "merge", "split", "retract", "assert"],
    )
    def test_by_each_verb_is_its_fact(
        self,
        home: Path,
        monkeypatch: pytest.MonkeyPatch,
        verb: click.Command,
        arguments: list[str],
        said: dict[str, Any],
    ) -> None:
        """Given a verb and what it needs, when typed, then the fact says that, and who told it."""
        event = typed(home, verb, *arguments, *WHY, "--who", "ana", monkeypatch=monkeypatch)

        found = json.loads(codec.payload(event.fact))
        assert found["who"] == "ana"
        assert found.items() >= said.items()

    def test_says_which_incidents_it_may_be(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given a standing incident there and then, when a new one is told of, then the old one is named."""
        monkeypatch.setattr(hand, "tell", lambda *_: 0)

        done = run(home, hand.report, "--class", "attack", "--site", "north", "--on", "2023-10")

        assert "there is a (attack, 2023-10-17); --incident tells more of it" in done.stderr

    @pytest.mark.parametrize(
        ("verb", "arguments", "said"),
        [
            (hand.report, ["--site", "north"], "expected --site and --on for a new incident"),
            (hand.report, ["--incident", "a"], "expected something that is told of it"),
            (hand.report, ["--on", "soon"], "expected a day, 'DAY to DAY', a month or an instant"),
            (hand.report, ["--incident", "a", "--killed", "us=many"], "expected a number or words like"),
            (hand.report, ["--incident", "a b", "--outcome", "x"], "--incident: expected string to match pattern"),
            (hand.correct, ["a", *WHY], "expected at least one change"),
            (hand.merge, ["a", "b"], "Missing option '--why'"),
            (hand.assert_, ["attacks", "61", "--since", "x", "--as-of", "2023-11-17"], "--since: expected"),
        ],
        ids=["no day", "nothing", "no time", "no quantity", "no id", "no change", "no why", "no day of an assertion"],
    )
    def test_that_is_none_is_refused_by_option(
        self, home: Path, verb: click.Command, arguments: list[str], said: str
    ) -> None:
        """Given what is no fact, when typed, then the option and what was expected are told; nothing is asked."""
        done = run(home, verb, *arguments)

        assert isinstance(done.exception, click.UsageError | ConfigInvalid)
        error = done.exception
        assert said in (error.format_message() if isinstance(error, click.UsageError) else str(error))


def _me() -> tuple[str]:
    import getpass  # noqa: PLC0415

    return (getpass.getuser(),)


class TestTheEffect:
    """What an event would change, on a copy."""

    def test_is_shown_and_nothing_else_happens(self, home: Path) -> None:
        """Given a second attack, when tried, then tally and alert that would change are shown; the snapshot stays."""
        before = (home / "snapshots" / "p0.duckdb").read_bytes()

        done = run(home, hand.report, "--class", "attack", "--site", "north", *DAY, "--wounded", "us=1", "--dry-run")

        assert done.return_value == 0
        lines = [line.split() for line in done.stdout.splitlines()]
        assert lines[0] == ["tallies"]
        assert lines[2][:5] == ["north", "attack", "1", "→", "2"]
        assert any(line[2:4] == ["raised", "watch"] for line in lines)
        assert (home / "snapshots" / "p0.duckdb").read_bytes() == before
        assert len(list((home / "snapshots").iterdir())) == 1

    def test_of_what_would_be_rejected_is_why(self, home: Path) -> None:
        """Given a site that nobody registered, when tried, then exit 1 and why; nobody is asked, nothing is sent."""
        done = run(home, hand.report, "--class", "attack", "--site", "south", *DAY)

        assert done.return_value == 1
        assert "it would be rejected: site: expected a site that was registered before" in done.stderr
        assert "Append?" not in done.stderr

    def test_is_shown_before_the_question(self, home: Path) -> None:
        """Given somebody who says no, when asked, then they have seen it, and no broker was looked for."""
        done = run(home, hand.retract, "a", *WHY, input="n\n")

        assert isinstance(done.exception, click.Abort)
        assert "1 → 0" in done.stdout
        assert "Append? [y/N]" in done.stderr

    def test_is_what_the_event_does(self, home: Path, tmp_path: Path) -> None:
        """Given an event, when tried and then applied, then the trial said what the tables say."""
        event = facts.reported("b", day="2023-10-18")
        [snapshot] = published(home / "snapshots")

        found = effect(snapshot, [event])
        publish(tmp_path, [event])

        with Reader(home / "snapshots") as reader:
            tallies = reader.rows("tallies", **dict.fromkeys(("timelines", "sites", "kinds", "classes", "countries")))
            messages = reader.rows("alert_messages", **dict.fromkeys(("timelines", "states", "severities")))
        assert found.after == tallies
        assert found.messages == messages != []
        assert (found.applied, found.duplicates, found.faults) == (1, 0, [])

    def test_is_shown_of_every_site_that_is_touched(self, tmp_path: Path) -> None:
        """Given an incident that moves to another site, when tried, then the tallies of both are there."""
        told = facts.staged(facts.site("south"), facts.reported("a"), facts.reported("b", site="south"))
        [snapshot] = published(publish(tmp_path, told))

        found = effect(snapshot, [facts.corrected("a", site="south")])

        assert [(it["site"], it["incidents"]) for it in found.before] == [("north", 1), ("south", 1)]
        assert [(it["site"], it["incidents"]) for it in found.after] == [("south", 2)]


async def test_by_hand_is_a_whole_story(line: Line) -> None:
    """Given a live line, when told, merged, split, corrected and retracted by hand, then all is applied."""

    def tocsin(*arguments: str) -> subprocess.CompletedProcess[str]:
        settings = {"home": str(line.home), "broker": line.servers, "prefix": line.topics.prefix}
        env = {f"TOCSIN_{name.upper()}": value for name, value in settings.items()}
        code = "from streams.cli.main import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, *arguments], env=env, capture_output=True, text=True, check=False
        )

    file = line.home.parent / "story.ndjson"
    file.write_text("".join(f"{codec.to_json(it)}\n" for it in story("live")))
    line.start()
    assert (await to_thread(tocsin, "append", str(file), "--wait")).returncode == 0
    by = ("--who", "ana", "--why", "to see", "--wait", "--yes")
    told = [
        ("report", "--class", "attack", "--site", "north", *DAY, *by),
        ("merge", "a", "inc-2023-10-18-north", *by),
        ("split", "a", "inc-2023-10-18-north", *by),
        ("correct", "a", "--wounded", "us=4", *by),
        ("retract", "inc-2023-10-18-north", *by),
        ("assert", "attacks", "61", "--since", "2023-10-17", "--as-of", "2023-11-17", *by),
    ]
    for arguments in told:
        done = await to_thread(tocsin, *arguments)
        assert (done.returncode, "1 new, 0 duplicate" in done.stderr) == (0, True), (arguments, done.stderr)

    rows = json.loads((await to_thread(tocsin, "timeline", "--json")).stdout)
    by_ana = [row["kind"] for row in rows if row["who"] == "ana"]
    [tally] = json.loads((await to_thread(tocsin, "tallies", "--json")).stdout)
    assert by_ana == [
        "incident.reported",
        "incidents.merged",
        "incidents.split",
        "incident.corrected",
        "incident.retracted",
        "tally.asserted",
    ]
    assert (tally["incidents"], tally["wounded"]["high"]) == (1, 4)
    await line.must_be_exact()
