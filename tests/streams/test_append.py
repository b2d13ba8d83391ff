"""`tocsin append`: the whole file or nothing, every fault with its line; and what became of what was sent."""

import asyncio
import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from itertools import chain
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from events import codec
from events.log import Event
from projections import semantics
from streams.broker.embedded import EmbeddedKafka
from streams.topics import Topics, create
from streams.writing.lines import LONGEST_LINE, lines
from streams.writing.producer import producer
from tests import facts
from tests.streams.line import Line
from tests.streams.test_producer import log_of

TOCSIN = Path(sys.executable).with_name("tocsin")
NOW = facts.moment("2023-11-02T12:00:00Z")
STORY = facts.staged(facts.reported("a"), facts.reported("b"), facts.merged("a", "b"))
BAD = facts.merged("a", "nothing")  # an event, but of an incident that nobody reported


def text(*events: Event) -> bytes:
    return "".join(f"{codec.to_json(it)}\n" for it in events).encode()


# -- lines


def test_every_line_is_an_event_or_says_why_not() -> None:
    """Given lines good, bad, empty and of the future, when they are read, then each has its number and its fate."""
    ahead, soon = (facts.ticked(NOW + timedelta(minutes=minutes)) for minutes in (6, 5))
    file = b"\n".join([text(STORY[0]).strip(), b"{", b"  ", text(ahead).strip(), text(soon).strip()])

    found = list(lines(io.BytesIO(file), NOW))

    assert [(it.number, it.event) for it in found] == [(1, STORY[0]), (2, None), (4, None), (5, soon)]
    assert str(found[1].fault).startswith("expected a JSON object with `data`, found '{' (no JSON from character 3 on)")
    assert str(found[2].fault).startswith("recordedtime: expected at most 5 minutes after now (2023-11-02T12:00:00Z)")


def test_a_version_that_does_not_exist_is_not_adopted() -> None:
    """Given an adoption of a version that nobody has made yet, then its line is a fault, whatever else is in it."""
    unknown = facts.upgraded(semantics.newest() + 1)

    (found,) = lines(io.BytesIO(text(unknown)), NOW)

    assert found.event is None
    assert str(found.fault).startswith("projection_version: expected a version that this tocsin knows, at most 1;")


def test_a_line_without_end_is_not_read_into_memory() -> None:
    """Given a line of many megabytes between two events, then it is one fault, and the lines after it are read."""
    file = io.BytesIO(text(STORY[0]) + b"x" * (3 * LONGEST_LINE) + b"\n" + text(STORY[1]))

    found = list(lines(file, NOW))

    assert [(it.number, it.event) for it in found] == [(1, STORY[0]), (2, None), (3, STORY[1])]
    assert "a line of at most" in str(found[1].fault)


@given(st.binary())
def test_any_bytes_are_lines(raw: bytes) -> None:
    """Given any bytes, when they are read as lines, then none is an event and none is anything else."""
    heard: list[int] = []

    found = list(lines(io.BytesIO(raw), NOW, heard.append))

    assert all(it.event is None and it.fault for it in found)
    assert sum(heard) == len(raw)


# -- the verb


def append(servers: str, topics: Topics, *arguments: str, stdin: bytes = b"", **more: str) -> tuple[int, list[str]]:
    """Exit code and stderr of the verb, its stdout is empty; `more` are settings."""
    settings = {"broker": servers, "prefix": topics.prefix, "partitions": "2", **more}
    env = {**os.environ, **{f"TOCSIN_{name.upper()}": value for name, value in settings.items()}}
    done = subprocess.run([TOCSIN, "append", *arguments], env=env, input=stdin, capture_output=True, check=False)
    assert done.stdout == b""
    return done.returncode, done.stderr.decode().splitlines()


def in_log(kafka: EmbeddedKafka, topics: Topics) -> list[Event]:
    """What is in the log."""
    return list(chain.from_iterable(asyncio.run(log_of(kafka, topics.events, 2)).values()))


def test_a_file_is_appended_whole(kafka: EmbeddedKafka, topics: Topics, tmp_path: Path) -> None:
    """Given a file of events, when it is appended, then they are in the log, in order."""
    file = tmp_path / "story.ndjson"
    file.write_bytes(text(*STORY))

    assert append(kafka.bootstrap, topics, str(file)) == (0, ["5 events appended"])
    assert in_log(kafka, topics) == STORY


def test_stdin_is_appended_like_a_file(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given events on stdin, when - is appended, then they are in the log."""
    assert append(kafka.bootstrap, topics, "-", stdin=text(*STORY)) == (0, ["5 events appended"])
    assert in_log(kafka, topics) == STORY


async def test_with_one_bad_line_nothing_is_sent_and_every_fault_is_told(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given bad lines among good ones, when they are appended, then each is told, exit 1, and the log is empty."""
    await create(kafka.bootstrap, topics, 2)
    bad = json.loads(codec.to_json(STORY[1]))
    bad["data"]["country"] = "Iraq"
    future = facts.ticked("2190-01-01T00:00:00Z")
    stdin = b"nonsense\n" + text(STORY[0]) + json.dumps(bad).encode() + b"\n" + text(future)

    code, said = await asyncio.to_thread(append, kafka.bootstrap, topics, "-", stdin=stdin)

    assert code == 1
    assert said[0].startswith("-:1: expected a JSON object with `data`, found 'nonsense' (no JSON")
    assert said[1].startswith("-:3: country: expected string to match pattern")
    assert said[2].startswith("-:4: recordedtime: expected at most 5 minutes after now")
    assert said[3] == "3 lines invalid, nothing was sent (--skip-invalid sends the rest)"
    assert await log_of(kafka, topics.events, 2) == {0: [], 1: []}


def test_of_many_faults_the_first_are_told_and_all_are_counted(topics: Topics, kafka: EmbeddedKafka) -> None:
    """Given a file of no events at all, when it is appended, then 50 lines are told, and how many more there are."""
    code, said = append(kafka.bootstrap, topics, "-", stdin=b"[]\n" * 61)

    assert (code, len(said)) == (1, 52)
    assert said[49] == "-:50: expected a JSON object with `data`, found '[]'"
    assert said[50:] == ["and 11 more", "61 lines invalid, nothing was sent (--skip-invalid sends the rest)"]


def test_the_rest_is_sent_if_asked(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given a bad line and --skip-invalid, when appended, then the fault is told and the rest is in the log."""
    stdin = text(STORY[0]) + b"{}\n" + text(STORY[1])

    code, said = append(kafka.bootstrap, topics, "-", "--skip-invalid", stdin=stdin)

    assert (code, said[-1]) == (0, "2 events appended, 1 line skipped")
    assert in_log(kafka, topics) == STORY[:2]


def test_a_file_that_is_not_there_is_a_usage_error(topics: Topics) -> None:
    """Given no such file, then the exit code is 2."""
    assert append("127.0.0.1:1", topics, "/nowhere.ndjson")[0] == 2


async def test_waiting_tells_what_became_of_the_events(line: Line) -> None:
    """Given new, repeated, changed and inapplicable events, when waited for, then each is counted as what it is."""
    line.start()
    changed = codec.from_json(codec.to_json(STORY[2]).replace("attack", "context"))

    async def waited(*events: Event) -> tuple[int, list[str]]:
        here = {"stdin": text(*events), "home": str(line.home)}
        return await asyncio.to_thread(append, line.servers, line.topics, "-", "--wait", **here)  # type: ignore[arg-type]

    assert await waited(*STORY) == (0, ["5 events appended", "5 new, 0 duplicate, 0 conflicting, 0 rejected"])
    assert await waited(STORY[0], changed, BAD) == (
        1,
        [
            "3 events appended",
            "0 new, 1 duplicate, 1 conflicting, 1 rejected",
            "conflicting: their ids were told before with other content; what was said first stands",
            "`tocsin rejected` says why of these 2",
        ],
    )


def test_a_log_that_adopted_what_does_not_exist_goes_on_in_another_one(
    kafka: EmbeddedKafka, topics: Topics, tmp_path: Path
) -> None:
    """Given a log that halts its workers for good, when exported and appended elsewhere, then only that is left out."""
    unknown = facts.upgraded(semantics.newest() + 1)
    again = Topics(f"{topics.prefix}-again")

    async def harm() -> None:
        async with producer(kafka.bootstrap, topics, 2) as log:
            await log.send([*STORY[:2], unknown, *STORY[2:]])

    asyncio.run(harm())
    where = {"TOCSIN_BROKER": kafka.bootstrap, "TOCSIN_PREFIX": topics.prefix}
    subprocess.run([TOCSIN, "log", "export", tmp_path / "halted"], env={**os.environ, **where}, check=True)
    lines_of_all = b"".join(it.read_bytes() for it in sorted((tmp_path / "halted").glob("*.ndjson")))

    code, said = append(kafka.bootstrap, again, "-", "--skip-invalid", stdin=lines_of_all)

    assert (code, said[-1]) == (0, "5 events appended, 1 line skipped")
    assert in_log(kafka, again) == STORY
