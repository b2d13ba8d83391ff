"""All rules over one timeline: events in, messages out, as if it were one event at a time in log order.

Tracks are a cache: they follow from the standing incidents, and are loaded when an event first touches them. So a
restart reads nothing but the reminders (`due`), and memory is bounded by `forget`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import islice

from projections.incidents import Incident
from projections.rules.alerts import Cause, Heard, Standing, tell
from projections.rules.begin import WHOLE, Begin
from projections.rules.matching import Views, members_of
from projections.rules.model import FOREVER, Episode, Group, Member, Rule
from projections.rules.outcome import Earlier, Key, Moment, Outcome, Sight, Turned, said
from projections.rules.sights import sight_of, touched
from projections.rules.touching import Touches, exchanges_of, touches_of
from projections.rules.watch import Exchange, Touch, Watch
from projections.rules.words import Reason, Updates

Outcomes = dict[int, Outcome]  # by the place of the event; in order


class Engine:
    """The tracks and alerts of every rule and group."""

    def __init__(self, timeline: str, rules: Sequence[Rule] = (), due: Iterable[tuple[Key, int]] = ()) -> None:
        self.timeline = timeline
        self._watches: dict[Key, Watch] = {}
        self._alerts: dict[Key, Standing] = {}
        self._known: dict[Key, int] = dict(due)  # when time alone can next change a group
        self.reminders: dict[Key, int | None] = {}  # those of `_known` that changed since they were last taken
        self._use(rules)
        self._due = [(at, self._order[key[0]], key) for key, at in self._known.items()]
        heapify(self._due)

    def _use(self, rules: Sequence[Rule]) -> None:
        self.rules = {rule.rule_id: rule for rule in rules}
        self._order = {rule_id: place for place, rule_id in enumerate(self.rules)}
        self._views = Views(rules)

    def touches(self, moments: Sequence[Moment]) -> Touches:
        """What events in log order do to the groups of the rules."""
        return touches_of(self._views, moments)

    def wanted(self, touches: Touches, clock: int) -> dict[Key, int]:
        """The groups that are not in memory, or not as far back: those that events touch, or time does up to a clock.

        With each the earliest instant that is touched.
        """
        watches = self._watches
        found = {key: FOREVER for key in self._due_by(clock) if key not in watches}
        for key, those in touches.items():
            watch = watches.get(key)
            if watch is None or watch.begin.at > -FOREVER:
                earliest = min((it[1] for it in those), default=FOREVER)
                if watch is None or earliest <= watch.begin.at:
                    found[key] = earliest
        return found

    def _due_by(self, clock: int, place: int = 0) -> Iterator[Key]:
        """The groups whose reminder is at most `clock`: the top of the heap, without taking it down."""
        if place < len(self._due) and self._due[place][0] <= clock:
            yield self._due[place][2]
            yield from self._due_by(clock, 2 * place + 1)
            yield from self._due_by(clock, 2 * place + 2)

    def next_due(self) -> int | None:
        """When time alone can next change something; perhaps it changes nothing. None: never, as things stand."""
        while self._due and self._known.get(self._due[0][2]) != self._due[0][0]:
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def load(self, key: Key, members: Sequence[Member], standing: Standing, clock: int, begin: Begin = WHOLE) -> None:
        """Take in a group as it was before the events at hand, at that clock; its members in order.

        One that is in memory begins earlier now.
        """
        watch = self._watches.get(key)
        self._watches[key] = Watch(self.rules[key[0]], watch.clock if watch else clock, members, begin)
        self._alerts.setdefault(key, standing)

    def watch(self, key: Key) -> Watch | None:
        """A group that is in memory."""
        return self._watches.get(key)

    def forget(self, kept: int) -> list[Key]:
        """Let go of the groups that were loaded longest ago, down to `kept`; those that are forgotten."""
        gone = list(islice(self._watches, max(len(self._watches) - kept, 0)))
        for key in gone:
            del self._watches[key], self._alerts[key]
        return gone

    # -- events

    def apply(self, moments: Sequence[Moment], touches: Touches) -> Outcomes:
        """What events in log order lead to, by their place.

        Groups know nothing of one another: each is followed through all events, and then it is put in order.
        """
        clocks = [it.clock for it in moments]
        while self._due and self._due[0][0] <= clocks[-1]:
            at, _, key = heappop(self._due)
            if self._known.get(key) == at and key not in touches:
                touches[key] = []
        found: list[tuple[int, Key, Outcome]] = []
        for key, those in touches.items():
            found += [(place, key, outcome) for place, outcome in self._follow(key, those, moments, clocks)]
        found.sort(key=lambda it: (it[0], self._place(it[1])))
        outcomes: Outcomes = {}
        for place, _, (told, episodes) in found:
            outcome = outcomes.setdefault(place, Outcome([], []))
            outcome.told.extend(told)
            outcome.episodes.extend(episodes)
        return outcomes

    def _follow(
        self, key: Key, those: Sequence[Touch], moments: Sequence[Moment], clocks: Sequence[int]
    ) -> Iterator[tuple[int, Outcome]]:
        """Lead a group through events: those that touch it, and the first whose clock reaches what is due."""
        watch, index, end = self._watches[key], 0, len(clocks)
        while True:
            due = self._known.get(key, FOREVER)
            at_due = bisect_left(clocks, due) if due <= clocks[-1] else end
            stop = bisect_left(those, (at_due,)) if at_due < end else len(those)
            index = watch.absorb(those, index, stop, clocks)
            place = those[index][0] if index < stop else at_due
            if place == end:
                return
            if place == at_due:
                del self._known[key]
                self.reminders[key] = None
            exchanges = exchanges_of(those, index, place)
            if not exchanges and (later := watch.put_off(clocks[place])) is not None:
                self._remind(key, later)
                continue
            index += bool(exchanges)
            outcome = self._evaluate(key, moments[place], exchanges, timely=place < at_due)
            if outcome.episodes:
                yield place, outcome

    def _place(self, key: Key) -> tuple[int, Group]:
        return self._order[key[0]], key[1]

    def _evaluate(self, key: Key, it: Moment, exchanges: Sequence[Exchange], *, timely: bool) -> Outcome:
        """Look at one group after one event; it is timely before time alone can change the group."""
        watch, outcome = self._watches[key], Outcome([], [])
        before, after = (timely and watch.grow(exchanges, it.clock)) or self._exchange(key, exchanges, it.clock)
        if before or after:
            reason = Reason.EVIDENCE if exchanges else Reason.TIME
            amends, sight = any(old is not None for old, _ in exchanges), sight_of(watch, exchanges)
            touches = touched(watch.rule, exchanges, sight)
            cause = Cause(watch.rule, self.timeline, key[1], it.event_id, it.clock, reason, amends, touches)
            self._tell(cause, before, after, outcome, sight)
        return outcome

    def _exchange(
        self, key: Key, exchanges: Sequence[Exchange], clock: int
    ) -> tuple[Sequence[Episode], Sequence[Episode]]:
        """The episodes that an event changed, before and after it."""
        watch = self._watches[key]
        track = watch.track()
        track.begin(clock)
        noting = track.rule.updates is Updates.ALL or any(old is not None for old, _ in exchanges)
        spells = [spell for old, new in exchanges for spell in track.exchange(old, new, noting=noting)]
        if spells:
            track.touch(spells)
        watch.clock = clock
        self._remind(key, track.due())
        return track.changes()

    def _tell(
        self, cause: Cause, before: Sequence[Episode], after: Sequence[Episode], outcome: Outcome, sight: Sight
    ) -> None:
        standing = self._alerts[cause.rule.rule_id, cause.group]
        for message in tell(cause, standing, before, after):
            outcome.told.append(said(cause, message, sight))
        alerts = [standing[it.opened_at] for it in after]
        outcome.episodes.append(Turned(cause.rule, cause.group, before, after, alerts))

    def _remind(self, key: Key, due: int) -> None:
        """Remember when time alone can next change a group, if that is sooner than is known."""
        if due < self._known.get(key, FOREVER):
            self._known[key] = self.reminders[key] = due
            heappush(self._due, (due, self._order[key[0]], key))

    # -- other rules

    def adopt(
        self,
        rules: Sequence[Rule],
        it: Moment,
        standing: Iterable[Incident],
        before: dict[Key, tuple[list[Episode], Standing]],
        heard: Heard,
    ) -> Outcome:
        """The one diff of new rules, or of what the same ones mean: before under the old ones, after under the new.

        `standing` are all standing incidents of the timeline, `before` all episodes as the tables have them, in order.
        `heard` is of all alerts of `before`.
        """
        old, incidents, outcome = self.rules, list(standing), Outcome([], [])
        self._use(list({**old, **{rule.rule_id: rule for rule in rules}}.values()))
        stood = members_of([rule for rule in old.values() if rule not in rules], incidents)
        self._rebuild(members_of(rules, incidents), it.clock)
        awake = {key for key, watch in self._watches.items() if not watch.asleep}
        for key in sorted(awake.union(before), key=self._place):
            was, self._alerts[key] = before.get(key, ([], {}))
            self._succeed(it, key, was, Earlier(old.get(key[0]), stood.get(key, []), heard), outcome)
        self._use(rules)
        return outcome

    def _succeed(self, it: Moment, key: Key, was: list[Episode], earlier: Earlier, outcome: Outcome) -> None:
        """Tell what became of a group's episodes; under a rule that groups otherwise none of them goes on."""
        rule, watch, nothing = self.rules[key[0]], self._watches.get(key), lambda _at: 0
        track = watch.track() if watch else None
        now = track.episodes() if track else []
        same = track is not None and earlier.rule == rule
        reason = Reason.TIME if same else earlier.reason(rule)
        cause = Cause(rule, self.timeline, key[1], it.event_id, it.clock, reason, amends=not same, was=earlier.status)
        cause = cause._replace(heard=earlier.heard_before(rule))
        if earlier.rule is not None and earlier.rule.by != rule.by:
            gone = cause._replace(rule=earlier.rule)
            self._tell(gone, was, [], outcome, Sight(earlier.evidence, earlier.evidence, nothing))
            was = []
        before, after = cause.differing(was, now), cause.differing(now, was)
        if before or after:
            evidence, value = (track.evidence, track.value) if track else (earlier.evidence, nothing)
            stood_under = None if same else earlier.rule
            self._tell(cause, before, after, outcome, Sight(evidence, earlier.evidence, value, stood_under))
        if track is not None:
            self._remind(key, track.due())

    def _rebuild(self, members: Mapping[Key, Sequence[Member]], clock: int) -> None:
        """Tracks of all groups under the new rules, and the reminders anew."""
        self.reminders |= dict.fromkeys(self._known)
        self._known, self._due = {}, []
        self._watches = {key: Watch(self.rules[key[0]], clock, those) for key, those in members.items()}
        self._alerts = {key: {} for key in self._watches}
