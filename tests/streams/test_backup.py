"""The log as files and back: byte for byte, offset for offset, and no damage goes through."""

import base64
import gzip
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from hypothesis import given, settings
from hypothesis import strategies as st

from events import codec
from events.errors import ConfigInvalid
from events.log import Written
from projections.identity import record_hash
from projections.store.content import content
from streams.backup.checking import check
from streams.backup.exporting import export
from streams.backup.importing import NotRestored, _Log, restore, steps
from streams.backup.lines import Damaged, from_line, is_raw, to_line
from streams.backup.manifest import Manifest, Part, load
from streams.broker.embedded import EmbeddedKafka
from streams.cli.worker import projection_in
from streams.topics import Topics, create
from streams.worker.crash import nowhere
from streams.worker.peek import reader
from tests import facts
from tests.streams.line import Line
from tests.streams.real_store import REAL, real_writes

SILENT: Callable[[int], None] = lambda _: None  # noqa: E731
_numbers = itertools.count()

bytes_or_none = st.none() | st.binary(max_size=40)
names = st.text(st.characters(codec="utf-8"), max_size=12)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
strangers = st.builds(
    Written,
    st.integers(0, 2**40),
    st.integers(0, 2**41),
    bytes_or_none,
    bytes_or_none | jsons.map(lambda it: json.dumps(it).encode()),
    st.lists(
        st.tuples(names | st.sampled_from(["ce_id", "ce_raw", "ce_data", "content-type"]), bytes_or_none), max_size=4
    ),
)
events = st.sampled_from(facts.staged(facts.reported("a"), facts.reported("b"))).map(codec.to_record)


def near(record: Written, value: bytes, change: int, header: tuple[str, bytes]) -> Written:
    """A record of ours with one thing changed: what reads like an event, and is not written as one."""
    changes: list[Callable[[], Written]] = [
        lambda: record._replace(value=value),
        lambda: record._replace(value=b" " + (record.value or b"")),
        lambda: record._replace(headers=[*record.headers, header]),
        lambda: record._replace(headers=list(reversed(record.headers))),
        lambda: record._replace(key=value),
        lambda: record._replace(timestamp=record.timestamp + 1),
        lambda: record,
    ]
    return changes[change % len(changes)]()


nearly = st.builds(
    near,
    events,
    jsons.map(lambda it: json.dumps(it).encode()),
    st.integers(0, 6),
    st.tuples(names, st.binary(max_size=9)),
)


@given(strangers | nearly | events)
def test_any_record_comes_back_from_its_line_byte_for_byte(record: Written) -> None:
    """Given any bytes at an offset, when written as a line and read, then the same record stands there."""
    line = to_line(record)
    again = from_line(line, "here")

    assert line.count(b"\n") == 1
    assert again._replace(headers=list(map(tuple, again.headers))) == record._replace(headers=list(record.headers))
    assert record_hash(again) == record_hash(record)
    assert to_line(again) == line
    assert is_raw(line) == ("raw" in json.loads(line))


def test_an_event_of_ours_is_a_cloud_event_that_append_takes() -> None:
    """Given an event, when exported, then its line is CloudEvents JSON and reads as the same event."""
    event = facts.reported("a")

    line = to_line(codec.to_record(event, 7))

    assert not is_raw(line)
    assert codec.from_json(line) == event
    assert json.loads(line)["offset"] == 7


def test_what_is_no_event_is_kept_as_bytes() -> None:
    """Given poison, when exported, then its line has the bytes in base64."""
    it = json.loads(to_line(Written(3, 5, None, b"\x00bad", [("x", None)])))  # type: ignore[list-item]

    assert it["raw"] == {
        "timestamp": 5,
        "key": None,
        "value": base64.b64encode(b"\x00bad").decode(),
        "headers": [["x", None]],
    }


def test_holes_lie_between_records_and_before_the_end() -> None:
    """Given offsets 0, 1, 3, 6 and an end at 8, then one, two and one offsets of nothing lie after the last three."""
    part = Part(name="p0", partition=0, first=0, end=8, records=4, raw=4, newest=0, sha256="")
    records = [Written(offset, 0, None, b"", ()) for offset in (0, 1, 3, 6)]

    assert [step.hole for step in steps(part, records)] == [0, 1, 2, 1]
    assert list(steps(part, [])) == []


@pytest.fixture
async def backup(kafka: EmbeddedKafka, topics: Topics, tmp_path: Path) -> Path:
    """A backup of two partitions with events, poison and a hole."""
    line = Line(kafka.bootstrap, topics, tmp_path / "home", REAL)
    await line.open()
    await line.append(real_writes(0, 60))
    await line.append(real_writes(60, 4), transactional="some-producer")
    await export(kafka.bootstrap, topics.events, tmp_path / "backup", ".ndjson", SILENT)
    return tmp_path / "backup"


def rewrite(path: Path, number: int, old: bytes, new: bytes) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    assert old in lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(old, new, 1)
    path.write_bytes(b"".join(lines))


def turn_round(path: Path) -> None:
    path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(keepends=True))))


def drop(path: Path, number: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: number - 1] + lines[number:]))


P0, P1, MANIFEST = "p0.ndjson", "p1.ndjson", "manifest.json"
DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a changed word": (
        lambda it: rewrite(it / P0, 5, b"theatre-", b"theatrE-"),
        "p0.ndjson:5: expected a record with hash",
    ),
    "no JSON": (lambda it: rewrite(it / P1, 3, b"{", b"("), "p1.ndjson:3: expected a record as a line of JSON"),
    "a lost line": (lambda it: drop(it / P0, 9), "p0.ndjson: expected 32 records, 0 of them raw, found 31"),
    "lines in another order": (lambda it: turn_round(it / P0), "p0.ndjson:2: expected an offset from "),
    "a lost file": (lambda it: (it / P1).unlink(), "p1.ndjson: expected a file that the manifest names, found none"),
    "a lost manifest": (lambda it: (it / MANIFEST).unlink(), "manifest.json: expected the manifest of a finished"),
    "no manifest": (lambda it: (it / MANIFEST).write_text("{}"), "manifest.json: expected a manifest of format"),
    "a space": (lambda it: rewrite(it / P0, 2, b'"data":', b'"data": '), "p0.ndjson: expected lines with SHA-256"),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_damage_is_found_where_it_is_before_anything_is_sent(backup: Path, damage: str) -> None:
    """Given a damaged backup, when checked, as import does first, then file, line, expected and found are told."""
    change, said = DAMAGES[damage]
    check(backup, SILENT)

    change(backup)

    with pytest.raises(Damaged) as found:
        check(backup, SILENT)
    assert said in str(found.value)


async def test_a_restored_log_is_the_same_log_and_makes_the_same_tables(
    kafka: EmbeddedKafka, topics: Topics, backup: Path, tmp_path: Path
) -> None:
    """Given a backup with poison and holes, when put into empty topics, then records, offsets, tables are the same."""
    again = Topics(f"{topics.prefix}-again")
    manifest = check(backup, SILENT)

    await restore(kafka.bootstrap, again, backup, manifest, SILENT)
    second = await export(kafka.bootstrap, again.events, tmp_path / "second", ".ndjson", SILENT)

    assert second.parts == manifest.parts
    assert files(tmp_path / "second") == files(backup)
    assert sum(it.end - it.first - it.records for it in manifest.parts) == 2
    assert await tables(kafka, again, tmp_path / "h2") == await tables(kafka, topics, tmp_path / "h1")


async def tables(kafka: EmbeddedKafka, topics: Topics, home: Path) -> list[dict[str, str]]:
    """The content hashes of an offline fold of a log."""
    line = Line(kafka.bootstrap, topics, home, REAL)
    projection, log, ends = projection_in(home, nowhere), await line.log(), await line.ends()
    found = []
    for partition in sorted(log):
        file = projection.open(partition, 2)
        projection.apply(file, projection.read(log[partition]), 0, ends[partition])
        file.count()  # type: ignore[attr-defined]
        found.append(content(file.con))  # type: ignore[attr-defined]
        file.close()
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {it.name: it.read_bytes() for it in folder.iterdir()}


def files(folder: Path) -> dict[str, bytes]:
    return {name: read for name, read in contents(folder).items() if name != MANIFEST}


parts = st.lists(
    st.tuples(
        st.sampled_from(["plain", "commit", "abort"]), st.lists(strangers | nearly | events, min_size=1, max_size=4)
    ),
    max_size=5,
)


@settings(max_examples=12)
@given(log=parts)
def test_export_import_export_is_identical(
    kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory, log: Sequence[tuple[str, list[Written]]]
) -> None:
    """Given any log, transactions of others in it, when exported, imported, exported, then all is alike."""
    import asyncio  # noqa: PLC0415

    asyncio.run(round_trip(kafka.bootstrap, tmp_path_factory.mktemp("backup"), log))


async def round_trip(servers: str, folder: Path, log: Sequence[tuple[str, list[Written]]]) -> None:
    first, second = Topics(f"rt{next(_numbers)}"), Topics(f"rt{next(_numbers)}")
    await create(servers, first, 1)
    await create(servers, second, 1)
    for then, records in log:
        await send(servers, first, then, records)
    one = await export(servers, first.events, folder / "one", ".ndjson.gz", SILENT)
    if _impossible(folder / "one", one):
        return
    await restore(servers, second, folder / "one", check(folder / "one", SILENT), SILENT)
    two = await export(servers, second.events, folder / "two", ".ndjson.gz", SILENT)
    assert two.parts == one.parts
    assert files(folder / "two") == files(folder / "one")


def _impossible(folder: Path, manifest: Manifest) -> bool:
    lines = gzip.decompress((folder / "p0.ndjson.gz").read_bytes()).splitlines()
    return (json.loads(lines[0])["offset"] if lines else manifest.parts[0].end) == 1


async def send(servers: str, topics: Topics, then: str, records: list[Written]) -> None:
    transactional = None if then == "plain" else f"{topics.prefix}-someone"
    producer = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=transactional)
    await producer.start()
    try:
        if transactional:
            await producer.begin_transaction()
        for it in records:
            at = it.timestamp % 1_700_000_000_000
            await producer.send_and_wait(
                topics.events,
                it.value if it.key is None and it.value is not None else it.value or b"",
                it.key,
                0,
                at,
                list(it.headers),
            )
        if transactional:
            await (producer.commit_transaction() if then == "commit" else producer.abort_transaction())
    finally:
        await producer.stop()


async def test_a_log_that_holds_something_is_not_written_to(kafka: EmbeddedKafka, topics: Topics, backup: Path) -> None:
    """Given a log that is not empty, when a backup is imported, then it is refused, and nothing was sent."""
    before = await Line(kafka.bootstrap, topics, backup, REAL).ends()

    with pytest.raises(ConfigInvalid, match="expected an empty log, found one that ends at"):
        await restore(kafka.bootstrap, topics, backup, load(backup), SILENT)

    assert await Line(kafka.bootstrap, topics, backup, REAL).ends() == before


async def test_a_log_that_somebody_else_writes_to_is_noticed(kafka: EmbeddedKafka, topics: Topics) -> None:
    """Given another writer, when a record does not come to stand at its offset, then the import halts and says so."""
    await create(kafka.bootstrap, topics, 1)
    await send(kafka.bootstrap, topics, "plain", [codec.to_record(facts.opened())])
    part = Part(name="p0", partition=0, first=0, end=1, records=1, raw=0, newest=0, sha256="")

    async with reader(kafka.bootstrap) as consumer:
        log = _Log(kafka.bootstrap, topics, 0, consumer)
        with pytest.raises(NotRestored, match="expected to write at offset 0, found 1"):
            await log.restore(part, [codec.to_record(facts.opened(), 0)])
        await log.close()


async def test_a_folder_with_something_in_it_is_not_exported_into(
    kafka: EmbeddedKafka, topics: Topics, backup: Path
) -> None:
    """Given a folder that holds a backup, when exported into again, then it is refused and left as it is."""
    before = contents(backup)

    with pytest.raises(ConfigInvalid, match="expected a folder that is empty or not there"):
        await export(kafka.bootstrap, topics.events, backup, ".ndjson", SILENT)

    assert contents(backup) == before


def test_the_verbs_export_check_and_import(
    kafka: EmbeddedKafka, topics: Topics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a log, when exported, checked and imported by verbs, then each exits with 0, and shows the same hashes."""
    monkeypatch.setenv("TOCSIN_BROKER", kafka.bootstrap)
    monkeypatch.setenv("TOCSIN_PREFIX", topics.prefix)
    events = tmp_path / "events.ndjson"
    events.write_text("".join(f"{codec.to_json(it)}\n" for it in facts.staged(facts.reported("a"))))
    backup = str(tmp_path / "backup")

    assert verb("append", str(events)).returncode == 0
    made = verb("log", "export", backup, "--gzip", "--json")
    checked = verb("log", "check", backup, "--json")
    monkeypatch.setenv("TOCSIN_PREFIX", f"{topics.prefix}-again")
    imported = verb("log", "import", backup, "--json")
    refused = verb("log", "import", backup, "--json")

    assert [it.returncode for it in (made, checked, imported)] == [0, 0, 0], imported.stderr
    assert json.loads(made.stdout) == json.loads(checked.stdout) == json.loads(imported.stdout)
    assert [row["name"] for row in json.loads(made.stdout)] == ["p0.ndjson.gz"]
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "expected an empty log" in refused.stderr


def verb(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [Path(sys.executable).with_name("tocsin"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
