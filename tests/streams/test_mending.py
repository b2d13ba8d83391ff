"""`tocsin rejected`: what was set aside is shown whole, mended by hand, or sent again, and is known to be."""

import json
import stat
import subprocess
import sys
from asyncio import to_thread
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given
from hypothesis import strategies as st

from events import codec, ids
from events.errors import EventRejected, Inapplicable, MalformedEvent, NotFound
from events.log import Event, Written
from projections.store.reader import Reader
from streams.cli.rejected import dump, rejected
from streams.mending import Rejected, draft, mended, patched, read_text, resendable, text_of
from tests import facts
from tests.published import publish
from tests.streams.line import Line, Write

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STORY = facts.staged(facts.reported("a"), clock="replayed")
NOWHERE = facts.reported("b", site="south")  # a site that nobody registered
RACE = Written(4, 1_700_000_000_000, b"test", b"\x00\xffno event", [("ce_id", b"\xff"), ("trace", b"x")])
RIGHT = codec.to_record(facts.reported("c"))
WRONG = RIGHT._replace(value=(RIGHT.value or b"").replace(b'"class"', b'"clazz"'))
CLASS = {"data": {"report": {"clazz": None, "class": "attack"}}}
TAKEN = codec.to_record(facts.reported("d", event_id=STORY[-1].event_id))
POSITIONS = {"inapplicable": "0:3", "race": "0:4", "wrong": "0:5", "taken": "0:6"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a record of each kind that was set aside."""
    bad = [codec.to_record(NOWHERE), RACE, WRONG, TAKEN]
    publish(tmp_path, STORY, then=[it._replace(offset=3 + number) for number, it in enumerate(bad)])
    return tmp_path


def run(home: Path, *arguments: str, **env: str) -> Result:
    return CliRunner().invoke(rejected, arguments, env={"TOCSIN_HOME": str(home), **env}, standalone_mode=False)


def listed(home: Path, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(home, "list", *arguments, "--json").stdout)
    return found


def at(home: Path, name: str) -> Rejected:
    with Reader(home / "snapshots") as reader:
        [row] = reader.rows("rejected", reasons=None, positions=[POSITIONS[name]], whole=True)
    return Rejected.of(row)


def editor(folder: Path, code: str) -> str:
    """A program that changes the text it is given, as an editor would be told to."""
    file = folder / "editor"
    file.write_text(
        f"#!{sys.executable}\nimport sys, pathlib\nfile = pathlib.Path(sys.argv[1])\ntext = file.read_text()\n"
        f"log = pathlib.Path({str(folder / 'seen')!r})\nlog.open('a').write(text + '\\0')\n"
        f"{code}\nfile.write_text(text)\n"
    )
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


class TestShowing:
    """`tocsin rejected list` and `show`."""

    def test_alone_is_a_list(self, home: Path) -> None:
        """Given rejects, when the verb is typed alone or with options, then it lists as `list` does."""
        assert run(home).stdout == run(home, "list").stdout != ""
        assert run(home, "--reason", "conflicting").stdout == run(home, "list", "--reason", "conflicting").stdout

    def test_of_a_record_is_all_of_it(self, home: Path) -> None:
        """Given a record of text, when shown, then reason, what was expected and found, headers and text are there."""
        said = run(home, "show", "0:5").stdout

        assert "reason            malformed" in said
        assert "expected" in said
        assert "ce_type           tocsin.incident.reported.v1" in said
        assert '"clazz":"attack"' in said

    def test_of_a_header_shows_what_a_terminal_would_hide(self, tmp_path: Path) -> None:
        """Given a header that would rub out its line, when its record is shown, then the characters are spelt out."""
        bad = RACE._replace(offset=3, headers=[("trace", b"x\x1b[2K")])
        publish(tmp_path, STORY, then=[bad])

        assert r"trace             x\x1b[2K" in run(tmp_path, "show", "0:3").stdout

    def test_of_what_is_no_text_is_a_dump(self, home: Path) -> None:
        """Given bytes that are no text, when shown, then each is there in hexadecimal digits; in JSON too."""
        assert "00000000  00 ff 6e 6f 20 65 76 65 6e 74" in run(home, "show", "0:4").stdout
        [row] = json.loads(run(home, "show", "0:4", "--json").stdout)
        assert bytes.fromhex(row["value_hex"]) == RACE.value
        assert row["headers"] == [["ce_id", "\\xff"], ["trace", "x"]]

    @given(st.binary(max_size=100))
    def test_of_a_dump_loses_nothing(self, raw: bytes) -> None:
        """Given any bytes, when dumped, then the digits are all of them, in lines that say where they begin."""
        lines = dump(raw).splitlines()

        assert bytes.fromhex("".join(line[10:58] for line in lines)) == raw
        assert [int(line[:8], 16) for line in lines] == list(range(0, len(raw), 16))

    def test_of_nothing_says_where_to_look(self, home: Path) -> None:
        """Given a position of no record, when shown, then nothing is printed; the error has the way on."""
        done = run(home, "show", "0:0")

        assert isinstance(done.exception, NotFound)
        assert (done.stdout, "`tocsin rejected` lists" in str(done.exception)) == ("", True)


class TestMending:
    """`tocsin rejected mend`."""

    def test_starts_from_what_can_be_read(self, home: Path) -> None:
        """Given a record that is readable, when it is drafted, then the draft is its event; the subject follows."""
        made = draft(at(home, "inapplicable"))

        assert mended(made, at(home, "inapplicable"), NOW).fact == NOWHERE.fact
        assert (made["id"], made["recordedtime"]) == (NOWHERE.event_id, "2023-11-01T12:00:00Z")

    def test_fills_in_what_is_no_guess(self, home: Path) -> None:
        """Given bytes that are no event, when drafted, then timeline, time and id are there, the same every time."""
        made = draft(at(home, "race"))

        assert (made["source"], made["recordedtime"]) == ("/timelines/test", "2023-11-14T22:13:20Z")
        assert made["id"] == ids.event_id("test", "mended", "0:4")

    def test_of_a_taken_id_takes_another(self, home: Path) -> None:
        """Given a record whose id another event has, when drafted, then it has one of its own."""
        assert draft(at(home, "taken"))["id"] not in {it.event_id for it in STORY}

    @given(st.binary(max_size=300), st.lists(st.tuples(st.sampled_from(["ce_id", "ce_type", "x"]), st.binary())))
    @example(b'"\\ud800\xe2\x80\xa8"', [("ce_type", b"\n")])
    def test_of_any_bytes_is_a_draft_that_an_editor_takes(self, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        """Given any record, when drafted and read back unchanged, then it is the draft; nothing else happens."""
        it = Rejected(0, 7, EventRejected.reason, "said", Written(7, 5, value, value, headers), "open")

        assert read_text(text_of(draft(it), it).encode().decode()) == draft(it)

    @pytest.mark.parametrize(
        ("target", "patch", "found"),
        [
            ({"a": "b"}, {"a": "c"}, {"a": "c"}),
            ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
            ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
            ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
            ({"a": "foo"}, None, None),
            ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
            ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
            ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ],
    )
    def test_by_a_patch_is_as_the_rfc_has_it(self, target: Any, patch: Any, found: Any) -> None:
        """Given the cases of RFC 7396, appendix A, when patched, then as there."""
        assert patched(target, patch) == found

    def test_by_a_patch_shows_the_event_and_sends_nothing_when_dry(self, home: Path) -> None:
        """Given a wrong site, when patched as a dry run, then the event is printed: same id, its cause the record."""
        done = run(home, "mend", "0:3", "--patch", '{"data": {"report": {"site": "north"}}}', "--dry-run")

        event = codec.from_json(done.stdout.splitlines()[0])
        assert (done.return_value, event.fact) == (0, facts.reported("b").fact)
        assert "1 → 2" in done.stdout
        assert (event.event_id, event.causation_id) == (NOWHERE.event_id, ids.position_id(0, 3))

    @pytest.mark.parametrize(
        ("patch", "said"),
        [('{"data": {"incident": 7}}', "is still wrong: "), ("[]", "expected a JSON object"), ("{", "--patch")],
    )
    def test_by_a_patch_that_leaves_it_wrong_sends_nothing(self, home: Path, patch: str, said: str) -> None:
        """Given a patch after which it is no event, or that is none, then the fault is told; no broker is asked."""
        done = run(home, "mend", "0:3", "--patch", patch)

        assert done.return_value == 1 or done.exception
        assert said in done.stderr + str(done.exception)

    def test_in_an_editor_shows_the_fault_again_until_it_is_an_event(self, home: Path) -> None:
        """Given a first try that is wrong, when saved, then the editor comes again with the fault."""
        script = "text = text.replace('oops', 'class') if 'STILL WRONG' in text else text.replace('clazz', 'oops')"
        done = run(home, "mend", "0:5", "--dry-run", VISUAL=editor(home, script))

        first, second, _ = (home / "seen").read_text().split("\0")
        assert first.startswith("# The record at 0:5, set aside as malformed: ")
        assert "\n# STILL WRONG: report.oops: expected" in second
        assert codec.from_json(done.stdout.splitlines()[0]).fact == facts.reported("c").fact

    def test_in_an_editor_that_goes_in_circles_ends(self, home: Path) -> None:
        """Given a program that always leaves the same wrong text, when it is the editor, then nothing is sent."""
        done = run(home, "mend", "0:5", VISUAL=editor(home, "text = text.replace('attack', 'a b')"))

        assert (done.return_value, "nothing was sent" in done.stderr) == (1, True)
        assert len((home / "seen").read_text().split("\0")) == 3

    def test_knows_the_future(self, home: Path) -> None:
        """Given an event after now, when mended so, then it is refused as `append` does."""
        it = at(home, "inapplicable")

        with pytest.raises(MalformedEvent, match="5 minutes after now"):
            mended(patched(draft(it), {"recordedtime": "2190-01-01T00:00:00Z"}), it, NOW)

    def test_does_not_adopt_a_version_that_does_not_exist(self, home: Path) -> None:
        """Given a record mended into the adoption of an unknown version, then it is refused as `append` does."""
        unknown = json.loads(codec.to_json(facts.upgraded(99)))

        with pytest.raises(Inapplicable, match="at most 1; its workers would halt for good, found 99"):
            mended(unknown, at(home, "race"), NOW)


class TestSendingAgain:
    """`tocsin rejected resend`."""

    def test_of_what_nobody_can_read_is_refused(self, home: Path) -> None:
        """Given records without event or with a taken id, when sent again, then each is told and nothing is sent."""
        done = run(home, "resend", "0:3", "0:4", "0:6")

        said = done.stderr.splitlines()
        assert [line[:5] for line in said[:2]] == ["0:4: ", "0:6: "]
        assert said[-1].startswith("nothing was sent")

    def test_by_reason_takes_those_that_are_open(self, home: Path) -> None:
        """Given an inapplicable record, when its event came again and applied, then it is not among those to send."""
        before = run(home, "resend", "--reason", "inapplicable", "--dry-run")
        publish(home, [facts.site("south"), NOWHERE])
        after = run(home, "resend", "--reason", "inapplicable", "--dry-run")

        assert before.stdout.startswith("0:3  site: expected")
        assert (before.return_value, "1 record would be sent" in before.stderr) == (1, True)
        assert "it would be rejected: site: expected a site that was registered" in before.stderr
        assert "0 records would be sent" in after.stderr

    def test_wants_positions_or_a_reason(self, home: Path) -> None:
        """Given neither, or a position where nothing is, when called, then it is a usage error."""
        assert isinstance(run(home, "resend").exception, click.UsageError)
        assert "no rejected record at 9:9" in str(run(home, "resend", "9:9").exception)

    def test_is_the_event_itself(self, home: Path) -> None:
        """Given an inapplicable record, when asked what is sent, then it is the event as it was."""
        assert resendable(at(home, "inapplicable"), NOW) == NOWHERE


class TestStatus:
    """What became of a rejected record is a question to the log, not a mark in a table."""

    def status(self, home: Path) -> dict[str, tuple[str, str | None]]:
        names = {position: name for name, position in POSITIONS.items()}
        return {names[row["position"]]: (row["status"], row["mended_by"]) for row in listed(home)}

    def test_is_open_mended_or_resent(self, home: Path) -> None:
        """Given a mended and a resent record, when listed, then each says by which record; the others are open."""
        it = at(home, "wrong")
        event = mended(patched(draft(it), CLASS), it, NOW)
        publish(home, [event, facts.site("south"), NOWHERE])

        found = self.status(home)

        assert found == {
            "inapplicable": ("resent", "0:9"),
            "race": ("open", None),
            "wrong": ("mended", "0:7"),
            "taken": ("open", None),
        }
        assert {row["position"] for row in listed(home, "--open")} == {"0:4", "0:6"}

    @given(st.integers(0, 2**31 - 1), st.integers(0, 2**60 - 1))
    def test_rests_on_ids_that_are_positions(self, partition: int, offset: int) -> None:
        """Given a position, when it is made an id, then that is a UUID of ours, and no two have the same."""
        made = ids.position_id(partition, offset)

        assert codec.UUID_FORM.fullmatch(made)
        assert (int(made[:8], 16), int(made[20:23] + made[24:], 16)) == (partition, offset)

    @pytest.mark.parametrize("place", [(0, 0), (3, 17), (2**31 - 1, 2**48 + 5)])
    def test_rests_on_the_same_ids_in_sql(self, home: Path, place: tuple[int, int]) -> None:
        """Given a position, when SQL makes its id, then it is that of the code."""
        with Reader(home / "snapshots") as reader:
            con = reader._con
            [[made]] = con.execute("SELECT position_id($1, $2)::VARCHAR", place).fetchall()

        assert made == ids.position_id(*place)


async def test_a_record_goes_the_whole_way_back(line: Line) -> None:
    """Given two rejects on a real line, when one is mended and one sent again, then both are applied and say so."""

    def write(event: Event) -> Write:
        record = codec.to_record(event)
        return Write(record.value, record.key, tuple(record.headers), record.timestamp)

    def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
        settings = {"home": str(line.home), "broker": line.servers, "prefix": line.topics.prefix}
        env = {f"TOCSIN_{name.upper()}": value for name, value in settings.items()}
        code = "from streams.cli.main import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, *arguments], env=env, capture_output=True, text=True, check=False
        )

    def append(*events: Event) -> subprocess.CompletedProcess[str]:
        file = line.home.parent / "more.ndjson"
        file.write_text("".join(f"{codec.to_json(it)}\n" for it in events))
        return typed("append", str(file), "--wait")

    line.start()
    opened = await to_thread(append, *STORY, NOWHERE, facts.reported("c", site="east"))
    rows = json.loads((await to_thread(typed, "rejected", "--json")).stdout)
    first, second = (row["position"] for row in rows)
    south = await to_thread(append, facts.site("south"))

    resent = await to_thread(typed, "rejected", "resend", first, "--wait")
    patch = '{"data": {"report": {"site": "north"}}}'
    fixed = await to_thread(typed, "rejected", "mend", second, "--patch", patch, "--wait")

    assert (opened.returncode, south.returncode) == (1, 0)
    assert (resent.returncode, fixed.returncode) == (0, 0), (resent.stderr, fixed.stderr)
    assert "1 new, 0 duplicate, 0 conflicting, 0 rejected" in resent.stderr
    after = json.loads((await to_thread(typed, "rejected", "--json")).stdout)
    assert [row["status"] for row in after] == ["resent", "mended"]
    assert (
        await to_thread(typed, "rejected", "resend", "--reason", "inapplicable")
    ).stderr == "0 records would be sent\n"
    await line.must_be_exact()
