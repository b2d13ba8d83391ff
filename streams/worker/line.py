"""What one worker is told: the broker, the topics, its place in the group, how much it may hold."""

from dataclasses import dataclass
from pathlib import Path

from streams.faust.batches import Limits
from streams.topics import Topics


@dataclass(frozen=True, slots=True)
class Line:
    """One worker's place in the line; nothing of this changes while it runs."""

    servers: str  # "host:port[,host:port]"
    topics: Topics
    group: str  # of the workers that share the partitions
    member: str  # the name in the group, the same after every restart
    home: Path
    batch: Limits  # of one transaction
    queue: Limits  # of what is fetched and not yet taken
    snapshot_every: float  # seconds, at least
    tick_every: float = 3600.0  # seconds between two ticks of a live timeline, when nothing else moves its clock
    partitions: int | None = None  # how many the topics shall have; None: as they are

    @property
    def snapshots(self) -> Path:
        return self.home / "snapshots"
