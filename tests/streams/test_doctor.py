"""What the doctor finds, and that each planted fault is found and named."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import duckdb
import pytest

from projections.store.file import PartitionFile
from streams.broker.embedded import EmbeddedKafka
from streams.clock import now
from streams.doctor import broker, here
from streams.doctor.finding import Verdict
from streams.doctor.their_clock import LIMIT, broker_time
from streams.reading.published import log_ends
from streams.settings import Settings, load_settings
from streams.topics import Topic, Topics, admin, create, described
from tests import facts
from tests.published import publish
from tests.streams.line import Line

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
GIB = 2**30
TOCSIN = Path(sys.executable).with_name("tocsin")


def settings_of(home: Path, **more: object) -> Settings:
    return load_settings(home=home, **more)


def installed(name: str) -> str:
    versions = {"duckdb": "2.0.0", "aiokafka": "0.14.0"}
    if name not in versions:
        raise PackageNotFoundError(name)
    return versions[name]


@pytest.mark.parametrize(
    ("needed", "verdict", "said"),
    [
        (["duckdb==2.0.0", "rich>=14"], Verdict.OK, "duckdb 2.0.0"),
        (["duckdb==2.0.1"], Verdict.FAIL, "duckdb: expected 2.0.1, found 2.0.0"),
        (["faust-streaming==0.15.3"], Verdict.FAIL, "faust-streaming: expected 0.15.3, found none"),
    ],
    ids=["as pinned", "another version", "not there"],
)
def test_a_pinned_library_must_be_the_one_that_is_installed(needed: list[str], verdict: Verdict, said: str) -> None:
    """Given pins and what is installed, when compared, then a difference fails and names both versions."""
    found = here.libraries(needed, installed)

    assert (found.verdict, found.found) == (verdict, said)


@pytest.mark.parametrize(
    ("free", "verdict"),
    [(100 * GIB, Verdict.OK), (GIB, Verdict.WARN), (2**20, Verdict.FAIL)],
    ids=["much", "too little for a rebuild", "next to nothing"],
)
def test_a_disk_that_fills_up_is_told_before_it_is_full(tmp_path: Path, free: int, verdict: Verdict) -> None:
    """Given so much room, when judged, then little is doubtful and next to nothing fails."""
    assert here.disk(tmp_path, free).verdict is verdict


def test_a_large_projection_needs_room_for_three_of_it(tmp_path: Path) -> None:
    """Given a file of 4 GiB, when 10 are free, then a rebuild would not fit; when 13 are, it does."""
    with (tmp_path / "p0.duckdb").open("wb") as file:
        file.truncate(4 * GIB)

    assert here.disk(tmp_path, 10 * GIB).verdict is Verdict.WARN
    assert here.disk(tmp_path, 13 * GIB).verdict is Verdict.OK


def test_files_of_this_version_are_well_and_a_held_one_names_its_process(tmp_path: Path) -> None:
    """Given a published file that another process has open, when looked at, then it is named; its copy is well."""
    publish(tmp_path, facts.staged(facts.reported("a")))
    path = str(tmp_path / "p0.duckdb")
    holds = f"import duckdb, sys; con = duckdb.connect({path!r}); print(flush=True); sys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", holds], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()

        held, copy = here.files(tmp_path)

        process.kill()

    assert (held.verdict, held.found) == (Verdict.OK, f"p0.duckdb: open in process {process.pid}")
    assert copy.verdict is Verdict.OK
    assert copy.found.startswith("snapshots/p0.duckdb: schema ")
    assert copy.found.endswith("partition 0 of 1")


def test_a_file_of_another_version_fails_with_the_remedy(tmp_path: Path) -> None:
    """Given a file of a later schema, and one that is none, when looked at, then each fails and says what to do."""
    PartitionFile(tmp_path / "p0.duckdb", 0, 1).close()
    with duckdb.connect(str(tmp_path / "p0.duckdb")) as con:
        con.execute("UPDATE meta SET schema_version = 999")
    (tmp_path / "p1.duckdb").write_bytes(b"no database at all" * 1000)

    later, none = here.files(tmp_path)

    assert (later.verdict, none.verdict) == (Verdict.FAIL, Verdict.FAIL)
    assert "schema 999" in later.found
    assert "rebuilds it from the log" in later.hint
    assert none.found.startswith("home/p1.duckdb: ") or "p1.duckdb: " in none.found


def test_a_password_in_the_clear_is_doubtful(tmp_path: Path) -> None:
    """Given SASL without TLS, when the mechanism sends the password itself, then that is told; SCRAM does not."""
    named = {"broker": "h:1", "security": "sasl_plaintext", "sasl_username": "a", "sasl_password": "b"}

    assert here.way(settings_of(tmp_path, **named, sasl_mechanism="PLAIN")).verdict is Verdict.WARN
    assert here.way(settings_of(tmp_path, **named)).verdict is Verdict.OK
    assert here.way(settings_of(tmp_path)).verdict is Verdict.OK


def perfect(prefix: str = "tocsin", partitions: int = 2) -> list[Topic]:
    return [Topic(name, partitions, config) for name, config in Topics(prefix).configs().items()]


def test_topics_as_they_must_be_are_well(tmp_path: Path) -> None:
    """Given topics as we make them, when judged, then partitions, retention and settings are well."""
    assert [it.verdict for it in broker.topics(perfect(), settings_of(tmp_path))] == [Verdict.OK] * 3


def test_each_fault_of_a_topic_is_found_under_its_name(tmp_path: Path) -> None:
    """Given a log that expires and takes the future, and another number of partitions, then each check fails."""
    found = perfect()
    found[0] = Topic(
        found[0].name,
        2,
        {**found[0].config, "retention.ms": "604800000", "message.timestamp.after.max.ms": "9223372036854775807"},
    )

    partitions, retention, others = broker.topics(found, settings_of(tmp_path, partitions=4))

    assert [partitions.verdict, retention.verdict, others.verdict] == [Verdict.FAIL] * 3
    assert "expected 4 partitions, found 2" in partitions.found
    assert retention.found == "tocsin.events: expected retention.ms=-1, found 604800000"
    assert others.found.startswith("tocsin.events: expected message.timestamp.after.max.ms=300000")


def test_topics_that_are_missing_are_told(tmp_path: Path) -> None:
    """Given no topics, that is doubtful: the first worker makes them; given some of them, that is a fault."""
    [none] = broker.topics([], settings_of(tmp_path))
    [some] = broker.topics(perfect()[:-1], settings_of(tmp_path))

    assert (none.verdict, some.verdict) == (Verdict.WARN, Verdict.FAIL)
    assert some.found == "missing: tocsin.relay"


@pytest.mark.parametrize(
    ("config", "verdict"),
    [
        ({"log.message.timestamp.after.max.ms": "3600000"}, Verdict.OK),
        ({"log.message.timestamp.type": "CreateTime"}, Verdict.FAIL),
        ({}, Verdict.WARN),
    ],
    ids=["3.6 or newer", "older", "says nothing"],
)
def test_a_broker_must_be_able_to_refuse_the_future(config: dict[str, str], verdict: Verdict) -> None:
    """Given a broker's settings, when there is none to refuse records from the future, then it is too old."""
    assert broker.version(config).verdict is verdict


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [(-3600.0, Verdict.OK), (2.0, Verdict.OK), (60.0, Verdict.WARN), (600.0, Verdict.FAIL)],
    ids=["the past", "a blink", "a minute", "more than a broker takes"],
)
def test_a_clock_that_is_behind_the_log_is_told(ahead: float, verdict: Verdict) -> None:
    """Given a newest record so many seconds ahead of us, when judged, then our clock or another's is doubted."""
    assert broker.clock([NOW - timedelta(days=1), NOW + timedelta(seconds=ahead)], NOW).verdict is verdict
    assert broker.clock([], NOW).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [(0.4, Verdict.OK), (-4.0, Verdict.OK), (20.0, Verdict.WARN), (-20.0, Verdict.WARN), (301.0, Verdict.FAIL)],
)
def test_a_clock_that_is_not_the_brokers_is_told(ahead: float, verdict: Verdict) -> None:
    """Given our clock so many seconds ahead of the broker's, when judged, then a bit is doubtful, more a fault."""
    assert broker.skew(NOW - timedelta(seconds=ahead), NOW).verdict is verdict
    assert broker.skew(None, NOW).verdict is Verdict.WARN


async def test_the_brokers_clock_is_read_and_nothing_is_written(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given a real Kafka on this machine, when its clock is read, then it is ours, and the log is still empty."""
    await create(kafka.bootstrap, topics, 1)
    before = now()
    async with admin(kafka.bootstrap) as client:
        [log, *_] = await described(client, topics)
        theirs = await broker_time(client, log)
        without = await broker_time(client, replace(log, config={**log.config, LIMIT: str(2**63 - 1)}))

    assert theirs is not None
    assert before - timedelta(seconds=1) <= theirs <= now() + timedelta(seconds=1)
    assert without is None
    assert await log_ends(kafka.bootstrap, topics.events) == {0: 0}


async def test_a_line_that_works_has_no_failed_check(line: Line) -> None:
    """Given a worker that has applied a log, when the doctor looks, then nothing fails and all was looked at."""
    await line.append(line.store.writes(0, 40))
    line.start()
    await line.settled()

    done = examined(line.servers, line.topics, line.home)

    rows = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert [row for row in rows if row["verdict"] != "ok"] == []
    assert {row["check"] for row in rows} >= {
        "settings", "core", "libraries", "home", "disk", "worker", "file", "broker", "version", "partitions",
        "retention", "topic settings", "clock", "broker's clock",
    }  # fmt: skip


async def test_topics_of_another_number_of_partitions_are_found(
    kafka: EmbeddedKafka, topics: Topics, tmp_path: Path
) -> None:
    """Given topics of one partition and a setting of two, when the doctor looks, then it exits with 1 and says so."""
    await create(kafka.bootstrap, topics, 1)

    done = examined(kafka.bootstrap, topics, tmp_path, TOCSIN_PARTITIONS="2")

    assert done.returncode == 1
    [fault] = [row for row in json.loads(done.stdout) if row["verdict"] == "fail"]
    assert fault["check"] == "partitions"
    assert "expected 2 partitions, found 1" in fault["found"]


def test_without_a_broker_the_rest_is_still_looked_at(tmp_path: Path) -> None:
    """Given no broker, when the doctor looks, then that check fails with what to do, and the others are there."""
    done = examined("127.0.0.1:1", Topics(), tmp_path)

    rows = json.loads(done.stdout)
    assert done.returncode == 1
    assert [row["check"] for row in rows if row["verdict"] == "fail"] == ["broker"]
    assert rows[-1]["found"] == "no Kafka answers at 127.0.0.1:1"
    assert done.stderr.endswith(f"{len(rows)} checks: 1 failed, 1 doubtful\n")


def examined(servers: str, topics: Topics, home: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    given = {"TOCSIN_BROKER": servers, "TOCSIN_PREFIX": topics.prefix, "TOCSIN_GROUP": topics.prefix}
    env = {**given, "TOCSIN_HOME": str(home), "TOCSIN_LOG_LEVEL": "error", **more}
    command = [TOCSIN, "doctor", "--json"]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
