"""What a line left in its files and on the wire, and what an offline fold of its log says they should hold."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from streams.worker.partitions import Projection
from streams.worker.wire import POSITION
from tests.streams.line import Line, Sent
from tests.torture.check import Kept, Place, Seen

CUT = 4_096  # records in a batch of the fold: no multiple of it is a batch of the workers'
ALL = 10_000_000
ROWS = "SELECT event_offset FROM events UNION ALL FROM (SELECT event_offset FROM duplicates) UNION ALL FROM (SELECT event_offset FROM rejected) ORDER BY 1"  # noqa: E501


def kept(line: Line, file: Any, partition: int) -> Kept:
    """What an open file holds."""
    offsets = [offset for (offset,) in file.con.execute(ROWS).fetchall()]
    return Kept(partition, file.next_offset, line.store.contents(file), offsets)


def left(line: Line, homes: Iterable[Path]) -> dict[str, Kept]:
    """What the files of all homes hold; their workers must have ended."""
    found = {}
    for home in homes:
        projection = line.store.projection(home)
        for path in sorted(home.glob("p*.duckdb")):
            file = projection.open(int(path.stem[1:]), line.partitions)
            found[f"{home.name}/{path.stem}"] = kept(line, file, int(path.stem[1:]))
            file.close()
    return found


class Fold:
    """An offline fold of the log, partition by partition."""

    def __init__(self, line: Line, log: Mapping[int, Sequence[Any]], folder: Path) -> None:
        self.line, self.log, self.folder = line, log, folder
        self._projection: Projection = line.store.projection(folder)
        self._done: dict[tuple[int, int], tuple[Kept, dict[Place, list[Sent]]]] = {}

    def upto(self, partition: int, checkpoint: int) -> tuple[Kept, dict[Place, list[Sent]]]:
        """What a file holds, and what was told, when everything below `checkpoint` is applied."""
        if (partition, checkpoint) not in self._done:
            self._done[partition, checkpoint] = self._folded(partition, checkpoint)
        return self._done[partition, checkpoint]

    def _folded(self, partition: int, checkpoint: int) -> tuple[Kept, dict[Place, list[Sent]]]:
        shutil.rmtree(self.folder, ignore_errors=True)
        file = self._projection.open(partition, self.line.partitions)
        records = [it for it in self.log.get(partition, ()) if it.offset < checkpoint]
        for start in range(0, len(records), CUT):
            cut = records[start : start + CUT]
            end = records[start + CUT].offset if start + CUT < len(records) else checkpoint
            self._projection.apply(file, self._projection.read(cut), file.next_offset, end)
        found = kept(self.line, file, partition), self._told(file, partition)
        file.close()
        return found

    def _told(self, file: Any, partition: int) -> dict[Place, list[Sent]]:
        told: dict[Place, list[Sent]] = {}
        for it in file.unsent(ALL):
            position = (POSITION, f"{it.offset}/{it.seq}".encode())
            one = Sent(it.value, it.key, (*it.headers, position), it.timestamp)
            for suffix in it.topics:
                told.setdefault((f"{self.line.topics.prefix}.{suffix}", partition), []).append(one)
        return told


def expected(fold: Fold, files: Mapping[str, Kept], ends: Mapping[int, int]) -> Seen:
    """What the files should hold at their checkpoints, and the wire at the log's end."""
    wire: dict[Place, list[Sent]] = {}
    for partition, end in ends.items():
        wire |= fold.upto(partition, end)[1]
    return Seen({name: fold.upto(it.partition, it.checkpoint)[0] for name, it in files.items()}, wire, ends)
