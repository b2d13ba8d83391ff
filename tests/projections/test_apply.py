"""The laws of a partition's projection, on real files."""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from events.errors import OffsetGap
from events.log import Record
from projections.apply import apply_batch
from projections.store.content import content
from projections.store.file import PartitionFile
from tests import facts
from tests.projections import logs

counter = itertools.count()


def settings(max_examples: int) -> hypothesis_settings:
    """No shrinking: each example makes files, and a failing log of fifteen events reads well enough."""
    return hypothesis_settings(
        deadline=None,
        max_examples=logs.share(max_examples),
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )


def projected(folder: Path, records: Sequence[Record], cuts: Sequence[tuple[int, int]] | None = None) -> dict[str, str]:
    """The content of a new file after the records were applied and counted in batches."""
    file = PartitionFile(folder / f"{next(counter)}.duckdb", 0, 1)
    for start, end in cuts or [(0, len(records))]:
        apply_batch(file, records[start:end], start, end)
        file.count()
    found = content(file.con)
    file.close()
    return found


@pytest.fixture
def file(tmp_path: Path) -> PartitionFile:
    return PartitionFile(tmp_path / "p0.duckdb", 0, 1)


def rows(file: PartitionFile, query: str) -> list[tuple[object, ...]]:
    return file.con.execute(query).fetchall()


def told(file: PartitionFile, *events: facts.Event) -> None:
    """Apply events after what the file holds."""
    start = file.next_offset
    records = facts.records(events, start)
    apply_batch(file, records, start, start + len(records))


class TestAnyBatchCut:
    """Law 1: the tables are a function of the log alone."""

    @settings(max_examples=15)
    @given(data=st.data())
    def test_gives_the_same_tables(self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
        """Given any log, when it is applied whole, in any pieces, or one by one, then the tables are equal."""
        records = data.draw(logs.logs())
        folder = tmp_path_factory.mktemp("cut")

        whole = projected(folder, records)
        pieces = projected(folder, records, data.draw(logs.cuts(len(records))))

        assert pieces == whole

    def test_refuses_a_batch_that_is_not_the_next(self, file: PartitionFile) -> None:
        """Given a checkpoint, when a batch begins elsewhere, then nothing is written and the checkpoint stays."""
        told(file, facts.opened())

        with pytest.raises(OffsetGap, match="from offset 1, found one from 3"):
            apply_batch(file, facts.records([facts.ticked()], 3), 3, 4)

        assert file.next_offset == 1
        assert rows(file, "SELECT count(*) FROM events") == [(1,)]

    def test_a_reopened_file_goes_on_as_if_it_had_not_been_closed(self, tmp_path: Path) -> None:
        """Given a log, when the file is closed and opened between any two records, then the tables are equal."""
        events = facts.staged(
            facts.reported("a", wounded={"us": "at least 2"}),
            facts.reported("b"),
            facts.corrected("a", day="2023-10-20"),
            facts.merged("a", "b"),
            facts.retracted("a"),
            facts.split("a", "b"),
            facts.corrected("b", site="north"),
        )
        records = facts.records(events)

        for start in range(len(records)):
            file = PartitionFile(tmp_path / "reopened.duckdb", 0, 1)
            apply_batch(file, records[start : start + 1], start, start + 1)
            file.close()
        file = PartitionFile(tmp_path / "reopened.duckdb", 0, 1)
        file.count()

        assert content(file.con) == projected(tmp_path, records)

    @settings(max_examples=8)
    @given(data=st.data())
    def test_does_not_show_where_the_worker_was_restarted(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Given any log, when the file is closed and opened between batches, then the tables are equal."""
        records = data.draw(logs.logs())
        folder = tmp_path_factory.mktemp("restarts")

        for start, end in data.draw(logs.cuts(len(records))):
            file = PartitionFile(folder / "reopened.duckdb", 0, 1)
            apply_batch(file, records[start:end], start, end)
            file.count()
            found = content(file.con)
            file.close()

        assert found == projected(folder, records)

    def test_is_tried_on_histories_that_are_hard(self) -> None:
        """Given the histories drawn here, then at least one in five holds each thing that makes them hard."""
        drawn: list[set[str]] = []

        @settings(max_examples=60)
        @given(records=logs.logs())
        def draw(records: list[Record]) -> None:
            drawn.append(logs.features(records))

        draw()

        for feature in ("merge and split", "correction of when or where", "late facts", "out of order"):
            assert sum(feature in it for it in drawn) >= len(drawn) / 5, feature


class TestTimelines:
    """Law 2: order inside, independence outside."""

    @settings(max_examples=8)
    @given(data=st.data())
    def test_do_not_look_at_each_other(self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
        """Given two timelines in one log, when one is left out, then all that is said of the other is as it was."""
        records = data.draw(logs.logs())
        folder = tmp_path_factory.mktemp("timelines")
        alone = [it for it in records if it.key == b"one"]

        both, one = PartitionFile(folder / "both.duckdb", 0, 1), PartitionFile(folder / "one.duckdb", 0, 1)
        apply_batch(both, records, 0, len(records))
        apply_batch(one, [it._replace(offset=at) for at, it in enumerate(alone)], 0, len(alone))

        assert said_of_one(both) == said_of_one(one)
        assert {"events", "incident_versions", "counters", "site_tallies", "alert_messages"} <= said_of_one(one).keys()


def said_of_one(file: PartitionFile) -> dict[str, list[str]]:
    """Every row of timeline `one` as text, by table, but for its place in the log and how rows are numbered."""
    query = """
        SELECT table_name, list('"' || column_name || '"' ORDER BY column_index) FROM duckdb_columns()
        WHERE table_name IN (SELECT table_name FROM duckdb_columns() WHERE column_name = 'timeline') AND NOT internal
            AND NOT (column_name LIKE '%offset' OR column_name IN ('number', 'cell', 'identity')) GROUP BY ALL
    """
    tables = [(table, ", ".join(columns)) for table, columns in file.con.execute(query).fetchall()]
    found = {table: rows(file, f"SELECT {columns} FROM {table} WHERE timeline = 'one'") for table, columns in tables}
    return {table: sorted(re.sub(r'"offset": \d+', "", repr(row)) for row in those) for table, those in found.items()}


class TestEvidence:
    """Law 6: the sum of the parts."""

    @settings(max_examples=15)
    @given(data=st.data())
    def test_counters_and_tallies_are_the_sums_of_standing_incidents(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Given any log, counted in any pieces, then each counter and tally is what a query over incidents finds."""
        records = data.draw(logs.logs())
        file = PartitionFile(tmp_path_factory.mktemp("sums") / "p0.duckdb", 0, 1)
        for start, end in data.draw(logs.cuts(len(records))):
            apply_batch(file, records[start:end], start, end)
            if data.draw(st.booleans()) or end == len(records):
                file.count()

        assert rows(file, COUNTERS) == rows(file, COUNTED)
        assert rows(file, TALLIES) == rows(file, TALLIED)


COUNTERS = """
    SELECT timeline, day, class, dimension, key, incidents, wounded_low, wounded_high_unknown FROM counters
    ORDER BY ALL
"""
COUNTED = """
    WITH it AS (
        SELECT *, occurred_from::DATE AS day, json_keys(quantities->'wounded') AS parties,
            coalesce(wounded_low, 0) AS low,
            coalesce(len(list_filter(json_extract(quantities, '$.wounded.*.high'), lambda x: x = 'null')), 0) AS unknown
        FROM incidents WHERE stands
    ), keyed AS (
        SELECT *, unnest([
            {d: 'all', k: ''}, {d: 'country', k: country}, {d: 'site', k: site}, {d: 'attribution', k: attribution}
        ]) AS c
        FROM it
        UNION ALL SELECT *, {d: 'actor', k: actor} FROM it WHERE actor IS NOT NULL
        UNION ALL SELECT * , {d: 'weapon', k: unnest(weapons)} FROM it
    )
    SELECT timeline, day, class, c.d, c.k, count(*), sum(low), sum(unknown) FROM keyed GROUP BY ALL ORDER BY ALL
"""
TALLIES = """
    SELECT timeline, site, class, incidents, first_occurred, last_occurred, attribution_claimed
    FROM site_tallies WHERE incidents > 0 ORDER BY ALL
"""
TALLIED = """
    SELECT timeline, site, class, count(*), min(occurred_from), max(occurred_from),
        count(*) FILTER (attribution = 'claimed')
    FROM incidents WHERE stands GROUP BY ALL ORDER BY ALL
"""
