"""`tocsin rules`: from a file to the log, and what is in force."""

import asyncio
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from events.errors import ConfigInvalid, NotFound
from events.log import Event
from projections.rules import yaml_file
from projections.rules.spec import content_hash
from projections.store.reader import Reader
from seeds.loader import folder_of
from streams.broker.embedded import EmbeddedKafka
from streams.cli.exits import FOUND, USAGE, exit_code
from streams.cli.rules import rules
from streams.rule_files import read_rules
from streams.rules import adoption, in_force
from streams.topics import Topics
from streams.writing.replay import theatre
from tests import facts
from tests.published import publish
from tests.streams.test_producer import log_of

ONE = "rules:\n- {id: one, levels: {watch: 2}, by: [site], window: 7d}\n"
TWO = ONE + "- {id: two, title: All of them, levels: {watch: 5, critical: 9}}\n"
NOW = datetime(2023, 11, 1, 12, 0, 0, 123456, UTC)
ENV = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
DECISION = ("--who", "ana", "--why", "to see")


CHANGES = ("timeline", "who", "new", "changed", "gone")


def _none(timeline: str) -> Event:
    return facts.adopted(content_hash=content_hash([]), timeline=timeline)


async def logged(kafka: EmbeddedKafka, topics: Topics) -> list[Event]:
    return (await log_of(kafka, topics.events, 1))[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    it = tmp_path / "rules.yaml"
    it.write_text(TWO)
    return it


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the seeds are projected."""
    home = tmp_path_factory.mktemp("home")
    publish(home, theatre(folder_of("iraq-syria")))
    return home


def run(home: Path, *arguments: str, **settings: str) -> Result:
    env = {"TOCSIN_HOME": str(home), **{f"TOCSIN_{name.upper()}": value for name, value in settings.items()}}
    return CliRunner().invoke(rules, arguments, env=env)


class TestChecking:
    """`tocsin rules check`."""

    def test_says_how_many_rules_there_are(self, file: Path, tmp_path: Path) -> None:
        """Given a sound file, when it is checked, then its content hash is told and the exit code is 0."""
        done = run(tmp_path, "check", str(file))

        assert done.exit_code == 0
        assert done.stderr == f"2 rules, content hash {content_hash(yaml_file.read(TWO))}\n"

    def test_tells_every_fault_with_file_line_and_column(self, file: Path, tmp_path: Path) -> None:
        """Given a file with two faults, when it is checked, then both are told, ready to be clicked on."""
        file.write_text("rules:\n- {id: a b, levels: {watch: 1}}\n- {id: c}\n")

        said = run(tmp_path, "check", str(file)).stderr.splitlines()

        assert [line.split(" expected")[0] for line in said] == [f"{file}:2:8: id:", f"{file}:3:3: levels:"]

    def test_takes_a_folder(self, file: Path, tmp_path: Path) -> None:
        """Given a folder with two files, when it is checked, then they are one set; an id of both is a fault."""
        assert run(tmp_path, "check", str(file.parent)).stderr.startswith("2 rules, ")

        (file.parent / "second.yaml").write_text(ONE)
        said = run(tmp_path, "check", str(file.parent)).stderr

        assert said.endswith(f"second.yaml:2:8: id: expected one of its own, found one of {file}:2:8\n")

    @pytest.mark.parametrize(
        ("raw", "said"),
        [
            (b"rules: []\n# \xff", "2:1: expected UTF-8, found byte 0xff"),
            (b"x" * (2**18 + 1), "1:1: expected at most 262144 bytes, found more"),
            ("# é\n".encode() * 2**21, "1:1: expected at most 262144 bytes, found more"),
        ],
        ids=["no UTF-8", "too large", "10 MB, cut within a letter"],
    )
    def test_refuses_what_is_no_text_of_ours(self, file: Path, raw: bytes, said: str) -> None:
        """Given bytes that are no file of rules, when they are read, then the fault names the file."""
        file.write_bytes(raw)

        with pytest.raises(ConfigInvalid) as error:
            read_rules(file)

        assert error.value.faults == [f"{file}:{said}"]

    def test_takes_a_mark_of_byte_order(self, file: Path) -> None:
        """Given a file with a byte order mark, when it is read, then the mark is no part of it."""
        file.write_bytes(b"\xef\xbb\xbf" + TWO.encode())

        assert read_rules(file) == yaml_file.read(TWO)


class TestWhatIsInForce:
    """`tocsin rules list` and `show`, of the seeds."""

    def test_is_listed_in_the_order_of_evaluation(self, home: Path) -> None:
        """Given the first theatre, when its rules are listed, then they are those of its file, in its order."""
        rows = json.loads(run(home, "list", "--json").stdout)

        assert [row["content"] for row in rows] == read_rules(folder_of("iraq-syria") / "rules.yaml")
        assert all(row["rule"] in run(home, "list").stdout for row in rows)

    def test_can_be_shown_as_a_file_would_say_it(self, home: Path) -> None:
        """Given a rule in force, when it is shown, then what is shown is a file with that rule."""
        first = json.loads(run(home, "list", "--json").stdout)[0]

        shown = run(home, "show", first["rule"]).stdout

        assert yaml_file.read(shown) == [first["content"]]
        assert yaml.safe_load(shown)["rules"][0]["title"] == first["title"]

    def test_of_several_timelines_is_shown_once_where_it_says_the_same(self, tmp_path: Path) -> None:
        """Given two timelines with one rule in force, when it is shown, then what is shown is still a file."""
        rule = yaml_file.read(ONE)
        both = [facts.adopted(*rule, content_hash=content_hash(rule), timeline=it) for it in ("north", "south")]
        publish(tmp_path, facts.staged(*both))

        assert yaml_file.read(run(tmp_path, "show", "one").stdout) == rule

    def test_says_so_when_there_is_no_such_rule(self, home: Path) -> None:
        """Given an id of no rule, when it is shown, then nothing is on stdout and the error says which are like it."""
        done = run(home, "show", "site-under-repeated-atack")

        assert done.stdout == ""
        assert str(done.exception).startswith(
            "no rule 'site-under-repeated-atack' is in force; did you mean site-under-repeated-attack"
        )


class TestAdopting:
    """What an adoption says, and when there is one."""

    def test_of_a_live_timeline_is_of_now_and_of_a_replayed_one_of_its_clock(self, tmp_path: Path) -> None:
        """Given both kinds of timelines, when rules are adopted, then only the live one's clock moves on to now."""
        live = facts.staged(facts.reported("a", timeline="one"))
        replayed = facts.staged(facts.reported("a", timeline="two", at="2023-10-20T12:00:00Z"), clock="replayed")
        publish(tmp_path, [*live, *replayed])

        with Reader(tmp_path / "snapshots") as reader:
            events = [adoption(in_force(reader, name), [], "ana", "why", NOW) for name in ("one", "two")]

        assert [it.recorded_at for it in events] == [
            NOW.replace(microsecond=123000),
            datetime(2023, 10, 20, 12, tzinfo=UTC),
        ]

    def test_of_what_was_in_force_before_is_another_event(self, tmp_path: Path) -> None:
        """Given rules, then others, then the first ones again, when all are adopted at one clock, then all apply."""
        publish(tmp_path, facts.staged(facts.reported("a"), clock="replayed"))
        contents = [yaml_file.read(it) for it in (ONE, TWO, ONE)]

        for content in contents:
            with Reader(tmp_path / "snapshots") as reader:
                event = adoption(in_force(reader, None), content, "ana", "why", NOW)
            publish(tmp_path, [event])

        with Reader(tmp_path / "snapshots") as reader:
            assert in_force(reader, None).rules == contents[-1]
            assert reader.rows("state")[0]["duplicates"] == 0

    def test_needs_to_know_the_timeline(self, tmp_path: Path) -> None:
        """Given two timelines, when none or a third is named, then it is told which there are."""
        publish(tmp_path, [facts.opened(timeline="one"), facts.opened(timeline="two")])

        with Reader(tmp_path / "snapshots") as reader:
            for name, wanted, fault in (
                (None, "a timeline", ConfigInvalid),
                ("three", "the timeline 'three'", NotFound),
            ):
                with pytest.raises(fault, match=rf"expected {wanted}.*found one, two"):
                    in_force(reader, name)


class TestHistory:
    """`tocsin rules history`."""

    def test_says_who_adopted_what_when_and_why(self, tmp_path: Path) -> None:
        """Given two timelines and three adoptions, when the history is asked for, then each says what it changed."""
        said = {"ana": (ONE, "2023-10-05"), "ben": (TWO.replace("7d", "8d"), "2023-10-06")}
        events = [
            facts.adopted(
                *(them := yaml_file.read(text)), content_hash=content_hash(them), who=who, at=f"{day}T12:00:00Z"
            )
            for who, (text, day) in said.items()
        ]
        publish(tmp_path, [*facts.staged(*events, clock="replayed"), facts.opened(timeline="two"), _none("two")])

        found = json.loads(run(tmp_path, "history", "--json").stdout)
        first, second, third = ({name: row[name] for name in CHANGES} for row in found)

        assert first == {"timeline": "test", "who": "ana", "new": ["one"], "changed": {}, "gone": []}
        assert second == {"timeline": "test", "who": "ben", "new": ["two"], "changed": {"one": ["window"]}, "gone": []}
        assert third == {"timeline": "two", "who": "tests", "new": [], "changed": {}, "gone": []}
        assert found[1]["recorded_at"] == "2023-10-06T12:00:00Z"
        assert found[1]["content_hash"] == events[1].fact.content_hash
        assert "new two; changed one (window)" in run(tmp_path, "history").stdout

    def test_is_that_of_one_timeline_and_of_a_day(self, home: Path) -> None:
        """Given the first theatre, when asked before its rules were adopted, then there are none; now there is one."""
        (row,) = json.loads(run(home, "history", "--timeline", "iraq-syria", "--json").stdout)

        assert row["rules"] == row["new"] == [it["id"] for it in read_rules(folder_of("iraq-syria") / "rules.yaml")]
        assert run(home, "history", "--as-known-at", "2001-01-01").stdout == ""


class TestApplying:
    """`tocsin rules apply`, to a real log."""

    def test_appends_what_differs_and_nothing_else(
        self, kafka: EmbeddedKafka, topics: Topics, tmp_path: Path, file: Path
    ) -> None:
        """Given a timeline without rules, when a file is applied, then the log says so; the second time it does not."""
        publish(tmp_path, facts.staged(facts.reported("a")))
        where = {"broker": kafka.bootstrap, "prefix": topics.prefix, "partitions": "1"}

        first = run(tmp_path, "apply", str(file), *DECISION, "--yes", **where)

        assert first.exit_code == 0
        assert first.stderr.startswith("test:\n  new      one\n  new      two\nno tests beside it\n")
        assert first.stderr.endswith("2 rules adopted: at 0:0\n")
        (event,) = asyncio.run(logged(kafka, topics))
        assert (event.fact.who, event.fact.why, event.fact.rules) == ("ana", "to see", tuple(yaml_file.read(TWO)))
        publish(tmp_path, [event])
        again = run(tmp_path, "apply", str(file), *DECISION, **where)
        assert (again.exit_code, again.stderr) == (0, "test: these 2 rules are in force already\n")

    def test_of_one_rule_that_is_in_force_says_so(self, tmp_path: Path) -> None:
        """Given one rule in force, when its file is applied again, then that is told, of one rule."""
        one = tmp_path / "one.yaml"
        one.write_text(ONE)
        found = yaml_file.read(ONE)
        publish(tmp_path, facts.staged(facts.adopted(*found, content_hash=content_hash(found))))

        again = run(tmp_path, "apply", str(one), *DECISION)

        assert (again.exit_code, again.stderr) == (0, "test: this rule is in force already\n")

    @pytest.mark.parametrize(("answer", "code"), [("n", 130), ("y", 2)])
    def test_asks_first(self, tmp_path: Path, file: Path, answer: str, code: int) -> None:
        """Given somebody at a terminal, when they say no, then nothing is sent: only after a yes a broker is missed."""
        publish(tmp_path, facts.staged(facts.reported("a")))
        ours, theirs = os.openpty()
        command = [Path(sys.executable).parent / "tocsin", "rules", "apply", file, *DECISION]
        with subprocess.Popen(
            command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV | {"TOCSIN_HOME": tmp_path}
        ) as process:
            os.write(ours, f"{answer}\n".encode())
            _, said = process.communicate(timeout=60)
        os.close(ours)
        os.close(theirs)

        assert b"Adopt? [y/N]" in said
        assert process.returncode == code, said
        assert (b"nothing was done" in said) == (answer == "n")

    def test_sends_nothing_where_other_rules_were_adopted_meanwhile(self, tmp_path: Path, file: Path) -> None:
        """Given somebody who is asked, when another adopts rules before the yes, then nothing is sent."""
        publish(tmp_path, facts.staged(facts.reported("a")))
        ours, theirs = os.openpty()
        command = [Path(sys.executable).parent / "tocsin", "rules", "apply", file, *DECISION]
        with subprocess.Popen(
            command,
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=ENV | {"TOCSIN_HOME": tmp_path},
        ) as process:
            assert process.stderr is not None
            said = b""
            while b"Adopt?" not in said:
                said += process.stderr.read1()
            publish(tmp_path, [_none("test")])
            os.write(ours, b"y\n")
            _, said = process.communicate(timeout=60)
        os.close(ours)
        os.close(theirs)

        assert process.returncode == FOUND, said
        assert b"nothing was sent: apply again" in said

    def test_without_a_terminal_and_without_yes_is_an_error(self, tmp_path: Path, file: Path) -> None:
        """Given nobody to ask, when a file is applied, then that is said before anything else is done."""
        publish(tmp_path, facts.staged(facts.reported("a")))

        done = run(tmp_path, "apply", str(file), *DECISION)

        assert exit_code(done.exception) == USAGE
        assert "found no terminal: --yes does not ask" in str(done.exception)
        assert done.stdout == ""

    @pytest.mark.parametrize(
        ("option", "said"),
        [("--who", "a\nb"), ("--who", "   "), ("--who", "a" * 401), ("--why", "\x1b[31mred"), ("--why", "\u202egnorw")],
        ids=["two lines", "blank", "too long", "what a terminal obeys", "what reads backwards"],
    )
    def test_is_told_at_once_that_nobody_can_read_who_or_why(
        self, tmp_path: Path, file: Path, option: str, said: str
    ) -> None:
        """Given words that are no line of text, when a file is applied, then the option is at fault."""
        done = run(tmp_path, "apply", str(file), *DECISION, option, said, "--yes")

        assert done.exit_code == USAGE
        assert f"Invalid value for '{option}': expected a line of 1 to" in done.stderr
        assert "\x1b" not in done.stderr

    def test_needs_to_know_who_and_why(self, tmp_path: Path, file: Path) -> None:
        """Given no reason, when a file is applied, then the option is missed; a dry run needs none."""
        publish(tmp_path, facts.staged(facts.reported("a")))

        assert "Missing option '--why'" in run(tmp_path, "apply", str(file), "--who", "ana", "--yes").stderr
        assert run(tmp_path, "apply", str(file), "--dry-run").exit_code == 0

    def test_shows_what_would_change_and_sends_nothing_in_a_dry_run(self, home: Path, tmp_path: Path) -> None:
        """Given the first theatre and one rule less, then the alerts that vanish are shown, and what would be told."""
        fewer = tmp_path / "rules.yaml"
        fewer.write_text(ONE)

        done = run(home, "apply", str(fewer), "--dry-run")

        assert done.exit_code == 0
        assert "  gone     site-under-repeated-attack\n" in done.stderr
        assert done.stderr.endswith("nothing was sent: a dry run\n")
        assert re.search(r"^site-under-repeated-attack .* 4 vanish$", done.stdout, re.MULTILINE)
        told = done.stdout[done.stdout.index("told at once: ") :].splitlines()
        assert told[0] == f"told at once: {len(told) - 2} messages"
        assert any("cancelled" in line for line in told)

    def test_is_no_success_where_nobody_reads_what_it_would_change(self, home: Path, file: Path) -> None:
        """Given a pipe whose reader has gone, when rules are adopted, then nothing is sent, that is said, exit 1."""
        read, write = os.pipe()
        os.close(read)
        apply = [Path(sys.executable).parent / "tocsin", "rules", "apply", file, "--yes", *DECISION]
        with os.fdopen(write, "wb") as nobody:
            done = subprocess.run(
                apply, stdout=nobody, stderr=subprocess.PIPE, env={**ENV, "TOCSIN_HOME": str(home)}, check=False
            )

        assert done.returncode == FOUND
        assert done.stderr.endswith(b"tocsin: nothing was sent: nobody reads what it would change\n")

    def test_runs_the_tests_beside_it_and_stops_when_one_fails(self, tmp_path: Path, file: Path) -> None:
        """Given a rule and a test of it that fails, when it is applied, then the test is shown and nothing is sent."""
        publish(tmp_path, facts.staged(facts.reported("a")))
        beside = file.with_name("rules_test.yaml")
        beside.write_text(
            "rules: rules.yaml\n"
            "tests:\n"
            "- name: one is enough\n"
            "  rule: one\n"
            "  facts: [{known: 2024-01-01, report: a, site: north}]\n"
            "  expect: [{known: 2024-01-01, messages: [{kind: raised}]}]\n"
        )

        where = {"TOCSIN_HOME": str(tmp_path)}
        done = CliRunner().invoke(rules, ["apply", str(file), *DECISION, "--yes"], env=where, standalone_mode=False)
        beside.write_text(beside.read_text().replace("messages: [{kind: raised}]", "messages: []"))
        mended = run(tmp_path, "apply", str(file), "--dry-run")

        assert done.return_value == FOUND
        assert "FAILED" in done.stdout
        assert done.stderr.endswith("1 test, 1 failed\nnothing was sent\n")
        assert (mended.exit_code, "1 test, 0 failed" in mended.stderr) == (0, True)

    def test_of_a_folder_runs_all_tests_in_it(self, tmp_path: Path) -> None:
        """Given the first theatre's folder of rules with their tests, then all of them are run."""
        publish(tmp_path, facts.staged(facts.reported("a")))
        folder = tmp_path / "rules"
        folder.mkdir()
        for name in ("rules.yaml", "rules_test.yaml"):
            (folder / name).write_text((folder_of("iraq-syria") / name).read_text())

        done = run(tmp_path, "apply", str(folder), "--dry-run")

        assert done.exit_code == 0
        assert re.search(r"^\d\d tests, 0 failed$", done.stderr, re.MULTILINE)
