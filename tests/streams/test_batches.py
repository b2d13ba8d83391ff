"""Batches, and what is done with them: pure."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.log import Written
from streams.faust.batches import Batch, Chunk, Limits, cut
from streams.worker.applying import TailWatch, plan


def record(offset: int, size: int = 10) -> Written:
    return Written(offset, 0, None, b"x" * size, ())


def batch(start: int, end: int, partition: int = 0, epoch: int = 1) -> Batch:
    records = [record(offset) for offset in range(start, end)]
    return Batch(partition, start, end, records, 0, end, epoch, lambda: records)


@given(
    sizes=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), min_size=0, max_size=30),
    tail=st.integers(0, 3),
    rows=st.integers(1, 8),
    size_bytes=st.integers(1, 60),
)
def test_cutting_a_chunk_loses_nothing_and_leaves_no_gap(
    sizes: list[tuple[int, int]], tail: int, rows: int, size_bytes: int
) -> None:
    """Given a chunk with holes, when it is cut, then the batches follow each other from its start to its end."""
    offset, records = 100, []
    for size, hole in sizes:
        records.append(record(offset + hole, size))
        offset += hole + 1
    chunk = Chunk(0, 100, offset + tail, records)

    batches = list(cut(chunk, Limits(rows, size_bytes), log_end=999, epoch=1))

    assert [one for each in batches for one in each.records] == records
    assert [each.start for each in batches] == [100, *(each.end for each in batches[:-1])]
    assert batches[-1].end == chunk.end
    for each in batches:
        assert all(each.start <= one.offset < each.end for one in each.records)
        assert len(each.records) <= rows
        assert each.size_bytes <= size_bytes or len(each.records) == 1


@pytest.mark.parametrize(
    ("rows", "size_bytes", "reached"),
    [(5, 1_000, True), (6, 1_000, False), (6, 50, True)],
    ids=["by rows", "by neither", "by bytes"],
)
def test_enough_is_enough_by_rows_or_by_bytes(rows: int, size_bytes: int, *, reached: bool) -> None:
    """Given five records of ten bytes, when either limit is met, then it is enough."""
    batches = list(cut(Chunk(0, 0, 5, [record(i) for i in range(5)]), Limits(2, 1_000), 5, 1))

    assert Limits(rows, size_bytes).reached(batches) is reached


def test_batches_that_follow_each_other_are_one_transaction() -> None:
    """Given batches of two partitions, when they are planned, then there is one run for each."""
    runs, again = plan([batch(5, 8), batch(0, 2, partition=1), batch(8, 9)], {0: 5, 1: 0}, {0: 1, 1: 1})

    assert [(run.partition, run.start, run.end, len(run.read())) for run in runs] == [(0, 5, 9, 4), (1, 0, 2, 2)]
    assert again == {}


@pytest.mark.parametrize(
    ("batches", "applied_to", "again_from"),
    [
        ([batch(6, 8)], None, 5),
        ([batch(5, 7), batch(8, 9)], 7, 7),
        ([batch(4, 6)], None, 5),
        ([batch(5, 7), batch(5, 7)], 7, 7),
        ([batch(7, 9), batch(5, 7)], None, 5),
    ],
    ids=["lost before", "lost between", "repeated before", "repeated between", "out of order"],
)
def test_what_was_lost_repeated_or_reordered_is_read_again(
    batches: list[Batch], applied_to: int | None, again_from: int
) -> None:
    """Given batches that do not follow, when planned, then the part that does is applied, the rest read again."""
    runs, again = plan(batches, {0: 5}, {0: 1})

    assert [run.end for run in runs] == ([applied_to] if applied_to else [])
    assert again == {0: again_from}


def test_a_batch_of_a_revoked_partition_or_an_old_epoch_is_void() -> None:
    """Given batches from before a seek and of a partition that is not held, when planned, then nothing happens."""
    assert plan([batch(5, 6), batch(0, 1, partition=1)], {0: 5}, {0: 2, 1: 1}) == ([], {})


@given(st.data())
def test_however_batches_are_lost_repeated_and_shuffled_every_record_is_applied_once_in_order(
    data: st.DataObject,
) -> None:
    """Given a log, when batches arrive in any way and gaps are read again, then all is applied once, in order."""
    end = data.draw(st.integers(1, 30))
    applied: list[int] = []
    checkpoint, epoch = 0, 1
    for _ in range(100):
        if checkpoint == end:
            break
        cuts = sorted({checkpoint, end, *data.draw(st.lists(st.integers(checkpoint, end), max_size=4))})
        batches = [batch(a, b, epoch=epoch) for a, b in itertools.pairwise(cuts)]
        arriving = data.draw(st.lists(st.sampled_from(batches), max_size=6))
        runs, again = plan(arriving, {0: checkpoint}, {0: epoch})
        applied += [one.offset for run in runs for one in run.read()]
        checkpoint = runs[0].end if runs else checkpoint
        assert again.get(0, checkpoint) == checkpoint
        epoch += bool(again)

    assert applied == list(range(checkpoint))


def test_a_batch_lost_at_the_very_end_is_found_on_the_second_look() -> None:
    """Given a cursor beyond the checkpoint, when nothing moves, then the second look reads it again."""
    watch = TailWatch()

    assert watch.lost({0: 9}, {0: 7}) == {}
    assert watch.lost({0: 9}, {0: 7}) == {0: 7}


def test_a_gap_that_closes_or_is_busy_was_none() -> None:
    """Given a cursor beyond the checkpoint, when the batch arrives or work is under way, then nothing is read again."""
    watch = TailWatch()

    assert watch.lost({0: 9}, {0: 7}) == {}
    assert watch.lost({0: 9}, {0: 9}) == {}
    assert watch.lost({0: 12}, {0: 9}) == {}
    assert watch.lost({0: 12}, {}) == {}
    assert watch.lost({0: 12}, {0: 9}) == {}
