"""Which batches may be applied, which are void, what must be read again."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from streams.faust.batches import Batch


class Run(NamedTuple):
    """Batches of one partition that follow each other without a gap: one transaction."""

    partition: int
    batches: list[Batch]

    @property
    def start(self) -> int:
        return self.batches[0].start

    @property
    def end(self) -> int:
        return self.batches[-1].end

    def read(self) -> Sequence[Any]:
        """What its records hold; waits for those that are still being read."""
        return [it for batch in self.batches for it in batch.read()]

    @property
    def lag(self) -> int:
        """Offsets between the run's end and the log's, as known when it was fetched."""
        return self.batches[-1].log_end - self.end


class Plan(NamedTuple):
    """What is to be done with batches."""

    runs: list[Run]
    again: dict[int, int]  # partition -> offset from which to read again: something was lost, repeated or reordered


def plan(batches: Iterable[Batch], checkpoints: Mapping[int, int], epochs: Mapping[int, int]) -> Plan:
    """Batches sorted into gap-free runs that begin at the checkpoints.

    Args:
        batches: in the order of arrival.
        checkpoints: of the held partitions; a batch of another one is void.
        epochs: of the partitions; a batch of an older epoch is void.
    """
    runs: dict[int, Run] = {}
    again: dict[int, int] = {}
    for batch in batches:
        if batch.epoch != epochs.get(batch.partition) or batch.partition not in checkpoints or batch.partition in again:
            continue
        run = runs.get(batch.partition)
        expected = run.end if run else checkpoints[batch.partition]
        if batch.start != expected:
            again[batch.partition] = expected
        else:
            runs.setdefault(batch.partition, Run(batch.partition, [])).batches.append(batch)
    return Plan(list(runs.values()), again)


class TailWatch:
    """Finds a batch that was lost at the very end, where no successor shows it: the same gap, seen twice while idle."""

    def __init__(self) -> None:
        self._suspect: dict[int, int] = {}

    def lost(self, cursors: Mapping[int, int], checkpoints: Mapping[int, int]) -> dict[int, int]:
        """Partition -> offset from which to read again.

        Args:
            cursors: what is fetched next.
            checkpoints: what is applied next; none while batches are on their way.
        """
        behind = {partition: at for partition, at in checkpoints.items() if cursors.get(partition, at) != at}
        lost = {partition: at for partition, at in behind.items() if self._suspect.get(partition) == at}
        self._suspect = behind
        return lost
