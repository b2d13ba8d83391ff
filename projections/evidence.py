"""What messages say of the incidents behind them. Of many, only what changed since the alert's last message. Pure.

A rule without a window keeps all its incidents as evidence, and each of its messages names the hash of all. A hundred
thousand of them take a tenth of a second to write down; to bring what was written up to date, some milliseconds.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from projections.listing import Incident, Listing
from projections.rules.messages import SHOWN, evidence, evidence_of
from projections.rules.outcome import Told
from projections.rules.pieces import Pieces

MANY: Final = 2_000  # incidents; with fewer all are written down each time
KEPT: Final = 1_000_000  # incidents in the listings that are kept, forty bytes each; of one alert also more
Version = Callable[[int], Incident]  # of an incident, by its number


class Evidence:
    """The evidence of one message."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._numbers = list(numbers)

    def named(self) -> Iterable[int]:
        """The incidents whose versions it takes to write it down."""
        return self._numbers

    def written(self, version: Version) -> dict[str, Any]:
        """What the message says, once all before it are written."""
        return evidence([version(it) for it in self._numbers])


class Large:
    """The evidence of an alert with many incidents, as its newest message says it."""

    def __init__(self, timeline: str) -> None:
        self.timeline, self.numbers, self.listing = timeline, Pieces(()), Listing()
        self.changed = set[int]()  # incidents of which there is a newer version; perhaps not among the evidence


class Further(Evidence):
    """The evidence of one message, by what is otherwise than in the message before it."""

    def __init__(self, large: Large, numbers: Pieces) -> None:
        self._large, self._all = large, numbers
        self._gone, self._come = large.numbers.exchanged(numbers)
        large.numbers = numbers

    def named(self) -> Iterable[int]:
        """The incidents whose versions it takes to write it down."""
        return {*self._gone, *self._come, *self._large.changed, *self._all.last(SHOWN)}

    def written(self, version: Version) -> dict[str, Any]:
        """What the message says, once all before it are written."""
        large = self._large
        newer = [version(it) for it in large.changed - self._gone - self._come]
        large.changed.clear()
        large.listing.exchange(
            gone=[version(it)[0] for it in self._gone], come=[version(it) for it in self._come], newer=newer
        )
        return evidence_of(len(self._all), large.listing.hash(), [version(it) for it in self._all.last(SHOWN)])


class Evidences:
    """The evidence of messages, in the order in which they are told."""

    def __init__(self) -> None:
        self._large: dict[str, Large] = {}  # by alert id, those that told last at the end

    def of(self, timeline: str, told: Told) -> Evidence:
        """What it takes to write down the evidence of the next message."""
        if len(told.evidence) < MANY:
            return Evidence(told.evidence)
        alert_id = told.message.alert.alert_id
        large = self._large[alert_id] = self._large.pop(alert_id) if alert_id in self._large else Large(timeline)
        return Further(large, told.evidence if isinstance(told.evidence, Pieces) else Pieces([told.evidence]))

    def changed(self, timeline: str, number: int) -> None:
        """Note an incident of which there is a new version; another timeline may have one of the same id."""
        for it in self._large.values():
            if it.timeline == timeline:
                it.changed.add(number)

    def trim(self) -> None:
        """Let go of the alerts that told nothing for long, once all messages are written: as many as are too many.

        And of those of which so much changed meanwhile that it is no more work to write all down.
        """
        room = KEPT
        for place, (alert_id, it) in enumerate(reversed(list(self._large.items()))):
            room -= len(it.numbers)
            if (room < 0 and place > 0) or len(it.changed) > len(it.numbers):
                del self._large[alert_id]
