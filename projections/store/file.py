"""One partition's DuckDB file: opened by its only writer, written one batch a transaction, read by the relay.

All of it runs on one thread. `reached` is told the points at which a crash would be most interesting.
"""

import contextlib
import subprocess
from collections.abc import Callable, Collection, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

import duckdb

from events.errors import ProjectionHalted
from projections.alerting import Alerting
from projections.batch import Batch
from projections.chain import Chain
from projections.fold import Change
from projections.incidents import Incident
from projections.known import Known, Live
from projections.reading import Bad, First, Read, Said
from projections.store import lookups, outbox, publish
from projections.store.books import Counters, Tallies
from projections.store.connection import REBUILD, WRITER, halting, writer
from projections.store.groups import TableGroups
from projections.store.older import move_aside
from projections.store.outbox import Outgoing, Standing
from projections.store.seen import Seen
from projections.store.tables import Tables
from projections.store.versions import PROJECTION_VERSION, SCHEMA_VERSION

# The order in which a batch writes them; after them counters and tallies, which ask the versions for first and last.
ORDER: Final = (
    *(
        "incident_versions",
        "events",
        "sites",
        "actors",
        "documents",
        "assertions",
        "statements",
        "postures",
        "decisions",
    ),
    *("rules", "episode_versions", "alerts", "alert_messages", "due", "rejected", "duplicates", "timelines", "chain"),
)

CHECKPOINT: Final = "UPDATE checkpoint SET next_offset = ?, last_offset = ?, last_hash = ?, records = ?, chain = ?"
FEW: Final = 500  # records of a batch
OURS: Final = {"meta", "checkpoint", "relay_position"}  # tables that no version of ours was without


def ignore(_point: str) -> None:
    """Take no notice of a crash point."""


class PartitionFile:
    """The projection of one partition, and what is kept of it in memory."""

    @halting
    def __init__(
        self,
        path: Path,
        partition: int,
        partitions: int,
        reached: Callable[[str], None] = ignore,
        patience: float = 20.0,  # seconds to wait for the worker that had the file before
    ) -> None:
        self.path, self.partition, self.reached = path, partition, reached
        path.parent.mkdir(parents=True, exist_ok=True)
        self.con = writer(path, patience)
        if (old := move_aside(self.con, path, partition, partitions)) is not None:
            self.con = writer(path, patience)
        self.older = old  # where the file of an older version is now, in whose place this one begins from nothing
        publish.clear(path)
        self._prepare(partition, partitions)
        self._broken, self._threads = False, WRITER["threads"]
        [(upto, *last, records, chain)] = self.con.execute("FROM checkpoint").fetchall()
        self.next_offset: int = upto
        self.last_applied: tuple[int, str] | None = None if last[0] is None else (last[0], last[1])
        self.chain = Chain(records, chain)
        sent = self.con.execute("SELECT event_offset, seq FROM relay_position").fetchall()
        self.relay_position: tuple[int, int] | None = sent[0] if sent else None
        self.tables = Tables(self.con)
        self.known = Known(at_site=self._at_site)
        lookups.registers(self.con, self.known)
        self.seen = Seen(self.con, "events")
        self._seen_incidents = Seen(self.con, "incident_versions")
        self.counters, self.tallies = Counters(self.con), Tallies(self.con)
        self._reminders: dict[str, int | None] | None = None  # as they were at the opening, once somebody asks
        self.alerting = Alerting(partition, TableGroups(self.con, self.known.sites))

    def _prepare(self, partition: int, partitions: int) -> None:
        """Make the tables of a new file; check that an old one is ours."""
        tables = {name for (name,) in self.con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if tables and OURS - tables:
            self.con.close()
            msg = f"{self.path}: a DuckDB file that was not made by tocsin; move it away, or set another TOCSIN_HOME"
            raise ProjectionHalted(msg)
        if not tables:
            self.con.begin()
            self.con.execute(files(__package__).joinpath("schema.sql").read_text())
            self.con.execute(files(__package__).joinpath("views.sql").read_text())
            self.con.execute(
                "INSERT INTO meta VALUES (?, ?, ?, ?)", [SCHEMA_VERSION, PROJECTION_VERSION, partition, partitions]
            )
            self.con.execute("INSERT INTO checkpoint VALUES (0, NULL, NULL, 0, ?)", [Chain().hash])
            self.con.commit()
        found = self.con.execute(
            "SELECT schema_version, projection_version, partition, partitions FROM meta"
        ).fetchall()[0]
        wanted = (SCHEMA_VERSION, PROJECTION_VERSION, partition, partitions)
        if found != wanted:
            self.con.close()
            names = "schema version, projection version, partition, partitions"
            msg = f"{self.path}: expected {names} {wanted}, found {found}; {REBUILD}"
            raise ProjectionHalted(msg)

    # -- questions of the fold

    @halting
    def fetch(self, events: Collection[Said]) -> None:
        """Bring the incidents that events speak of, as far as there are such, into `known`."""
        known = self.known.incidents
        named = ((fingerprint, (it.timeline, name)) for it in events for fingerprint, name in it.incidents)
        wanted = {fingerprint: key for fingerprint, key in named if key not in known}
        if old := self._seen_incidents.meet(wanted):
            lookups.incidents(self.con, self.known, [(it, wanted[it]) for it in old])

    @halting
    def stored(self, identities: Collection[int]) -> dict[str, First]:
        """What was applied under ids with these fingerprints."""
        return lookups.duplicates(self.con, identities)

    def _at_site(self, timeline: str, site: str) -> list[Incident]:
        return lookups.at_site(self.con, self.known.sites, timeline, site)

    # -- writing

    def count(self, changes: Collection[Change]) -> None:
        """Take in what an event did to incidents."""
        for change in changes:
            self.counters.add(change)
            self.tallies.add(change)

    @halting
    def commit(self, batch: Batch, those: Sequence[Read | Bad], end: int) -> None:
        """Write what records led to and move the checkpoint to `end`, in one transaction; on any error nothing is.

        Raises:
            ProjectionHalted: an earlier batch failed, so what is in memory is ahead of the tables.
        """
        if self._broken:
            msg = f"{self.path}: an earlier batch failed; open the file anew"
            raise ProjectionHalted(msg)
        marks = [(it.record.offset, it.mark) for it in those]
        mark = marks[-1] if marks else self.last_applied
        batch.rows["chain"] += self.chain.follow(marks)
        self._broken = True
        self._share_out(len(those))
        self.con.begin()
        try:
            self._write(batch, mark, end)
            self.reached("before-commit")
            self.con.commit()
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                self.con.rollback()
            raise
        self._broken = False
        self.reached("after-commit")
        self.next_offset, self.last_applied = end, mark
        self.seen.grow()
        self._seen_incidents.grow()

    def _share_out(self, records: int) -> None:
        """Let several threads write many records, and one write few: waking the others would take longer."""
        threads = WRITER["threads"] if records > FEW else 1
        if threads != self._threads:
            self.con.execute(f"SET threads = {threads}")
            self._threads = threads

    def _write(self, batch: Batch, mark: tuple[int, str] | None, end: int) -> None:
        if batch.superseded:
            self.tables.supersede(batch.superseded)
        if batch.closed:
            self.tables.close(batch.closed)
        for table in ORDER:
            if rows := batch.rows.get(table):
                self.tables.write(table, rows)
        if batch.clocks:
            self.tables.change("timelines", ("timeline", "clock", "projection_version"), batch.clocks)
        self.counters.write(self.tables)
        self.tallies.write(self.tables)
        self.con.execute(CHECKPOINT, [end, *(mark or (None, None)), self.chain.records, self.chain.hash])

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

    @halting
    def unsent(self, limit: int) -> list[Outgoing]:
        """The next messages to send, in order of (offset, seq)."""
        return outbox.unsent(self.con, self.partition, self.relay_position or outbox.BEFORE_ALL, limit)

    @halting
    def mark_sent(self, offset: int, seq: int) -> None:
        """Note that everything up to and including (offset, seq) is committed on the wire."""
        statement = "UPDATE relay_position SET event_offset = ?, seq = ?"
        if self.relay_position is None:
            statement = "INSERT INTO relay_position VALUES (?, ?)"
        self.con.execute(statement, [offset, seq])
        self.relay_position = offset, seq

    # -- what is told of it

    @halting
    def standing(self) -> Standing:
        """How it stands now."""
        return outbox.standing(self.con, self.relay_position or outbox.BEFORE_ALL)

    # -- the readers' side

    @halting
    def begin_publish(self, destination: Path) -> subprocess.Popen[bytes]:
        """Begin a copy for readers, between two batches; the caller waits for it before the next one."""
        return publish.begin(self.con, self.path, destination, self.reached)

    def close(self) -> None:
        """Let go of the file, committed work intact."""
        self.con.close()
