"""One partition's file: what is written with a batch, what is refused, what the relay and the readers get."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.codec import to_record
from events.errors import ProjectionHalted
from events.log import Event, Record, Written
from projections.apply import Applied, apply_batch
from projections.identity import record_hash
from projections.store import books, checkpoints, upkeep
from projections.store.file import PartitionFile
from projections.store.publish import SCRIPT, half_made
from projections.store.seen import Seen
from projections.store.tables import ORDER, Tables
from tests import facts


@pytest.fixture
def file(tmp_path: Path) -> Iterator[PartitionFile]:
    file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)
    yield file
    file.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PartitionFile]:
    """One file for all examples of a test: making one takes longer than using it."""
    file = PartitionFile(tmp_path_factory.mktemp("shared") / "p0.duckdb", 0, 1)
    yield file
    file.close()


def applied(file: PartitionFile, *records: Record | Event) -> Applied:
    """Apply records after what the file holds."""
    start = file.next_offset
    those = [to_record(it) if isinstance(it, Event) else it for it in records]
    numbered = [it._replace(offset=offset) for offset, it in enumerate(those, start)]
    return apply_batch(file, numbered, start, start + len(numbered))


def rows(file: PartitionFile, query: str) -> list[tuple[object, ...]]:
    return file.con.execute(query).fetchall()


class TestABadRecord:
    @pytest.mark.parametrize(
        ("record", "reason"),
        [
            (to_record(facts.reported())._replace(value=b"{"), "malformed"),
            (to_record(facts.reported())._replace(value=b"\xff\xfe"), "malformed"),
            (to_record(facts.reported())._replace(value=None), "tombstone"),
            (to_record(facts.reported())._replace(value=b" " * 300_000), "oversized"),
            (to_record(facts.reported())._replace(key=b"\xff"), "malformed"),
            (to_record(facts.reported())._replace(key=None), "malformed"),
            (to_record(facts.reported())._replace(headers=[]), "malformed"),
            (to_record(facts.reported())._replace(timestamp=7), "malformed"),
            (to_record(facts.reported(site="nowhere")), "inapplicable"),
        ],
        ids=[
            "no JSON",
            "no UTF-8",
            "no value",
            "too large",
            "no UTF-8 in the key",
            "no key",
            "no headers",
            "other time",
            "misfit",
        ],
    )
    def test_is_kept_as_it_was_and_goes_to_the_dead_letters(
        self, file: PartitionFile, record: Written, reason: str
    ) -> None:
        """Given an open timeline, when a bad record comes, then it is a row with its bytes, and a message with them."""
        applied(file, facts.opened())

        assert applied(file, record, facts.ticked())[:3] == (1, 0, 1)

        assert rows(file, "SELECT event_offset, reason, key, value FROM rejected") == [
            (1, reason, record.key, record.value)
        ]
        (letter,) = file.unsent(10)
        said = dict(letter.headers)
        assert (letter.topics, letter.key, letter.value) == (("events.dlq",), record.key, record.value)
        assert (said["tocsin_reason"], said["tocsin_record"]) == (reason.encode(), b"events/0/1")
        assert letter.headers[: len(record.headers)] == list(record.headers)

    @settings(deadline=None, max_examples=150)
    @given(
        value=st.none() | st.binary() | st.text().map(str.encode),
        key=st.none() | st.just(b"test") | st.binary(),
        headers=st.lists(st.tuples(st.sampled_from(["ce_type", "ce_id", "ce_source", "x"]), st.binary() | st.none())),
        timestamp=st.integers(-1, 2**53),
    )
    def test_of_any_bytes_is_applied_or_rejected(
        self,
        shared: PartitionFile,
        value: bytes | None,
        key: bytes | None,
        headers: list[tuple[str, bytes]],
        timestamp: int,
    ) -> None:
        """Given any bytes in any part of a record, when it is applied, then it is one row, and the line goes on."""
        result = applied(shared, Written(0, timestamp, key, value, headers))

        assert result.applied + result.rejected == 1

    def test_does_not_use_up_its_id(self, file: PartitionFile) -> None:
        """Given an event that was refused, when its site is registered and it is sent again, then it is applied."""
        early = facts.reported(site="north")
        applied(file, facts.opened(), early)

        assert applied(file, facts.site("north"), early)[:3] == (2, 0, 0)


class TestACopy:
    def test_counts_once(self, file: PartitionFile) -> None:
        """Given an applied event, when it comes again in the same batch and in the next, then it counts once."""
        events = facts.staged(facts.reported("a"))
        applied(file, *events, events[-1])

        assert applied(file, events[-1])[:3] == (0, 1, 0)

        last = len(events) - 1
        assert rows(file, "SELECT event_offset, first_offset FROM duplicates") == [(last + 1, last), (last + 2, last)]
        file.count()
        assert rows(file, "SELECT sum(incidents) FROM site_tallies") == [(1,)]

    def test_with_other_white_space_counts_once(self, file: PartitionFile) -> None:
        """Given an applied event, when it comes again written differently, then it is still the same."""
        event = facts.ticked()
        applied(file, facts.opened(), event)
        spaced = to_record(event)._replace(value=b'{ "source": {"feed": "tests"} }')

        assert applied(file, spaced)[:3] == (0, 1, 0)

    @pytest.mark.parametrize("size", [1, 9])
    def test_with_other_content_is_refused(self, file: PartitionFile, size: int) -> None:
        """Given an applied event, when its id comes with other content, now or later, then it conflicts."""
        one = facts.ticked()
        other = facts.ticked("2024-01-01T00:00:00Z", event_id=one.event_id)
        records = [to_record(it) for it in (facts.opened(), one, other)]

        for start in range(0, len(records), size):
            applied(file, *records[start : start + size])

        assert rows(file, "SELECT event_offset, reason FROM rejected") == [(2, "conflicting")]


class TestABatch:
    def test_that_fails_leaves_nothing_behind(self, tmp_path: Path) -> None:
        """Given a crash before the commit, when the file is opened again, then it is as it was before the batch."""
        fails = True

        def reached(point: str) -> None:
            if fails and point == "before-commit":
                raise KeyboardInterrupt

        file = PartitionFile(tmp_path / "p0.duckdb", 0, 1, reached)
        with pytest.raises(KeyboardInterrupt):
            applied(file, facts.opened())
        with pytest.raises(ProjectionHalted, match="open the file anew"):
            applied(file, facts.opened())
        file.close()

        file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)
        assert (file.next_offset, rows(file, "SELECT count(*) FROM events")) == (0, [(0,)])

    def test_notes_the_record_it_ended_with(self, file: PartitionFile) -> None:
        """Given an applied batch, then the file knows its last record, to tell this log from another."""
        record = to_record(facts.opened())._replace(offset=0)

        apply_batch(file, [record], 0, 3)

        assert (file.next_offset, file.last_applied) == (3, (0, record_hash(record)))

    def test_with_nothing_in_it_moves_the_checkpoint(self, file: PartitionFile) -> None:
        """Given a stretch of the log that holds only transaction markers, then the checkpoint passes it."""
        apply_batch(file, [], 0, 2)

        assert (file.next_offset, file.last_applied) == (2, None)


COUNTED = "SELECT (SELECT sum(incidents)::INTEGER FROM site_tallies), (SELECT count(*) FROM counters)"

STANDING = "SELECT site, incidents, first_occurred IS NOT NULL FROM site_tallies ORDER BY site"


class TestCounting:
    def test_is_done_before_readers_look(self, file: PartitionFile, tmp_path: Path) -> None:
        """Given batches that nobody has counted, when the file is published, then all of them are in the copy."""
        applied(file, *facts.staged(facts.reported("a", weapons=["drone", "rocket", "drone"])))
        applied(file, facts.reported("b"))
        assert rows(file, COUNTED) == [(None, 0)]

        assert file.begin_publish(tmp_path / "snapshot.duckdb").wait() == 0

        with duckdb.connect(str(tmp_path / "snapshot.duckdb"), read_only=True) as con:
            assert con.execute(COUNTED).fetchall() == rows(file, COUNTED) == [(2, 6)]
            assert con.execute("SELECT next_offset - counted_offset FROM checkpoint").fetchall() == [(0,)]

    def test_is_done_when_much_is_uncounted(self, file: PartitionFile, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given as many uncounted offsets as there may be, when a batch is written, then it is counted at once."""
        first = facts.staged(facts.reported("a"))
        monkeypatch.setattr(upkeep, "EVERY", len(first) + 1)
        applied(file, *first)
        assert rows(file, COUNTED) == [(None, 0)]

        applied(file, facts.reported("b"))

        assert rows(file, COUNTED)[0][0] == 2

    def test_that_fails_is_made_up_for(self, file: PartitionFile, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given a counting that fails midway, then nothing of it is kept, and the next one counts everything once."""
        applied(file, *facts.staged(facts.reported("a", wounded={"us": "at least 2"})))
        with monkeypatch.context() as broken:
            text = books._text
            broken.setattr(books, "_text", lambda name: text(name) if name != "tolls" else "SELECT nonsense")
            with pytest.raises(ProjectionHalted, match="nonsense"):
                file.count()
        assert rows(file, COUNTED) == [(None, 0)]
        applied(file, facts.reported("b", wounded={"us": "at least 3"}))

        file.count()
        file.count()

        assert rows(file, "SELECT sum(incidents), sum(wounded_low) FROM site_tallies") == [(2, 5)]

    def test_leaves_no_cell_in_which_nothing_counts_but_every_tally(self, file: PartitionFile) -> None:
        """Given a counted incident, when it is moved, then retracted, then its cells are gone, its tallies empty."""
        applied(file, *facts.staged(facts.reported("a", site="south")), facts.site("north"))
        file.count()
        applied(file, facts.corrected("a", site="north"))
        file.count()
        assert rows(file, "SELECT key FROM counters WHERE dimension = 'site'") == [("north",)]
        assert rows(file, STANDING) == [("north", 1, True), ("south", 0, False)]

        applied(file, facts.retracted("a"))
        file.count()

        assert rows(file, "SELECT count(*) FROM counters") == [(0,)]
        assert rows(file, STANDING) == [("north", 0, False), ("south", 0, False)]

    def test_follows_a_site_to_another_country(self, file: PartitionFile) -> None:
        """Given a counted incident, when its site is registered in another country, then it counts there only."""
        applied(file, facts.opened(), facts.site("north", "IQ"), facts.reported("a", site="north"))
        file.count()

        applied(file, facts.site("north", "SY"))
        file.count()

        assert rows(file, "SELECT key, incidents FROM counters WHERE dimension = 'country'") == [("SY", 1)]


ROW_GROUPS = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('events')"


class TestACheckpoint:
    def test_adds_to_the_file_and_merges_only_when_many_small_pieces_are_there(
        self, file: PartitionFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Given small checkpoints, then each adds a row group, until there are many: these become one."""
        monkeypatch.setattr(checkpoints, "PIECES", 3)
        applied(file, *facts.staged(facts.reported("a")))
        counts = []
        for name in "bcdef":
            file.checkpoint()
            counts.append(rows(file, ROW_GROUPS)[0][0])
            applied(file, facts.reported(name))

        assert counts == [1, 2, 3, 1, 2]

    def test_comes_by_itself_when_many_records_are_without(
        self, file: PartitionFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Given a file that nobody publishes, when much was written, then the log of writes beside it is taken in."""
        log = file.path.with_name(f"{file.path.name}.wal")
        applied(file, *facts.staged(facts.reported("a")))
        before = log.stat().st_size
        monkeypatch.setattr(checkpoints, "OVERDUE", file.next_offset + 1)
        applied(file, facts.reported("b"))

        assert before > 1_000
        assert not log.exists() or log.stat().st_size < 1_000


class TestAFile:
    def test_of_another_partition_is_refused(self, tmp_path: Path) -> None:
        """Given a file of partition 0 of 1, when it is opened as one of 4, then the operator is told what to do."""
        PartitionFile(tmp_path / "p0.duckdb", 0, 1).close()

        with pytest.raises(ProjectionHalted, match=r"delete it, it is rebuilt from the log"):
            PartitionFile(tmp_path / "p0.duckdb", 0, 4)

    @pytest.mark.parametrize("content", [b"no database" * 1000, b"", b"x", bytes(20_000)])
    def test_that_is_no_database_is_refused(self, tmp_path: Path, content: bytes) -> None:
        """Given a file that is no database, when it is opened, then the operator is told what to do."""
        (tmp_path / "p0.duckdb").write_bytes(content)

        with pytest.raises(ProjectionHalted, match=r"p0\.duckdb.*delete it, it is rebuilt from the log"):
            PartitionFile(tmp_path / "p0.duckdb", 0, 1)

    def test_that_is_damaged_inside_is_named_wherever_it_shows(self, tmp_path: Path) -> None:
        """Given damage in the middle of a file, when it is opened and written to, then the operator is told."""
        path = tmp_path / "p0.duckdb"
        file = PartitionFile(path, 0, 1)
        applied(file, *facts.staged(*(facts.reported(f"i{number}") for number in range(50))))
        file.close()
        size = path.stat().st_size
        with path.open("r+b") as damaged:
            damaged.seek(12_288)
            damaged.write(b"\xa5" * (size - 12_288))

        with pytest.raises(ProjectionHalted, match=r"p0\.duckdb.*delete it, it is rebuilt from the log"):
            applied(PartitionFile(path, 0, 1), facts.reported("new"))

    def test_that_fails_under_the_hand_is_named(self, file: PartitionFile) -> None:
        """Given a table that can no longer be read, when a batch comes or messages go, then the operator is told."""
        applied(file, facts.opened())
        for table in ("alert_messages", "rules", "events"):
            file.con.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
        told = r"p0\.duckdb.*delete it, it is rebuilt from the log"

        with pytest.raises(ProjectionHalted, match=told):
            applied(file, facts.ticked())
        with pytest.raises(ProjectionHalted, match=told):
            file.unsent(1)

    def test_of_somebody_else_is_left_alone(self, tmp_path: Path) -> None:
        """Given a DuckDB file with tables that are not ours, when it is opened, then it is refused and as it was."""
        path = tmp_path / "p0.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute("CREATE TABLE theirs AS SELECT 1 AS x")

        with pytest.raises(ProjectionHalted, match=r"p0\.duckdb: .*not made by tocsin"):
            PartitionFile(path, 0, 1)

        with duckdb.connect(str(path)) as con:
            assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("theirs",)]

    def test_is_published_whole_and_the_half_made_copy_of_a_dead_owner_goes(self, tmp_path: Path) -> None:
        """Given the rest of a killed copy, when the file is opened and published, then only the new copy is there."""
        half = half_made(tmp_path / "p0.duckdb", process=7)
        half.write_bytes(b"half")
        file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)
        assert not half.exists()
        applied(file, facts.opened())

        assert file.begin_publish(tmp_path / "out" / "p0.duckdb").wait() == 0

        with duckdb.connect(str(tmp_path / "out" / "p0.duckdb"), read_only=True) as copy:
            assert copy.execute("SELECT count(*) FROM events").fetchall() == [(1,)]


def test_a_copy_that_breaks_off_is_not_published(tmp_path: Path) -> None:
    """Given a disk with room for half a file, when it is copied, then that fails, and readers keep what they have."""
    whole, half, place = (tmp_path / name for name in ("whole", "half", "place"))
    whole.write_bytes(b"x" * 100_000)
    place.write_text("older")

    copying = ["/bin/sh", "-c", f"ulimit -f 10; {SCRIPT}", "sh", whole, half, place]
    code = subprocess.run(copying, stderr=subprocess.DEVNULL, check=False).returncode

    assert (code != 0, place.read_text()) == (True, "older")


class TestTheOutbox:
    def test_is_in_order_and_goes_on_where_it_stopped(self, file: PartitionFile) -> None:
        """Given dead letters, when some are marked as sent, then the rest comes next, after a restart too."""
        bad = to_record(facts.ticked())._replace(value=b"{")
        applied(file, facts.opened(), bad, bad, bad)

        assert [it.offset for it in file.unsent(2)] == [1, 2]
        file.mark_sent(1, 0)
        assert [it.offset for it in file.unsent(9)] == [2, 3]
        file.mark_sent(2, 0)
        file.close()

        assert [it.offset for it in PartitionFile(file.path, 0, 1).unsent(9)] == [3]


class TestSeen:
    @settings(deadline=None, max_examples=30)
    @given(st.sets(st.integers(0, 2**60 - 1), max_size=50), st.sets(st.integers(0, 2**60 - 1), max_size=50))
    def test_never_denies_what_is_there(self, stored: set[int], added: set[int]) -> None:
        """Given fingerprints in a table and noted later, then each is found: a row is never taken for a new one."""
        con = duckdb.connect()
        con.execute("CREATE TABLE events AS SELECT unnest(?::BIGINT[]) AS identity", [list(stored)])
        seen = Seen(con, "events")
        seen.meet(added)

        assert seen.meet(stored | added) == list(stored | added)

    def test_is_seldom_wrong_about_what_is_not_there(self) -> None:
        """Given 100,000 fingerprints, when as many others are asked for, then fewer than 1 in 1,000 is suspected."""
        con = duckdb.connect()
        con.execute("CREATE TABLE events AS SELECT (hash(range) >> 4)::BIGINT AS identity FROM range(100_000)")
        seen = Seen(con, "events")
        others = con.execute("SELECT (hash(range) >> 4)::BIGINT FROM range(100_000, 200_000)").fetchall()

        assert len(seen.meet([identity for (identity,) in others])) < 100

    def test_grows_with_its_table(self) -> None:
        """Given a filter that has become full, when it is made anew, then nothing was forgotten."""
        con = duckdb.connect()
        con.execute("CREATE TABLE events AS SELECT range AS identity FROM range(0)")
        seen = Seen(con, "events")
        con.execute("INSERT INTO events SELECT (hash(range) >> 4)::BIGINT FROM range(200_000)")
        added = [identity for (identity,) in con.execute("SELECT identity FROM events").fetchall()]
        seen.meet(added)
        seen.grow()

        assert seen.meet(added) == added


def test_a_key_that_stands_twice_in_a_batch_is_an_error(file: PartitionFile) -> None:
    """Given two rows of one key, when they are merged, then DuckDB raises and nothing is silently lost."""
    tables = Tables(file.con)
    row = ("t", "Title", "live", 0, 0)

    with pytest.raises(duckdb.Error):
        tables.write("timelines", [row, row])


def test_every_table_view_and_column_says_what_it_is(file: PartitionFile) -> None:
    """Given a new file, then each table and column has a comment: the data dictionary is made of them."""
    silent = "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
    views = "SELECT view_name FROM duckdb_views() WHERE NOT internal AND comment IS NULL"
    named = "SELECT view_name FROM duckdb_views() WHERE NOT internal"

    assert [it for it in rows(file, silent) if (it[0],) not in rows(file, named)] == []
    assert rows(file, views) == []


def test_every_table_has_its_place_in_a_batch(file: PartitionFile) -> None:
    """Given a new file, then each table is written by batches, but for those that say what and where the file is."""
    tables = {name for (name,) in rows(file, "SELECT table_name FROM duckdb_tables() WHERE NOT internal")}

    assert {*ORDER, "counters", "site_tallies"} == tables - {"meta", "checkpoint", "relay_position"}
