"""One rule in one group, as lazily as can be: members that can not change an episode wait, sixteen bytes each.

Most incidents change no episode, and that can be known without looking: as long as V lies so far below the threshold
(or below the peak of the episode that is open) that those that wait could not close the gap even if they all fell
together. How far that is, and where in time it holds, is the *room*; it is measured on the track now and then. A group
that has fewer members than its lowest level needs no track at all.
"""

from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

from projections.rules.model import FOREVER, Member, Rule
from projections.rules.track import Track


class Room(NamedTuple):
    """Members in [since, until) with this much weight together change no episode while the clock is before `due`."""

    since: int
    until: int
    weight: int
    due: int


NO_ROOM: Final = Room(0, 0, 0, 0)
LONGEST_PAUSE: Final = 64  # events
Exchange = tuple[Member | None, Member | None]


class Watch:
    """One rule in one group."""

    __slots__ = (
        "_due",
        "_longer",
        "_pause",
        "_room",
        "_since",
        "_track",
        "_until",
        "_used",
        "_waiting",
        "clock",
        "rule",
    )

    def __init__(self, rule: Rule, clock: int = -FOREVER, members: Sequence[Member] = ()) -> None:
        """Take in members, in order, as they stand at the clock."""
        self.rule, self.clock = rule, clock
        self._waiting = array("q")  # instant and number of each, in turn
        self._track: Track | None = None
        self._used, self._longer, self._pause = False, 0, 0  # whether the room was; events to let go by without one
        together = sum(it.weight for it in members)
        if together < rule.levels[0]:
            for it in members:
                self._waiting.extend((it.at, it.number))
            self._allow(Room(rule.since, FOREVER, rule.levels[0] - 1 - together, FOREVER))
        else:
            self._track = Track(rule, clock, members)
            self._allow(NO_ROOM)

    def absorb(self, at: int, number: int, clock: int) -> bool:
        """Let a new member wait if it can change nothing; whether it can not. The clock is that of its event."""
        if self._room > 0 and self._since <= at < self._until and clock < self._due:
            self._room -= 1
            self._used = True
            self._waiting.extend((at, number))
            self.clock = clock
            return True
        return False

    def track(self) -> Track:
        """The track with all members, as of the clock; whoever changes it says so to `look`."""
        track, waiting = self._track, self._waiting
        if track is None:
            members = sorted(Member(*it) for it in zip(waiting[::2], waiting[1::2], strict=True))
            track = self._track = Track(self.rule, self.clock, members)
        else:
            if waiting:
                track.take_in(sorted(zip(waiting[::2], waiting[1::2], strict=True)))
            track.clock = self.clock
        del waiting[:]
        return track

    @property
    def asleep(self) -> bool:
        """Whether there are too few members for any episode."""
        return self._track is None

    def look(self, track: Track, exchanges: Sequence[Exchange], *, moved: bool) -> None:
        """Measure the room on the track after an event, if it may have changed and is likely to be used.

        Members that came earlier and moved no episode raised V by no more than their weight, so what room there is
        stays. Where measuring did not pay, it is done ever more seldom.
        """
        self.clock = track.clock
        if moved:
            self._allow(NO_ROOM)
        elif self._room > 0 and self.clock < self._due and all(self._before_room(it) for it in exchanges):
            self._room -= len(exchanges)
        elif self._pause > 0:
            self._pause -= 1
            self._allow(NO_ROOM)
        else:
            self._longer = 0 if self._used else min(2 * self._longer + 1, LONGEST_PAUSE)
            self._pause, self._used = self._longer, False
            self._allow(Room(*track.room()))

    def _before_room(self, it: Exchange) -> bool:
        old, new = it
        return old is None and new is not None and new.at < self._since

    def _allow(self, room: Room) -> None:
        self._since, self._until, self._room, self._due = room
