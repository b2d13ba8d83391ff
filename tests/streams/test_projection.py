"""`tocsin projection adopt`: where an older version is in force, the newest goes into the log."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from events.errors import NotFound
from events.model import ProjectionAdopted
from projections import semantics
from projections.semantics import Semantics
from projections.store.reader import Reader
from streams.broker.embedded import EmbeddedKafka
from streams.cli.projection import adopt_here, projection
from streams.cli.verify import verify
from streams.projection import adoption, lagging
from streams.settings import Settings
from streams.topics import Topics
from tests import facts
from tests.published import publish
from tests.streams.test_producer import log_of

NOW = datetime(2023, 11, 1, 12, 0, 0, 123456, UTC)


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version 2 of the code."""
    monkeypatch.setitem(semantics.VERSIONS, 2, Semantics("suspicions do not count", lambda rule: rule))


def run(home: Path, *arguments: str, answer: str = "", **settings: str) -> Result:
    env = {"TOCSIN_HOME": str(home), **{f"TOCSIN_{name.upper()}": value for name, value in settings.items()}}
    return CliRunner().invoke(projection, ["adopt", *arguments], input=answer, env=env)


def test_says_that_there_is_nothing_to_adopt(tmp_path: Path) -> None:
    """Given today's one version, when it is to be adopted, then there is nothing to do, and no broker is looked for."""
    publish(tmp_path, facts.staged(facts.reported("a")))

    done = run(tmp_path)

    assert (done.exit_code, done.stderr) == (0, "nothing to adopt: the newest projection version is in force\n")


@pytest.mark.usefixtures("second")
def test_asks_first(tmp_path: Path) -> None:
    """Given a version 2 and somebody who says no, then what it says is shown, and nothing is sent."""
    publish(tmp_path, facts.staged(facts.reported("a")))

    done = run(tmp_path, answer="n\n")

    assert isinstance(done.exception, click.Abort | SystemExit)
    assert done.stderr.startswith("test: projection version 1 -> 2, suspicions do not count\nAdopt? [y/N]")


@pytest.mark.usefixtures("second")
@pytest.mark.parametrize(("clock", "at"), [("live", "12:00:00.123000"), ("replayed", "12:00:00")])
def test_the_event_stands_at_the_clock_of_its_timeline(tmp_path: Path, clock: str, at: str) -> None:
    """Given both kinds of timelines, when a version is adopted, then only the live one's clock moves on to now."""
    with Reader(publish(tmp_path, facts.staged(facts.reported("a", at="2023-11-01T12:00:00Z"), clock=clock))) as reader:
        (it,) = lagging(reader)

    event = adoption(it, "ana", it.says, NOW)

    assert isinstance(event.fact, ProjectionAdopted)
    assert (event.fact.projection_version, event.fact.who, event.fact.why) == (2, "ana", "suspicions do not count")
    assert event.recorded_at == datetime.fromisoformat(f"2023-11-01T{at}+00:00")


@pytest.mark.usefixtures("second")
def test_two_people_who_adopt_at_once_make_two_events(tmp_path: Path) -> None:
    """Given a version that two adopt at one instant, each with a reason, then what they say has an id of its own."""
    with Reader(publish(tmp_path, facts.staged(facts.reported("a")))) as reader:
        (it,) = lagging(reader)

    said = [adoption(it, *who_and_why, NOW) for who_and_why in [("ana", "upgraded"), ("ben", "upgraded"), ("ana", "")]]

    assert len({event.event_id for event in said}) == 3
    assert [event.fact.why for event in said] == ["upgraded", "upgraded", ""]


@pytest.mark.usefixtures("second")
def test_an_unknown_timeline_is_told_which_there_are(tmp_path: Path) -> None:
    """Given one timeline, when another is named, then the error says which there are."""
    with (
        Reader(publish(tmp_path, facts.staged(facts.reported("a")))) as reader,
        pytest.raises(NotFound, match=r"'x'.*found test"),
    ):
        lagging(reader, "x")


@pytest.mark.usefixtures("second")
def test_up_says_what_it_can_not_look_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given a snapshot that is none of this version, when the line goes up, then that is told and it goes on."""
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "p0.duckdb").write_bytes(b"no file of ours")

    asyncio.run(adopt_here(Settings(home=tmp_path), "nowhere:1"))

    assert "projection versions were not looked at" in capsys.readouterr().err


@pytest.mark.usefixtures("second")
def test_verify_is_never_green_over_what_it_can_not_judge(tmp_path: Path) -> None:
    """Given a timeline of version 2, when its episodes are verified, then that they were not is told, exit 1."""
    publish(tmp_path, facts.staged(facts.upgraded(2)))

    done = CliRunner().invoke(verify, ["--only", "episodes,sums"], env={"TOCSIN_HOME": str(tmp_path)})

    assert done.exit_code == 1
    assert done.stdout.endswith(
        "episodes, partition 0, not checked:\n  timeline test: its projection version is 2, the SQL here knows 1\n"
    )
    assert [line.split("  ")[-1].strip() for line in done.stdout.splitlines()[1:4] if line] == ["ok", "1 not checked"]


@pytest.mark.kafka
@pytest.mark.usefixtures("second")
def test_goes_into_the_log_once(kafka: EmbeddedKafka, topics: Topics, tmp_path: Path) -> None:
    """Given version 1 in force, when 2 is adopted, then the log says so; the second time there is nothing to adopt."""
    publish(tmp_path, facts.staged(facts.reported("a")))
    where = {"broker": kafka.bootstrap, "prefix": topics.prefix, "partitions": "1"}

    first = run(tmp_path, "--yes", **where)

    assert (first.exit_code, first.stderr.splitlines()[-1]) == (0, "adopted")
    (event,) = asyncio.run(log_of(kafka, topics.events, 1))[0]
    publish(tmp_path, [event])
    assert "nothing to adopt" in run(tmp_path, **where).stderr
    asyncio.run(adopt_here(Settings(home=tmp_path, prefix=topics.prefix, partitions=1), kafka.bootstrap))
    assert len(asyncio.run(log_of(kafka, topics.events, 1))[0]) == 1
