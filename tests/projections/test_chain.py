"""The hash chain of a partition's records."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import to_record
from events.log import Record, Written
from projections.apply import apply_batch
from projections.chain import BEGIN, Chain, link
from projections.identity import record_hash
from projections.store.file import PartitionFile
from tests import facts
from tests.projections import logs

RECORD = to_record(facts.reported())._replace(offset=7)


def marks(records: Sequence[Record]) -> list[tuple[int, str]]:
    return [(it.offset, record_hash(it)) for it in records]


@given(data=st.data())
def test_a_chain_does_not_show_where_it_was_cut(data: st.DataObject) -> None:
    """Given any log, when its chain is made in pieces, then the links kept and the newest are those of the whole."""
    log = data.draw(st.lists(st.just(RECORD), min_size=1, max_size=2_500))
    records = [record._replace(offset=offset) for offset, record in enumerate(log)]
    whole, pieces = Chain(), Chain()
    kept = whole.follow(marks(records))

    found = []
    for start, end in data.draw(logs.cuts(len(records))):
        found += pieces.follow(marks(records[start:end]))
        pieces = Chain(pieces.records, pieces.hash)

    assert (found, pieces.records, pieces.hash) == (kept, whole.records, whole.hash)
    assert [it.records for it in kept] == list(range(1_000, len(records) + 1, 1_000))


@pytest.mark.parametrize(
    "other",
    [
        RECORD._replace(offset=8),
        RECORD._replace(timestamp=7),
        RECORD._replace(key=None),
        RECORD._replace(value=None),
        RECORD._replace(value=b""),
        RECORD._replace(value=(RECORD.value or b"") + b" "),
        RECORD._replace(headers=RECORD.headers[1:]),
        RECORD._replace(headers=[("x", RECORD.headers[0][1]), *RECORD.headers[1:]]),
        RECORD._replace(key=(RECORD.key or b"") + b"{", value=(RECORD.value or b"")[1:]),
        RECORD._replace(timestamp=RECORD.timestamp // 10, key=b"4:test"),
    ],
    ids=[
        "offset",
        "time",
        "no key",
        "no value",
        "empty value",
        "value",
        "a header less",
        "a header's name",
        "border",
        "border of the time",
    ],
)
def test_whatever_is_changed_in_a_record_changes_its_link(other: Record) -> None:
    """Given a record, when any part of it differs, then so does the link."""
    assert link(BEGIN, record_hash(other)) != link(BEGIN, record_hash(RECORD))


def test_a_list_of_headers_is_as_good_as_a_tuple() -> None:
    """Given the same headers as a client hands them over and as they were written, then the hash is the same."""
    assert record_hash(RECORD._replace(headers=tuple(RECORD.headers))) == record_hash(RECORD)


def test_a_file_keeps_a_link_for_each_thousand_records(tmp_path: Path) -> None:
    """Given 2 100 records, bad ones among them, when a file is reopened on the way, then two links are kept."""
    ticks = facts.records([facts.opened(), *(facts.ticked() for _ in range(2_099))])
    records: list[Written] = [it._replace(value=b"{") if it.offset % 5 == 2 else it for it in ticks]
    chain = Chain()
    for start, end in ((0, 999), (999, 1_001), (1_001, 2_100)):
        file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)
        apply_batch(file, records[start:end], start, end)
        kept = file.con.execute("FROM chain ORDER BY records").fetchall()
        newest = file.con.execute("SELECT records, chain FROM checkpoint").fetchall()
        file.close()

    assert kept == chain.follow(marks(records))
    assert newest == [(2_100, chain.hash)]
    assert [it[:2] for it in kept] == [(1_000, 1_000), (2_000, 2_000)]
