"""`tocsin rules apply`, to a real log: what is shown, what is sent, and what two people or a kill -9 make of it."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from events.codec import to_record
from events.log import Event
from projections.rules import yaml_file
from projections.rules.spec import content_hash
from projections.store.reader import Reader
from seeds.loader import folder_of
from streams.broker.embedded import EmbeddedKafka
from streams.cli import rules_apply
from streams.cli.exits import FOUND, OK, USAGE, exit_code
from streams.cli.rules import rules
from streams.rules import adoption, in_force
from streams.topics import Topics
from streams.writing.producer import producer
from streams.writing.replay import theatre
from tests import facts
from tests.published import publish
from tests.streams.line import ROOT, Line, Store
from tests.streams.real_store import TIMELINES
from tests.streams.test_producer import log_of

ONE = "rules:\n- {id: one, levels: {watch: 2}, by: [site], window: 7d}\n"
TWO = ONE + "- {id: two, title: All of them, levels: {watch: 5, critical: 9}}\n"
ENV = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
DECISION = ("--who", "ana", "--why", "to see")
TOCSIN = Path(sys.executable).parent / "tocsin"
STAGE = facts.staged(facts.reported("a"))


def adopted(text: str, **said: Any) -> Event:
    found = yaml_file.read(text)
    return facts.adopted(*found, content_hash=content_hash(found), **said)


class Here(NamedTuple):
    """A log of one partition, and a home whose snapshot goes as far as a test lets it."""

    kafka: EmbeddedKafka
    topics: Topics
    home: Path

    def env(self) -> dict[str, str]:
        where = {"broker": self.kafka.bootstrap, "prefix": self.topics.prefix, "home": str(self.home)}
        return {f"TOCSIN_{name.upper()}": value for name, value in where.items()}

    def log(self) -> list[Event]:
        return asyncio.run(log_of(self.kafka, self.topics.events, 1))[0]

    def tell(self, *events: Event) -> None:
        """Append, and apply nothing."""
        asyncio.run(self._send(events))

    def tell_bytes(self) -> None:
        """Append what says that it adopts rules, and is nothing."""
        asyncio.run(self._send_bytes())

    async def _send_bytes(self) -> None:
        record = to_record(adopted(ONE))._replace(value=b"\x00bad")
        async with producer(self.kafka.bootstrap, self.topics, 1) as log:
            await log.send_records([(0, record)])

    async def _send(self, events: Sequence[Event]) -> None:
        async with producer(self.kafka.bootstrap, self.topics, 1) as log:
            await log.send(events)

    def catch_up(self) -> None:
        """Apply the whole log and publish, as a worker does."""
        reached = 0
        if (self.home / "snapshots").exists():
            with Reader(self.home / "snapshots") as reader:
                reached = reader.as_of[0].next_offset
        publish(self.home, self.log()[reached:])

    def apply(self, *arguments: str | Path) -> Result:
        """With `standalone_mode=False`: the exit code is `return_value`, or that of the exception."""
        return CliRunner().invoke(
            rules, ["apply", *map(str, arguments)], env={**ENV, **self.env()}, standalone_mode=False
        )

    def begin(self, *arguments: str | Path, **more: Any) -> "subprocess.Popen[bytes]":
        """As a process, whose stderr is read."""
        command = [TOCSIN, "rules", "apply", *arguments]
        return subprocess.Popen(command, stderr=subprocess.PIPE, env={**ENV, **self.env()}, **more)

    def state(self) -> dict[str, Any]:
        with Reader(self.home / "snapshots") as reader:
            return reader.rows("state")[0]

    def in_force(self) -> list[str]:
        with Reader(self.home / "snapshots") as reader:
            return [it["id"] for it in in_force(reader, None).rules]


@pytest.fixture
def here(kafka: EmbeddedKafka, topics: Topics, tmp_path: Path) -> Here:
    """A live timeline without rules, all of it applied."""
    it = Here(kafka, topics, tmp_path)
    it.tell(*STAGE)
    it.catch_up()
    return it


@pytest.fixture
def file(tmp_path: Path) -> Path:
    it = tmp_path / "rules.yaml"
    it.write_text(TWO)
    return it


@pytest.fixture
def one(tmp_path: Path) -> Path:
    it = tmp_path / "one.yaml"
    it.write_text(ONE)
    return it


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the seeds are projected."""
    home = tmp_path_factory.mktemp("home")
    publish(home, theatre(folder_of("iraq-syria")))
    return home


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(rules, arguments, env={"TOCSIN_HOME": str(home)})


def said_until(process: "subprocess.Popen[bytes]", words: bytes) -> None:
    assert process.stderr is not None
    said = b""
    while words not in said:
        more = process.stderr.read1()  # type: ignore[attr-defined]
        assert more, said
        said += more


class TestApplying:
    """What it does, step by step."""

    def test_appends_what_differs_and_nothing_else(self, here: Here, file: Path) -> None:
        """Given a timeline without rules, when a file is applied, then the log says so; the second time it does not."""
        first = here.apply(file, *DECISION, "--yes")

        assert first.return_value == OK
        assert first.stderr.startswith("test:\n  new      one\n  new      two\nno tests beside it\n")
        assert first.stderr.endswith(f"2 rules adopted: at 0:{len(STAGE)}\n")
        *_, event = here.log()
        assert (event.fact.who, event.fact.why, event.fact.rules) == ("ana", "to see", tuple(yaml_file.read(TWO)))
        here.catch_up()
        again = here.apply(file, *DECISION)
        assert (again.return_value, again.stderr) == (OK, "test: these 2 rules are in force already\n")

    def test_of_one_rule_that_is_in_force_says_so(self, here: Here, one: Path) -> None:
        """Given one rule in force, when its file is applied again, then that is told, of one rule."""
        here.tell(adopted(ONE))
        here.catch_up()

        again = here.apply(one, *DECISION)

        assert (again.return_value, again.stderr) == (OK, "test: this rule is in force already\n")

    def test_needs_a_broker_as_rules_may_be_adopted_that_no_snapshot_has(self, tmp_path: Path, file: Path) -> None:
        """Given snapshots and no Kafka, when a file is applied, then it is missed; a dry run says that it was."""
        publish(tmp_path, STAGE)

        done, dry = (run(tmp_path, "apply", str(file), *it) for it in ((*DECISION, "--yes"), ("--dry-run",)))

        assert exit_code(done.exception) == USAGE
        assert str(done.exception).startswith("no Kafka runs in ")
        assert dry.exit_code == OK
        assert dry.stderr.startswith("compared with the snapshot alone, not with the end of the log: no Kafka runs in ")

    @pytest.mark.parametrize(("answer", "code", "sent"), [("n", 130, 0), ("y", 0, 1)])
    def test_asks_first(self, here: Here, file: Path, answer: str, code: int, sent: int) -> None:
        """Given somebody at a terminal, when they say no, then nothing is sent."""
        ours, theirs = os.openpty()
        with here.begin(file, *DECISION, stdin=theirs, stdout=subprocess.PIPE) as process:
            os.write(ours, f"{answer}\n".encode())
            _, said = process.communicate(timeout=60)
        os.close(ours)
        os.close(theirs)

        assert b"Adopt? [y/N]" in said
        assert process.returncode == code, said
        assert (b"nothing was done" in said) == (answer == "n")
        assert len(here.log()) == len(STAGE) + sent

    def test_sends_nothing_where_other_rules_were_adopted_meanwhile(self, here: Here, file: Path) -> None:
        """Given somebody who is asked, when another adopts rules before the yes, applied or not, nothing is sent."""
        ours, theirs = os.openpty()
        with here.begin(file, *DECISION, stdin=theirs, stdout=subprocess.DEVNULL) as process:
            said_until(process, b"Adopt?")
            here.tell(adopted("rules: []", who="ben"))
            os.write(ours, b"y\n")
            _, said = process.communicate(timeout=60)
        os.close(ours)
        os.close(theirs)

        assert process.returncode == FOUND, said
        assert f"found those that ben adopted at 0:{len(STAGE)} meanwhile".encode() in said
        assert b"nothing was sent: apply again" in said
        assert len(here.log()) == len(STAGE) + 1

    def test_without_a_terminal_and_without_yes_is_an_error(self, here: Here, file: Path) -> None:
        """Given nobody to ask, when a file is applied, then that is said before anything else is done."""
        done = here.apply(file, *DECISION)

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

    @pytest.mark.parametrize("more", [(), ("--json",)], ids=["table", "json"])
    def test_is_no_success_where_nobody_reads_what_it_would_change(
        self, here: Here, file: Path, more: Sequence[str]
    ) -> None:
        """Given a pipe whose reader has gone, when rules are adopted, then nothing is sent, that is said, exit 1."""
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as nobody, here.begin(file, "--yes", *DECISION, *more, stdout=nobody) as process:
            _, said = process.communicate(timeout=60)

        assert process.returncode == FOUND
        assert said.endswith(b"tocsin: nothing was sent: nobody reads what it would change\n")
        assert len(here.log()) == len(STAGE)

    def test_runs_the_tests_beside_it_and_stops_when_one_fails(self, here: Here, file: Path) -> None:
        """Given a rule and a test of it that fails, when it is applied, then the test is shown and nothing is sent."""
        beside = file.with_name("rules_test.yaml")
        beside.write_text(
            "rules: rules.yaml\n"
            "tests:\n"
            "- name: one is enough\n"
            "  rule: one\n"
            "  facts: [{known: 2024-01-01, report: a, site: north}]\n"
            "  expect: [{known: 2024-01-01, messages: [{kind: raised}]}]\n"
        )

        done = here.apply(file, *DECISION, "--yes")
        found = json.loads(here.apply(file, *DECISION, "--yes", "--json").stdout)
        beside.write_text(beside.read_text().replace("messages: [{kind: raised}]", "messages: []"))
        mended = here.apply(file, "--dry-run")

        assert done.return_value == FOUND
        assert [it["ok"] for it in found["tests"]] == [False]
        assert (found["past"], found["told"], found["faults"], found["adopted"]) == (None, None, None, None)
        assert "FAILED" in done.stdout
        assert done.stderr.endswith("1 test, 1 failed\nnothing was sent\n")
        assert (mended.return_value, "1 test, 0 failed" in mended.stderr) == (OK, True)

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


class TestAsJson:
    """`--json`: the same for programs."""

    def test_says_what_differs_what_would_be_told_and_where_it_was_adopted(self, here: Here, one: Path) -> None:
        """Given an incident and a rule that it rings, when that is applied, then one object says all of it."""
        one.write_text(ONE.replace("watch: 2", "watch: 1").replace("7d", "all"))

        done = here.apply(one, *DECISION, "--yes", "--json")

        found, *more = map(json.loads, done.stdout.splitlines())
        *_, event = here.log()
        assert (done.return_value, more) == (OK, [])
        assert found["changes"] == {"new": ["one"], "changed": {}, "gone": [], "reordered": False, "renamed": {}}
        assert [(it["kind"], it["rule"]["id"]) for it in found["told"]] == [("raised", "one")]
        assert [it["against"]["appears"] for it in found["past"]["rules"]] == [1]
        assert (found["timeline"], found["tests"], found["faults"]) == ("test", [], [])
        assert found["adopted"] == {
            "event_id": event.event_id,
            "partition": 0,
            "offset": len(STAGE),
            "who": "ana",
            "why": "to see",
            "content_hash": event.fact.content_hash,
            "others": [],
        }

    def test_warns_of_names_that_nothing_bears(self, here: Here, one: Path) -> None:
        """Given a rule on a site that is not there, when it is applied, then that is said, and it is adopted."""
        one.write_text(ONE.replace("by: [site]", "where: {country: XQ}"))

        done = here.apply(one, *DECISION, "--yes", "--json")

        found = json.loads(done.stdout)
        assert (done.return_value, found["adopted"]["offset"]) == (OK, len(STAGE))
        assert [(it["rule"], it["field"], it["name"]) for it in found["warnings"]] == [("one", "where.country", "XQ")]
        assert "warning: rule one: where.country: no country 'XQ' in test" in done.stderr

    def test_of_a_dry_run_and_of_rules_in_force_says_that_nothing_was_adopted(self, here: Here, one: Path) -> None:
        """Given a rule, when it is looked at and when it is in force already, then nothing is adopted, exit 0."""
        dry = here.apply(one, "--dry-run", "--json")
        here.tell(adopted(ONE))
        here.catch_up()
        again = here.apply(one, *DECISION, "--yes", "--json")

        first, second = json.loads(dry.stdout), json.loads(again.stdout)
        assert (dry.return_value, first["adopted"], first["changes"]["new"]) == (OK, None, ["one"])
        assert (again.return_value, second["adopted"], second["changes"]["new"]) == (OK, None, [])
        assert (second["past"], second["told"], second["faults"]) == (None, None, None)

    def test_does_not_ask(self, tmp_path: Path, one: Path) -> None:
        """Given neither --yes nor --dry-run, when an object is asked for, then that is a fault of usage."""
        done = run(tmp_path, "apply", str(one), *DECISION, "--json")

        assert done.exit_code == USAGE
        assert "expected --yes or --dry-run with --json" in done.stderr


class TestBehindTheLog:
    """Rules in the log that no worker has applied yet."""

    def test_are_not_overlooked(self, here: Here, file: Path, one: Path) -> None:
        """Given no worker and rules that were adopted, when others or the same are applied, nothing is sent, exit 1."""
        assert here.apply(file, *DECISION, "--yes").return_value == OK
        here.tell(facts.reported("b"))

        for it in (one, file):
            again = here.apply(it, *DECISION, "--yes", "--patience", "0")

            assert exit_code(again.exception) == FOUND
            assert str(again.exception) == (
                f"test: expected a snapshot with the rules in force, those that ana adopted at 0:{len(STAGE)}, "
                "found one that is 2 records behind after 0 seconds; nothing was sent: start a worker (`tocsin up`)"
            )
            assert again.stdout == ""
        assert len(here.log()) == len(STAGE) + 2

    def test_are_waited_for(self, here: Here, file: Path) -> None:
        """Given rules that a worker has yet to apply, when the same are applied, it waits, then has nothing to do."""
        here.tell(adopted(TWO, who="ben"))
        with here.begin(file, *DECISION, "--yes", stdout=subprocess.DEVNULL) as process:
            said_until(process, b"waiting for a worker to apply those that ben adopted")
            here.catch_up()
            _, said = process.communicate(timeout=60)

        assert process.returncode == OK
        assert said.endswith(b"test: these 2 rules are in force already\n")

    def test_nothing_else_is_waited_for(self, here: Here, file: Path) -> None:
        """Given unread incidents, another timeline's rules and bytes that are none, then nothing hinders."""
        elsewhere = facts.opened(timeline="other"), adopted(ONE, timeline="other")
        here.tell(facts.reported("b"), *elsewhere)
        here.tell_bytes()

        assert here.apply(file, *DECISION, "--yes", "--timeline", "test", "--patience", "0").return_value == OK


class TestTwoAtOnce:
    """Two people, or one who was killed and tries again."""

    @pytest.fixture
    def just_before(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> Callable[[Event], None]:
        """Have an event told between the last look into the log and the sending: a moment that can not be hit else."""
        send = rules_apply.appended

        def arrange(event: Event) -> None:
            def appended(*arguments: Any) -> Any:
                here.tell(event)
                return send(*arguments)

            monkeypatch.setattr(rules_apply, "appended", appended)

        return arrange

    def test_the_same_rules_twice_are_two_adoptions_of_which_the_second_changes_nothing(
        self, here: Here, one: Path, just_before: Callable[[Event], None]
    ) -> None:
        """Given one who adopts rules, when another adopts the same right then, all is well, and nothing told twice."""
        one.write_text(ONE.replace("watch: 2", "watch: 1").replace("7d", "all"))
        just_before(adopted(one.read_text(), who="ben", at="2023-11-01T12:00:00Z"))

        done = here.apply(one, *DECISION, "--yes")
        here.catch_up()

        assert done.return_value == OK
        same = f"the same as those that ben adopted at 0:{len(STAGE)}, a moment before: they change nothing\n"
        assert done.stderr.endswith(same)
        state = here.state()
        assert (state["checkpoint"], state["rejected"], state["duplicates"]) == (len(STAGE) + 2, 0, 0)
        with Reader(here.home / "snapshots") as reader:
            assert len(reader.rows("trial", start=0)) == 1
        again = here.apply(one, *DECISION)
        assert again.return_value == OK

    def test_other_rules_a_moment_before_are_told_to_the_second(
        self, here: Here, file: Path, just_before: Callable[[Event], None]
    ) -> None:
        """Given one who adopts rules, when another adopts others right before, then the later stand, and exit 1."""
        just_before(adopted(ONE, who="ben", at="2023-11-01T12:00:00Z"))

        done = here.apply(file, *DECISION, "--yes", "--json")
        here.catch_up()

        assert done.return_value == FOUND
        assert f"these replace those that ben adopted at 0:{len(STAGE)} a moment before" in done.stderr
        assert [it["who"] for it in json.loads(done.stdout)["adopted"]["others"]] == ["ben"]
        assert (here.in_force(), here.state()["rejected"]) == (["one", "two"], 0)

    def test_who_and_why_are_part_of_the_id(self, here: Here) -> None:
        """Given one instant and the same rules, when two adopt them, or one for another reason, their ids differ."""
        with Reader(here.home / "snapshots") as reader:
            base, now, them = in_force(reader, None), facts.moment("2024-01-01T00:00:00Z"), yaml_file.read(ONE)
        said = [("ana", "to see"), ("ben", "to see"), ("ana", "for good"), ("ana", "to see")]

        ids = [adoption(base, them, *it, now).event_id for it in said]

        assert len(set(ids)) == 3
        assert ids[0] == ids[3]

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_whoever_is_killed_as_it_is_sent_adopts_once_all_the_same(self, here: Here, file: Path, when: str) -> None:
        """Given a kill -9 right before or right after the sending, when it is tried again, there is one adoption."""
        code = "import sys; from tests.streams.test_rules_apply import killed; killed(*sys.argv[1:])"
        command, env = [sys.executable, "-c", code, when, file], {**ENV, **here.env(), "PYTHONPATH": str(ROOT)}
        process = subprocess.run(command, env=env, check=False, capture_output=True)
        assert process.returncode == -signal.SIGKILL, process.stderr

        again = here.apply(file, *DECISION, "--yes", "--patience", "0")
        here.catch_up()
        last = here.apply(file, *DECISION, "--yes")

        assert (again.return_value == OK) == (when == "before")
        assert last.stderr == "test: these 2 rules are in force already\n"
        assert len(here.log()) == len(STAGE) + 1
        assert here.in_force() == ["one", "two"]


def killed(when: str, file: str) -> None:
    """The process that kills itself around the sending."""
    send = rules_apply.appended

    def appended(*arguments: Any) -> Any:
        if when == "after":
            send(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    rules_apply.appended = appended
    rules.main(["apply", file, *DECISION, "--yes"])


async def test_a_worker_that_was_away_or_is_killed_adopts_one_after_the_other(
    line: Line, store: Store, file: Path, one: Path
) -> None:
    """Given a worker that is away, when two sets are applied, the second waits for it; killed then, all is exact."""
    worker = line.start()
    await line.append(store.writes(0, 4 * TIMELINES))
    await line.settled()
    worker.kill()

    first = await applied(line, file)
    refused = await applied(line, one, "--patience", "0")
    waiting = asyncio.ensure_future(applied(line, one))
    await line.append(store.writes(100, 40))
    worker = line.start()
    second = await waiting
    worker.kill()
    line.start()
    await line.settled()
    last = await applied(line, one)

    assert [it.returncode for it in (first, refused, second, last)] == [OK, FOUND, OK, OK], (first, refused, second)
    assert b"start a worker" in refused.stderr
    assert b"waiting for a worker to apply those that ana adopted" in second.stderr
    assert last.stderr.endswith(b"this rule is in force already\n")
    await line.must_be_exact()


async def applied(line: Line, *arguments: str | Path) -> "subprocess.CompletedProcess[bytes]":
    """Rules applied to a timeline that the tests put into the partition in which a producer would."""
    where = {"broker": line.servers, "prefix": line.topics.prefix, "group": line.topics.prefix, "home": str(line.home)}
    env = {**ENV, **{f"TOCSIN_{name.upper()}": value for name, value in where.items()}}
    command = [TOCSIN, "rules", "apply", *arguments, *DECISION, "--yes", "--timeline", "theatre-2"]
    return await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, check=False, timeout=120)
