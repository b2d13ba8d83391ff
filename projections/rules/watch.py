"""One rule in one group, as lazily as can be: most incidents change no episode, and their track can tell at once.

A group that has fewer members than its lowest level needs no track at all: they wait, sixteen bytes each.
"""

from array import array
from collections.abc import Sequence

from projections.rules.begin import WHOLE, Begin
from projections.rules.counting import CountTrack
from projections.rules.lined import LinedTrack
from projections.rules.model import Episode, Member, Rule
from projections.rules.track import Track
from projections.rules.words import Measure

Exchange = tuple[Member | None, Member | None]
# What an event did to a group: its place in the batch; instant and number of the member that it brought, or the
# earliest instant of its exchanges, 0, and these.
Touch = tuple[int, int, int, Sequence[Exchange]]


class Watch:
    """One rule in one group."""

    __slots__ = ("_lined", "_room", "_track", "_waiting", "begin", "clock", "rule")

    def __init__(self, rule: Rule, clock: int, members: Sequence[Member] = (), begin: Begin = WHOLE) -> None:
        """Take in members, in order, as they stand at the clock; those before the rule counts are not kept."""
        members = [it for it in members if it.at >= rule.since]
        self.rule, self.clock, self.begin = rule, clock, begin
        self._waiting = array("q")  # instant and number of each, in turn
        self._room = rule.levels[0] - 1 - len(members)  # for members, while there is no track
        self._track: CountTrack | None = None
        self._lined: LinedTrack | None = None
        if rule.measure is not Measure.COUNT:
            self._lined = LinedTrack(rule, clock, members, begin)
        elif self._room < 0:
            self._track = CountTrack(rule, clock, members, begin)
        else:
            for it in members:
                self._waiting.extend((it.at, it.number))

    @property
    def asleep(self) -> bool:
        """Whether there are too few members for any episode."""
        return self._track is None and self._lined is None

    @property
    def known_after(self) -> int:
        """The instant after which all members are in memory."""
        return self.begin.at - self.rule.reach

    def members(self) -> list[Member]:
        """Those that are in memory, in order."""
        if self._lined is not None:
            return self._lined.all()
        if self._track is not None:
            return self._track.all()
        return sorted(Member(*it) for it in zip(self._waiting[::2], self._waiting[1::2], strict=True))

    def absorb(self, those: Sequence[Touch], index: int, stop: int, clocks: Sequence[int]) -> int:
        """Take in what events from `index` on, and before `due`, did, as long as that changes no episode.

        The index of the first event that may change one, `stop` if none does. `clocks` are those of events, by place.
        """
        begin = index
        if self.asleep:
            index = self._wait(those, index, stop)
        if self._lined is not None:
            index = self._hear(self._lined, those, index, stop, clocks)
        elif index < stop:
            index = self._add(self._track or self._wake(), those, index, stop)
        if index > begin:
            self.clock = clocks[those[index - 1][0]]
        return index

    @staticmethod
    def _hear(track: LinedTrack, those: Sequence[Touch], index: int, stop: int, clocks: Sequence[int]) -> int:
        """Let members come and go while that changes no episode."""
        while index < stop:
            place, at, number, exchanges = those[index]
            if not track.quiet(exchanges or [(None, Member(at, number))], clocks[place]):
                break
            index += 1
        return index

    @staticmethod
    def _add(track: CountTrack, those: Sequence[Touch], index: int, stop: int) -> int:
        """Let members come and go while that changes no episode."""
        while index < stop:
            _, at, number, exchanges = those[index]
            if not (track.swap(*exchanges[0]) if len(exchanges) == 1 else not exchanges and track.add(at, number)):
                break
            index += 1
        return index

    def put_off(self, clock: int) -> int | None:
        """When time alone can next change an episode, if that is known to be after a clock; None: it has to be seen."""
        return self._lined.put_off(clock) if self._lined is not None else None

    def grow(self, exchanges: Sequence[Exchange], clock: int) -> tuple[list[Episode], list[Episode]] | None:
        """What an event before `due` changed if all it did was to move the peak of the open episode; else None."""
        if self._track is None or len(exchanges) != 1:
            return None
        ((old, new),) = exchanges
        grown = self._track.grow(new.at, new.number, clock) if old is None and new is not None else None
        if grown is None:
            return None
        self.clock = clock
        return [grown[0]], [grown[1]]

    def _wait(self, those: Sequence[Touch], index: int, stop: int) -> int:
        """Let members come and go while there are too few of them for any episode; the first event that is too much."""
        while index < stop:
            _, at, number, exchanges = those[index]
            if exchanges:
                if not self._swapped(exchanges):
                    break
            elif at < self.rule.since:
                pass
            elif self._room:
                self._room -= 1
                self._waiting.extend((at, number))
            else:
                break
            index += 1
        return index

    def _swapped(self, exchanges: Sequence[Exchange]) -> bool:
        waiting, since = self._waiting, self.rule.since
        gone = [old for old, _ in exchanges if old is not None and old.at >= since]
        come = [new for _, new in exchanges if new is not None and new.at >= since]
        room = self._room + len(gone) - len(come)
        if room < 0:
            return False
        self._room = room
        for it in gone:
            place = 2 * waiting[1::2].index(it.number)
            del waiting[place : place + 2]
        for it in come:
            waiting.extend((it.at, it.number))
        return True

    def _wake(self) -> CountTrack:
        waiting, self._waiting = self._waiting, array("q")
        self._track = CountTrack(self.rule, self.clock, begin=self.begin)
        for at, number in zip(waiting[::2], waiting[1::2], strict=True):
            self._track.add(at, number)
        return self._track

    def track(self) -> Track:
        """The track with all members, as of the clock; whoever moves its clock says so here."""
        track: Track = self._lined or self._track or self._wake()
        track.catch_up()
        track.clock = self.clock
        return track
