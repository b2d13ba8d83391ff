"""Signs of life: left by the worker's loop and the files' thread, judged from a thread that hangs with neither of them.

A sign is a number that one thread sets and another reads; nobody waits for anybody. All times are monotonic seconds.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from streams.worker.partitions import Standing


@dataclass(frozen=True, slots=True)
class Patience:
    """After how many seconds a missing sign is a fault."""

    loop: float = 10.0  # it turns several times a second; a step of it takes milliseconds
    files: float = 60.0  # one transaction, or opening one large file, takes seconds at most
    broker: float = 15.0  # it is called upon every two seconds
    log: float = 30.0  # a fetch that finds nothing is answered after half a second
    move: float = 60.0  # between two batches, while there is something to apply


@dataclass(slots=True)
class Held:
    """One partition that this worker holds, as it was known last."""

    checkpoint: int  # the next offset to apply
    moved: float  # when the checkpoint was last seen to move, or there was nothing to apply
    log_end: int | None = None  # None: the broker has not said it yet
    heard: float | None = None  # when the broker said so
    unsent: int = 0  # messages that are not on the wire
    open_alerts: Mapping[str, int] = field(default_factory=dict)  # by severity
    published: float | None = None  # when the newest snapshot was begun

    @property
    def lag(self) -> int | None:
        """Offsets of the log that are still to be applied."""
        return None if self.log_end is None else max(0, self.log_end - self.checkpoint)


class Vitals:
    """What is known of a worker's life."""

    def __init__(self, patience: Patience | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.patience, self.clock = patience or Patience(), clock
        self.held: dict[int, Held] = {}
        self.ticked: dict[str, float] = {}  # timeline -> when it was ticked last; seconds since the epoch
        self._loop = clock()
        self._broker: float | None = None
        self._question: float | None = None  # since when the files' thread owes an answer
        self._assigned = False

    # -- signs

    def loop_turned(self) -> None:
        self._loop = self.clock()

    def broker_reached(self) -> None:
        self._broker = self.clock()

    def assigned(self) -> None:
        """The group has said which partitions are this worker's, if any."""
        self._assigned = True

    def files_asked(self) -> None:
        self._question = self.clock()

    def files_answered(self) -> None:
        self._question = None

    def opened(self, partition: int, checkpoint: int) -> None:
        self.held[partition] = Held(checkpoint, self.clock())

    def applied(self, partition: int, checkpoint: int) -> None:
        it = self.held[partition]
        it.checkpoint, it.moved = checkpoint, self.clock()

    def heard(self, partition: int, log_end: int, ago: float) -> None:
        """Take note of the end of a log as the broker said it so many seconds ago."""
        it, now = self.held[partition], self.clock()
        it.log_end, it.heard = max(log_end, it.checkpoint), now - ago
        if not it.lag:
            it.moved = now

    def stands(self, partition: int, standing: Standing, published: float | None) -> None:
        if it := self.held.get(partition):
            it.unsent, it.open_alerts, it.published = standing.unsent, standing.open_alerts, published

    def released(self, partitions: Collection[int]) -> None:
        for partition in partitions:
            self.held.pop(partition, None)

    def begin_anew(self) -> None:
        """Forget the app that ended; the next one starts."""
        self.held.clear()
        self._question, self._assigned = None, False

    # -- judgement

    def not_alive(self) -> list[str]:
        """Why this process should be killed and started again, one line each; none: it lives."""
        return list(self._wedged())

    def not_ready(self) -> list[str]:
        """Why this worker does not do its work now, one line each; none: it does."""
        return [*self._wedged(), *self._cut_off(), *(line for it in self._behind() for line in it)]

    def _wedged(self) -> Iterator[str]:
        now, question = self.clock(), self._question
        if (loop := now - self._loop) > self.patience.loop:
            yield f"the event loop: expected a turn within {self.patience.loop:g} s, found none for {loop:.0f} s"
        if question is not None and (waited := now - question) > self.patience.files:
            expected = f"expected an answer within {self.patience.files:g} s"
            yield f"the files' thread: {expected}, found none for {waited:.0f} s"

    def _cut_off(self) -> Iterator[str]:
        if self._broker is None:
            yield "the broker: expected an answer, found none since the start"
        elif (silent := self.clock() - self._broker) > self.patience.broker:
            yield f"the broker: expected an answer within {self.patience.broker:g} s, found none for {silent:.0f} s"
        if not self._assigned:
            yield "partitions: expected the group's word on them, found none yet"

    def _behind(self) -> Iterator[list[str]]:
        now = self.clock()
        for partition, it in self.held.copy().items():
            if it.heard is None or now - it.heard > self.patience.log:
                yield [f"partition {partition}: expected the end of its log within {self.patience.log:g} s, found none"]
            elif it.lag and now - it.moved > self.patience.move:
                said = f"found {it.lag} records to apply and none applied for {now - it.moved:.0f} s"
                yield [f"partition {partition}: expected to catch up, {said}"]
