"""A batch that waits to be written: what was told of it is what the tables say once it is, whenever that is."""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from events.errors import ProjectionHalted
from events.log import Record
from projections import alerting, evidence
from projections.apply import apply_batch, apply_read
from projections.reading import read
from projections.rules import begin
from projections.rules.durations import UNITS
from projections.rules.form import RuleSpec
from projections.rules.spec import content_hash, normalise
from projections.store import outbox
from projections.store.connection import FEW
from projections.store.content import content
from projections.store.file import PartitionFile
from projections.store.outbox import Outgoing
from tests import facts
from tests.projections import logs

counter = itertools.count()
STEPS = (*["waits"] * 5, "send", "send", "settle", *["hand_over"] * 3, "dies")


class Life:
    """A file that lingers, with a wire that outlives it."""

    def __init__(self, path: Path, records: Sequence[Record]) -> None:
        self.path, self.records, self.wire = path, records, list[Outgoing]()
        self.reached: Callable[[str], object] = lambda _: None
        self.open()

    def open(self) -> None:
        self.file = PartitionFile(self.path, 0, 1, lambda point: self.reached(point))  # noqa: PLW0108 -- tests exchange it
        self.file.lingers = True
        if self.wire:
            self.file.mark_sent(*self.wire[-1][:2])

    def apply(self, end: int) -> None:
        """Apply what lies before `end`, without a gap."""
        start = self.file.next_offset
        apply_read(self.file, read(self.records[start:end]), start, end)

    def send(self) -> None:
        """Put all that waits on the wire, as a relay would."""
        waiting = self.file.waiting()
        for it in self.file.unsent(1_000) if waiting is None else waiting:
            self.wire.append(it)
            self.file.mark_sent(*it[:2])

    def waits(self) -> None:
        """Do nothing."""

    def settle(self) -> None:
        self.file.settle()

    def hand_over(self) -> None:
        """Have all that waits written, beside what comes next."""
        self.file.hand_over(wait=True)

    def dies(self) -> None:
        """Lose what is not written and not on its way, and begin anew."""
        if self.file._writing:
            self.file._writing.end()
        self.file.con.close()
        self.open()


def tables(file: PartitionFile) -> dict[str, str]:
    """The content of a file but for how far its relay is."""
    file.count()
    return {name: it for name, it in content(file.con).items() if name != "relay_position"}


def whole(folder: Path, records: Sequence[Record]) -> tuple[dict[str, str], list[Outgoing]]:
    """Tables and messages of a file that applied all at once."""
    file = PartitionFile(folder / f"whole-{next(counter)}.duckdb", 0, 1)
    apply_batch(file, records, 0, len(records))
    found = tables(file), list(file.unsent(1_000))
    file.close()
    return found


@settings(deadline=None, max_examples=logs.share(20), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    data=st.data(),
    kept=st.sampled_from([0, 50_000]),
    slack=st.sampled_from([0, 1, 30]),
    many=st.sampled_from([1, 2_000]),
)
def test_no_cut_no_pause_and_no_death_shows_in_tables_or_messages(
    data: st.DataObject, kept: int, slack: int, many: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Given any log, when pieces wait, are settled, are sent or are lost at any moment, then all is as if at once.

    Whether groups stay in memory, and how far back, does not show either, nor whether evidence is brought on.
    """
    records, folder = data.draw(logs.logs()), tmp_path_factory.mktemp("growing")
    life = Life(folder / "p0.duckdb", records)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alerting, "TRACKS_KEPT", kept)
        patch.setattr(evidence, "MANY", many)
        patch.setattr(begin, "SLACK", slack * UNITS["d"])
        end = 0
        while end < len(records):
            end = min(end + data.draw(st.integers(1, 6)), len(records))
            life.apply(end)
            getattr(life, data.draw(st.sampled_from(STEPS)))()
            life.apply(end)
        life.send()
        life.settle()

    assert (tables(life.file), life.wire) == whole(folder, records)
    life.file.close()


@pytest.fixture
def life(tmp_path: Path) -> Life:
    """Nine attacks after the rule at offset 2, each of which raises an alert."""
    spec = {"id": "one", "where": {"class": "attack"}, "by": "site", "window": "1d", "levels": {"watch": 1}}
    rule = normalise(RuleSpec.model_validate(spec))
    stage = [facts.opened(), facts.site("north"), facts.adopted(rule, content_hash=content_hash([rule]))]
    attacks = [facts.reported(f"i{day}", day=f"2023-10-{day * 3:02}") for day in range(1, 10)]
    return Life(tmp_path / "p0.duckdb", facts.records([*stage, *attacks]))


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold within a while."""
    until = time.monotonic() + 30
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


def checkpoint(life: Life) -> int:
    """The next offset to apply, as it is written."""
    [(offset,)] = life.file.con.execute("SELECT next_offset FROM checkpoint").fetchall()
    return int(offset)


class TestAFileThatLingers:
    """What few records lead to is told at once, and written later."""

    def test_tells_before_it_writes(self, life: Life) -> None:
        """Given a relay that has caught up, when an alert is raised, then it is to be sent, and is not written."""
        life.apply(3)
        life.send()
        life.apply(4)

        assert {it.offset for it in life.file.waiting() or ()} == {3}
        assert checkpoint(life) == 3

        life.file.settle()
        assert checkpoint(life) == 4

    def test_counts_a_copy_once_that_comes_while_the_first_waits(self, life: Life) -> None:
        """Given a record that waits, when it comes again, then it is noted as a duplicate."""
        life.records = [*life.records[:4], life.records[3]._replace(offset=4)]
        life.apply(4)
        life.apply(5)
        life.file.settle()

        found = life.file.con.execute("SELECT event_offset, first_offset FROM duplicates").fetchall()
        assert found == [(4, 3)]

    def test_is_written_when_it_is_closed(self, life: Life) -> None:
        """Given records that wait, when the file is closed, then another opens it with them in it."""
        life.apply(3)
        life.file.close()
        life.open()

        assert life.file.next_offset == 3

    def test_is_written_before_it_is_published(self, life: Life, tmp_path: Path) -> None:
        """Given records that wait, when a snapshot is made, then they are in it."""
        life.apply(4)
        life.file.begin_publish(tmp_path / "snapshot").wait()

        assert checkpoint(life) == 4

    def test_goes_on_while_a_snapshot_is_made(self, life: Life, tmp_path: Path) -> None:
        """Given a checkpoint that is being made, when records come, then they are told, and written when it is done."""
        may_go_on = threading.Event()
        life.apply(3)
        life.send()
        life.reached = lambda point: may_go_on.wait() if point == "in-checkpoint" else None
        snapshot = life.file.begin_publish(tmp_path / "snapshot")
        life.apply(4)

        assert {it.offset for it in life.file.waiting() or ()} == {3}
        assert (snapshot.poll(), life.file.settle(wait=False), checkpoint(life)) == (None, False, 3)

        may_go_on.set()
        assert (life.file.settle(), checkpoint(life), snapshot.wait()) == (True, 4, 0)

    def test_writes_many_at_once(self, life: Life) -> None:
        """Given records that wait, when there are many, then they are written without being asked for."""
        more = [facts.reported(f"more-{number}", day="2023-12-01") for number in range(FEW)]
        life.records = [*life.records[:5], *facts.records(more, 5)]
        life.apply(5)
        assert checkpoint(life) == 3  # an adoption of rules never waits
        life.apply(5 + FEW)

        assert eventually(lambda: checkpoint(life) == 5 + FEW)

    def test_goes_on_while_it_is_written(self, life: Life) -> None:
        """Given many records that are being written, when more come, then they are told, and written after these."""
        may_go_on = threading.Event()
        life.apply(3)
        life.send()
        life.apply(4)
        life.reached = lambda point: may_go_on.wait() if point == "before-commit" else None
        life.hand_over()
        life.records = [*life.records[:5], life.records[3]._replace(offset=5)]
        life.apply(6)

        assert {it.offset for it in life.file.waiting() or ()} == {3, 4}
        assert (life.file.settle(wait=False), checkpoint(life)) == (False, 3)

        may_go_on.set()
        assert (life.file.settle(), checkpoint(life)) == (True, 6)
        found = life.file.con.execute("SELECT event_offset, first_offset FROM duplicates").fetchall()
        assert found == [(5, 3)]

    def test_that_could_not_be_written_takes_no_more(self, life: Life) -> None:
        """Given many records of which the writing fails, when the file is asked for more, then it refuses."""
        life.apply(4)
        life.reached = lambda point: 1 // 0 if point == "before-commit" else None
        life.hand_over()
        life.apply(5)

        with pytest.raises(ZeroDivisionError):
            life.file.settle()
        with pytest.raises(ProjectionHalted, match="open the file anew"):
            life.apply(6)
        assert checkpoint(life) == 3

    def test_that_failed_writes_nothing_more(self, life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given a batch at which the fold failed, when the file is settled and closed, then the checkpoint stays."""
        life.apply(3)
        life.file.settle()
        monkeypatch.setattr(life.file, "fetch", lambda _: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            life.apply(4)
        life.file.settle()

        with pytest.raises(ProjectionHalted, match="open the file anew"):
            life.apply(4)
        assert checkpoint(life) == 3

    def test_keeps_no_more_messages_than_it_may(self, life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given a relay that is slow, when more wait than are kept, then the tables know them, in order."""
        monkeypatch.setattr(outbox, "KEPT", 3)
        life.apply(3)
        life.send()
        for end in range(4, 12):
            life.apply(end)

        assert life.file.waiting() is None
        life.send()
        assert life.wire == sorted(life.wire, key=lambda it: it[:2])
        assert {it.offset for it in life.wire} == set(range(3, 11))


def test_messages_that_wait_are_told_from_memory_while_a_batch_is_written(tmp_path: Path) -> None:
    """Given more that wait than memory keeps, when one batch is being written and one grows, then all are told at once.

    Nobody waits for the writing, and what was written between is told once.
    """
    bad = [it._replace(value=b"{") for it in facts.records([facts.ticked() for _ in range(1_600)])]
    life, writes = Life(tmp_path / "p0.duckdb", bad), threading.Event()
    life.reached = lambda point: writes.wait(60) if point == "before-commit" else None
    life.apply(600)
    life.file.hand_over(wait=True)
    life.apply(1_600)

    assert life.file.waiting() is None
    told = [it.offset for it in life.file.unsent(2_000)]
    still = life.file._writing is not None and not life.file._writing.has_ended
    first = [it.offset for it in life.file.unsent(700)]
    writes.set()
    assert life.file._writing is not None
    life.file._writing._thread.join()
    after = [it.offset for it in life.file.unsent(2_000)]

    assert (told, still, first, after) == (list(range(1_600)), True, list(range(700)), list(range(1_600)))
    life.file.close()
