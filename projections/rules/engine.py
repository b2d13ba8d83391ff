"""All rules over one timeline: events in, messages out, one event at a time in log order.

Tracks are a cache: they follow from the standing incidents, and are loaded when an event first touches them. So a
restart reads nothing but the reminders (`due`), and memory is bounded by `forget`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from itertools import islice

from projections.fold import Change
from projections.incidents import Incident
from projections.rules.alerts import Cause, Reason, Standing, tell
from projections.rules.matching import Views, members_of
from projections.rules.model import FOREVER, Episode, Group, Member, Rule, Updates
from projections.rules.outcome import FINAL, Earlier, Key, Moment, Outcome, Sight, Told
from projections.rules.spells import spell_of
from projections.rules.track import Track
from projections.rules.watch import Exchange, Watch


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

    # -- what an event needs

    def moment(self, event_id: str, clock: int, changes: Collection[Change]) -> Moment:
        """What an event did, as the rules see it."""
        exchanges: dict[Key, list[Exchange]] = {}
        for before, after in changes:
            old = before if before is not None and before.stands else None
            new = after if after.stands else None
            if old is not None:
                self._touched(old, new, exchanges)
            elif new is not None:
                self._appeared(new, exchanges)
        return Moment(event_id, clock, exchanges)

    def _appeared(self, new: Incident, exchanges: dict[Key, list[Exchange]]) -> None:
        exchange = None, Member(new.at, new.number)
        for rule_id, view in self._views.of(new.incident_class):
            group = view(new)
            if group is not None:
                exchanges.setdefault((rule_id, group), []).append(exchange)

    def _touched(self, old: Incident, new: Incident | None, exchanges: dict[Key, list[Exchange]]) -> None:
        for rule_id, view in self._views.all:
            was = view(old)
            now = view(new) if new is not None else None
            if was is None and now is None:
                continue
            mine = Member(old.at, old.number) if was is not None else None
            its = Member(new.at, new.number) if new is not None and now is not None else None
            if was == now:
                pairs = [(was, (mine, its))] if mine != its else []
            else:
                pairs = [(was, (mine, None)), (now, (None, its))]
            for group, exchange in pairs:
                if group is not None:
                    exchanges.setdefault((rule_id, group), []).append(exchange)

    def wanted(self, moments: Sequence[Moment]) -> set[Key]:
        """The groups that these events touch and that are not in memory."""
        clock = max((it.clock for it in moments), default=-FOREVER)
        touched = {key for it in moments for key in it.exchanges}
        return {key for key in touched.union(self._due_by(clock)) if key not in self._watches}

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

    def load(self, key: Key, members: Sequence[Member], standing: Standing, clock: int) -> None:
        """Take in a group as it was before the events at hand, at that clock; its members in order."""
        self._watches[key] = Watch(self.rules[key[0]], clock, members)
        self._alerts[key] = standing

    def forget(self, kept: int) -> list[Key]:
        """Let go of the groups that were loaded longest ago, down to `kept`; those that are forgotten."""
        gone = list(islice(self._watches, max(len(self._watches) - kept, 0)))
        for key in gone:
            del self._watches[key], self._alerts[key]
        return gone

    # -- an event

    def apply(self, it: Moment) -> Outcome:
        """The messages of one event, in order of rule and group, and the episodes that it changed."""
        while self._due and self._due[0][0] <= it.clock:
            at, _, key = heappop(self._due)
            if self._known.get(key) == at:
                del self._known[key]
                self.reminders[key] = None
                it.exchanges.setdefault(key, [])
        outcome = Outcome([], [])
        keys = [key for key, exchanges in it.exchanges.items() if not self._absorbed(key, exchanges, it.clock)]
        for key in sorted(keys, key=self._place) if len(keys) > 1 else keys:
            self._evaluate(it, key, it.exchanges[key], outcome)
        return outcome

    def _absorbed(self, key: Key, exchanges: Sequence[Exchange], clock: int) -> bool:
        """Whether all that an event did to a group was to bring it a member that can change nothing."""
        if len(exchanges) != 1:
            return False
        ((old, new),) = exchanges
        return old is None and new is not None and self._watches[key].absorb(new.at, new.number, clock)

    def _place(self, key: Key) -> tuple[int, Group]:
        return self._order[key[0]], key[1]

    def _evaluate(self, it: Moment, key: Key, exchanges: Sequence[Exchange], outcome: Outcome) -> None:
        watch = self._watches[key]
        track = watch.track()
        track.begin(it.clock)
        spells = [spell for old, new in exchanges for spell in track.exchange(old, new)]
        amends = any(old is not None for old, _ in exchanges)
        if amends or track.rule.updates is Updates.ALL:
            track.touch(spells)
        before, after = track.changes()
        watch.look(track, exchanges, moved=bool(before or after))
        self._remind(key, track)
        if before or after:
            reason = Reason.EVIDENCE if exchanges else Reason.TIME
            touches = lambda at: any(spell.covers(at) for spell in spells)  # noqa: E731
            cause = Cause(track.rule, self.timeline, key[1], it.event_id, it.clock, reason, amends, touches)
            stood = lambda at: _undone(track.evidence(at), exchanges, track.rule, at)  # noqa: E731
            self._tell(cause, before, after, outcome, Sight(track.evidence, stood, track.value(track.clock)))

    def _tell(
        self, cause: Cause, before: Sequence[Episode], after: Sequence[Episode], outcome: Outcome, sight: Sight
    ) -> None:
        standing = self._alerts[cause.rule.rule_id, cause.group]
        for message in tell(cause, standing, before, after):
            # of an alert that is gone: what it stood on, not what is left of that
            proof = sight.stood if message.state in FINAL else sight.evidence
            evidence = proof(message.episode.peak_at)
            outcome.told.append(Told(cause.rule, cause.group, cause.reason, message, sight.value_now, evidence))
        outcome.episodes.append((cause.rule, cause.group, before, after, standing))

    def _remind(self, key: Key, track: Track) -> None:
        due = track.due()
        if due < FOREVER and due < self._known.get(key, FOREVER):
            self._known[key] = self.reminders[key] = due
            heappush(self._due, (due, self._order[key[0]], key))

    # -- other rules

    def adopt(
        self,
        rules: Sequence[Rule],
        it: Moment,
        standing: Iterable[Incident],
        before: dict[Key, tuple[list[Episode], Standing]],
    ) -> Outcome:
        """The one diff of new rules, or of what the same ones mean: before under the old ones, after under the new.

        `standing` are all standing incidents of the timeline, `before` all episodes as the tables have them, in order.
        """
        old, incidents, outcome = self.rules, list(standing), Outcome([], [])
        self._use(list({**old, **{rule.rule_id: rule for rule in rules}}.values()))
        stood = members_of([rule for rule in old.values() if rule not in rules], incidents)
        self._rebuild(members_of(rules, incidents), it.clock)
        awake = {key for key, watch in self._watches.items() if not watch.asleep}
        for key in sorted(awake.union(before), key=self._place):
            was, self._alerts[key] = before.get(key, ([], {}))
            self._succeed(it, key, was, Earlier(old.get(key[0]), stood.get(key, [])), outcome)
        self._use(rules)
        return outcome

    def _succeed(self, it: Moment, key: Key, was: list[Episode], earlier: Earlier, outcome: Outcome) -> None:
        """Tell what became of a group's episodes; under a rule that groups otherwise none of them goes on."""
        rule, watch = self.rules[key[0]], self._watches.get(key)
        track = watch.track() if watch else None
        now = track.episodes() if track else []
        same = track is not None and earlier.rule == rule
        reason = Reason.TIME if same else earlier.reason(rule)
        cause = Cause(rule, self.timeline, key[1], it.event_id, it.clock, reason, amends=not same)
        if earlier.rule is not None and earlier.rule.by != rule.by:
            gone = replace(cause, rule=earlier.rule)
            self._tell(gone, was, [], outcome, Sight(earlier.evidence, earlier.evidence, 0))
            was = []
        before, after = [one for one in was if one not in now], [one for one in now if one not in was]
        if before or after:
            evidence, value = (track.evidence, track.value(it.clock)) if track else (earlier.evidence, 0)
            self._tell(cause, before, after, outcome, Sight(evidence, earlier.evidence, value))
        if watch is not None and track is not None:
            watch.look(track, (), moved=False)
            self._remind(key, track)

    def _rebuild(self, members: Mapping[Key, Sequence[Member]], clock: int) -> None:
        """Tracks of all groups under the new rules, and the reminders anew."""
        self.reminders |= dict.fromkeys(self._known)
        self._known, self._due = {}, []
        self._watches = {key: Watch(self.rules[key[0]], clock, those) for key, those in members.items()}
        self._alerts = {key: {} for key in self._watches}


def _undone(evidence: list[int], exchanges: Sequence[Exchange], rule: Rule, at: int) -> list[int]:
    """The evidence at an instant as it was before an event, from what it is after it."""
    old = {it.number for it, _ in exchanges if it is not None and it.at >= rule.since and spell_of(rule, it).covers(at)}
    new = {it.number for _, it in exchanges if it is not None}
    return sorted((set(evidence) - new) | old)
