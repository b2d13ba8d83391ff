"""`tocsin rules`: from a file to the log, and what is in force."""

import json
import os
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
from streams.cli.rules import rules
from streams.rule_files import read_rules
from streams.rules import adoption, in_force
from streams.writing.replay import theatre
from tests import facts
from tests.published import publish

ONE = "rules:\n- {id: one, levels: {watch: 2}, by: [site], window: 7d}\n"
TWO = ONE + "- {id: two, title: All of them, levels: {watch: 5, critical: 9}}\n"
NOW = datetime(2023, 11, 1, 12, 0, 0, 123456, UTC)
ENV = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
DECISION = ("--who", "ana", "--why", "to see")


CHANGES = ("timeline", "who", "new", "changed", "gone")


def _none(timeline: str) -> Event:
    return facts.adopted(content_hash=content_hash([]), timeline=timeline)


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

    def test_says_which_rules_are_on_trial(self, tmp_path: Path) -> None:
        """Given a rule on trial and one that does not say so, when they are listed, then one is experimental."""
        one, two = yaml_file.read(TWO.replace("title: All of them", "status: experimental"))
        publish(tmp_path, facts.staged(facts.adopted(one, two, content_hash=content_hash([one, two]))))

        head, *lines = run(tmp_path, "list").stdout.splitlines()
        at = head.index("status")

        assert [line[at:].split()[0] for line in lines] == ["stable", "experimental"]

    def test_can_be_shown_as_a_file_would_say_it(self, home: Path) -> None:
        """Given a rule in force, when it is shown, then what is shown is a file with that rule."""
        first = json.loads(run(home, "list", "--json").stdout)[0]

        shown = run(home, "show", first["rule"]).stdout

        assert yaml_file.read(shown) == [first["content"]]
        assert yaml.safe_load(shown)["rules"][0]["title"] == first["title"]

    def test_is_shown_in_the_order_of_the_reference(self, home: Path) -> None:
        """Given a rule in force, when it is shown, then its id comes first and its levels after what they are of."""
        first = json.loads(run(home, "list", "--json").stdout)[0]

        [rule] = yaml.safe_load(run(home, "show", first["rule"]).stdout)["rules"]

        assert [it for it in rule if it in {"id", "title", "by", "measure", "window", "levels"}] == [
            "id",
            "title",
            "by",
            "measure",
            "window",
            "levels",
        ]

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

    def test_says_that_there_was_none_then(self, home: Path) -> None:
        """Given a rule that was adopted later, when it is explained as known before, then it says: not then."""
        done = run(home, "explain", "wave-of-attacks", "--as-known-at", "2001-01-01")

        assert str(done.exception).endswith("was in force then; `tocsin rules history` says when it was")


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

    def test_asks_whether_a_rule_was_renamed(self, tmp_path: Path) -> None:
        """Given a rule under another id, when the history is asked for, then that is asked."""
        sets = [yaml_file.read(text) for text in (ONE, ONE.replace("id: one", "id: other"))]
        events = [
            facts.adopted(*it, content_hash=content_hash(it), at=f"2023-10-0{5 + day}T12:00:00Z")
            for day, it in enumerate(sets)
        ]
        publish(tmp_path, facts.staged(*events, clock="replayed"))

        assert json.loads(run(tmp_path, "history", "--json").stdout)[-1]["renamed"] == {"other": "one"}
        assert "new other (renamed? one); gone one" in run(tmp_path, "history").stdout

    def test_is_that_of_one_timeline_and_of_a_day(self, home: Path) -> None:
        """Given the first theatre, when asked before its rules were adopted, then there are none; now there is one."""
        (row,) = json.loads(run(home, "history", "--timeline", "iraq-syria", "--json").stdout)

        assert row["rules"] == row["new"] == [it["id"] for it in read_rules(folder_of("iraq-syria") / "rules.yaml")]
        assert run(home, "history", "--as-known-at", "2001-01-01").stdout == ""
