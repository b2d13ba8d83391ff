"""One partition's DuckDB file: opened by its only writer, written one batch a transaction, read by the relay.

All of it runs on one thread, but for what a thread of its own writes, counts or copies meanwhile: one of these at a
time.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from events.errors import ProjectionHalted
from projections.alerting import Alerting
from projections.growing import Growing
from projections.known import Known, Live
from projections.reading import Bad, First, Read, Said
from projections.store import lookups
from projections.store.beginning import prepare
from projections.store.connection import halting, writer
from projections.store.groups import TableGroups
from projections.store.older import move_aside
from projections.store.outbox import MESSAGES, Outbox, Outgoing, Standing
from projections.store.pen import Pen
from projections.store.publish import Publishing
from projections.store.seen import Seen
from projections.store.upkeep import Upkeep
from projections.store.writing import Writing

INCIDENTS_KEPT: Final = 20_000  # in memory when all is written, about a kilobyte each; twice as many meanwhile


def ignore(_point: str) -> None:
    """Take no notice of a crash point."""


class PartitionFile:
    """The projection of one partition, and what is kept of it in memory."""

    lingers: bool = False  # whether what few records led to waits to be settled
    _broken = False  # whether memory is ahead of the tables for good
    _growing: Growing | None = None  # what was applied and is not written yet
    _writing: Writing | None = None  # what is being written meanwhile

    @halting
    def __init__(
        self,
        path: Path,
        partition: int,
        partitions: int,
        reached: Callable[[str], None] = ignore,  # is told the points at which a crash would be most interesting
        patience: float = 20.0,  # seconds to wait for the worker that had the file before
    ) -> None:
        self.path, self.partition = path, partition
        path.parent.mkdir(parents=True, exist_ok=True)
        self.con = writer(path, patience)
        if (old := move_aside(self.con, path, partition, partitions)) is not None:
            self.con = writer(path, patience)
        self.older = old  # where the file of an older version is now, in whose place this one begins from nothing
        prepare(self.con, path, partition, partitions)
        self._pen = Pen(self.con, reached)
        self.next_offset = self._pen.upto
        self.outbox = Outbox(self.con, self._pen.con, partition)
        self.upkeep = Upkeep(self.con, path, self._pen.upto, self._pen.counted, reached)
        self.known = Known()
        lookups.registers(self.con, self.known)
        self.seen, self._seen_incidents = Seen(self.con, "events"), Seen(self.con, "incident_versions")
        self._reminders: dict[str, int | None] | None = None  # as they were at the opening, once somebody asks
        self._groups = TableGroups(self.con, self.known)
        self.alerting = Alerting(partition, self._groups)

    # -- questions of the fold

    @halting
    def fetch(self, events: Collection[Said]) -> None:
        """Bring the incidents that events speak of, as far as there are such, into `known`."""
        wanted = lookups.missing(self.known, events)
        if old := self._seen_incidents.meet(wanted):
            lookups.incidents(self.con, self.known, [(it, wanted[it]) for it in old])

    @halting
    def stored(self, identities: Collection[int]) -> dict[str, First]:
        """What was applied under ids with these fingerprints."""
        unwritten = self._writing.it.applied(identities) if self._writing else {}
        return unwritten | lookups.duplicates(self.con, identities)

    # -- writing

    @contextlib.contextmanager
    def growing(self, those: Sequence[Read | Bad], end: int) -> Iterator[Growing]:
        """The batch at hand, a new one when there is none, for the caller to put in what these records lead to.

        Raises:
            ProjectionHalted: an earlier batch failed, so what is in memory is ahead of the tables.
        """
        if self._broken:
            msg = f"{self.path}: an earlier batch failed; open the file anew"
            raise ProjectionHalted(msg)
        it = self._growing or Growing({name: one.clock for name, one in self.known.timelines.items()}, end)
        told = {table: len(it.batch.rows.get(table, ())) for table in MESSAGES}
        self._broken = True
        yield it
        self._broken = False
        it.marks += [(one.record.offset, one.mark) for one in those]
        it.end = self.next_offset = end
        self._growing = it
        self.outbox.take(*(it.batch.rows.get(table, [])[told[table] :] for table in MESSAGES))

    @halting
    def settle(self, *, wait: bool = True) -> bool:
        """Write the batch at hand, and what is known to be sent; whether there was a batch.

        While another is being written, or a checkpoint made, nothing can be: wait for its end, or leave it for another
        time. A file of which a batch failed is left as it is.

        Raises:
            ProjectionHalted: something could not be written; nothing of its batch was.
        """
        if not self._is_at_rest(wait=wait):
            return False
        it, self._growing = self._growing, None
        if it is not None:
            self._broken = True
            self._close(it, stays=False)
            self._write(it)
            self._broken = False
            self._groups.written(it.batch.rows)
            self.known.forget(INCIDENTS_KEPT)
            self.seen.grow()
            self._seen_incidents.grow()
        self.outbox.write_position()
        return it is not None

    @halting
    def hand_over(self, *, wait: bool) -> None:
        """Have the batch at hand written on a thread of its own, as soon as nothing else is; what comes next grows.

        Nothing that the tables lack may leave memory, so now and then all is written before anything goes on.

        Raises:
            ProjectionHalted: an earlier batch could not be written.
        """
        if len(self.known.incidents) > 2 * INCIDENTS_KEPT or self.seen.is_full or self._seen_incidents.is_full:
            self.settle(wait=wait)
        elif self._growing is not None and self._is_at_rest(wait=wait):
            it, self._growing = self._growing, None
            self._close(it, stays=True)
            self._writing = Writing(it, self._write)

    def _is_at_rest(self, *, wait: bool) -> bool:
        """Whether it may be written now: nothing is being written, and no checkpoint made. Wait for that, or do not."""
        if self._writing is not None:
            if not (wait or self._writing.has_ended):
                return False
            writing, broken = self._writing, self._broken
            self._writing, self._broken = None, True
            self._groups.written(writing.end().batch.rows)
            self._broken = broken
        return not self._broken and self.upkeep.may_write(wait=wait)

    def _close(self, it: Growing, *, stays: bool) -> None:
        """Complete a batch; whether what is known of it stays in memory, since others come before it is written."""
        self.alerting.close(it.batch, stays=stays)
        it.batch.close(self.known)

    @halting
    def count(self) -> None:
        """Bring counters and tallies up to all that is applied; before anybody looks at them."""
        self.settle()
        if not self._broken:
            self.upkeep.count(self.next_offset)

    @halting
    def checkpoint(self) -> None:
        """Have the file alone hold all that is applied, counted."""
        self.settle()
        self.upkeep.checkpoint(self.next_offset)

    def _write(self, it: Growing) -> None:
        """Write a batch, and do what is overdue."""
        self._pen.write(it, self.outbox.write_position)
        self.upkeep.after(it.end)

    def took(self) -> list[float]:
        """The seconds of each transaction that ended since this was last asked. On any thread."""
        return self._pen.took()

    @property
    def last_applied(self) -> tuple[int, str] | None:
        """The last record that was written: offset, hash."""
        return self._pen.last

    # -- the clock's side

    @halting
    def live(self) -> list[Live]:
        """The live timelines, and when time alone can next change something in each."""
        if self._reminders is None:
            self._reminders = lookups.reminders(self.con)
        due = self._reminders | self.alerting.next_due()
        return [
            Live(name, it.clock, due.get(name)) for name, it in self.known.timelines.items() if it.clock_kind == "live"
        ]

    # -- the relay's side

    @property
    def relay_position(self) -> tuple[int, int] | None:
        """(offset, seq) of the last message that is committed on the wire."""
        return self.outbox.position

    def waiting(self) -> Sequence[Outgoing] | None:
        """The next messages to send, those of the batch at hand too; None: `unsent` knows them. On any thread."""
        return self.outbox.waiting()

    @halting
    def unsent(self, limit: int) -> Sequence[Outgoing]:
        """The next messages to send, in order of (offset, seq), those of batches that are not written yet too."""
        growing = None if self._broken else self._growing  # of a step that failed, half may be in it
        waits = (self._writing and self._writing.it, growing)
        return self.outbox.unsent(limit, [it.batch.rows for it in waits if it])

    def mark_sent(self, offset: int, seq: int) -> None:
        """Note that everything up to and including (offset, seq) is on the wire; written when the file is settled.

        On any thread. A crash before that does no harm: the wire knows better.
        """
        self.outbox.position = offset, seq

    @halting
    def standing(self) -> Standing:
        """How it stands now."""
        return self.outbox.standing()

    # -- the readers' side

    @halting
    def begin_publish(self, destination: Path) -> Publishing:
        """Begin a copy for readers; the caller waits for its end before the next one."""
        self.settle()
        return self.upkeep.publish(destination, None if self._broken else self.next_offset)

    def close(self) -> None:
        """Settle the file, and let go of it; one of which a batch failed as it is."""
        try:
            self.upkeep.may_write(wait=True)
            self.settle()
        finally:
            self._pen.con.close()
            self.con.close()
