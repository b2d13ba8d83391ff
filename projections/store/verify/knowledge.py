"""What was known at a time (law 4): the macros that readers ask, against what the events up to then say alone."""

from typing import Final

from projections.store import reader
from projections.store.verify.found import SHOWN, Verdict, Wrong
from projections.store.verify.snapshot import Checked, Snapshot, text

# instants that follow from the log alone: when a quarter, half and three quarters of its events were known
MOMENTS: Final = "SELECT DISTINCT unnest(quantile_disc(epoch_us(known_at), [0.25, 0.5, 0.75])) FROM events ORDER BY ALL"
INCIDENT: Final = ["timeline", "incident_id"]
TALLY: Final = ["timeline", "site", "class"]


class Then(Checked):
    """What was known of a partition at an instant, asked of the macros; `events` are those up to then."""

    def __init__(self, it: Snapshot, moment: int) -> None:
        """Ask the macros first: from then on names mean what they mean in the files of this folder."""
        stat = it.path.stat()
        published = reader.Snapshot(it.partition, it.path, stat.st_ino, stat.st_size, stat.st_mtime)
        super().__init__(reader.opened([published], macros=True))
        self.make("known", moment=str(moment))
        self.make("upto", source=f"p{it.partition}.main.events", moment=str(moment))


def knowledge(it: Snapshot) -> Verdict:
    """Whether incidents and tallies as known at some instants are what the events up to then make them."""
    wrong: list[Wrong] = []
    count = 0
    moments = it.con.execute(MOMENTS).fetchall()
    for (moment,) in moments:
        then = Then(it, moment)
        try:
            for many, shown in (_incidents(then), _tallies(then)):
                count += many
                wrong += shown
        finally:
            then.close()
    return Verdict("knowledge", it.partition, f"{len(moments)} instants", count, wrong[:SHOWN])


def _incidents(then: Checked) -> tuple[int, list[Wrong]]:
    then.make("derived")
    then.make("bounds")
    expected, found = (text("incidents", source=source) for source in ("derived", "known_incidents"))
    return then.compare("incident then", INCIDENT, expected, found)


def _tallies(then: Checked) -> tuple[int, list[Wrong]]:
    then.make("contributions", source="derived", made="by_events")
    return then.compare("tally then", TALLY, text("tallies", source="by_events"), "FROM known_tallies")
