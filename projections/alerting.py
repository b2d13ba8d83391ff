"""From changed incidents to messages: the rules of each timeline over the steps of a batch."""

from collections.abc import Sequence
from typing import NamedTuple

from events.log import Event
from projections.batch import Batch
from projections.fold import Change


class Step(NamedTuple):
    """One applied event, and what it did."""

    offset: int
    event: Event
    clock: int  # µs; of its timeline, after it
    changes: Sequence[Change]


class Alerting:
    def evaluate(self, steps: Sequence[Step], batch: Batch) -> None:
        pass
