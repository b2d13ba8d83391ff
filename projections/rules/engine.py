"""All rules over one timeline: events in, messages out, one event at a time in log order.

Tracks are a cache: they follow from the standing incidents, and are loaded when an event first touches them. So a
restart reads nothing but the reminders (`due`), and memory is bounded by `forget`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from projections.fold import Change
from projections.incidents import Incident
from projections.rules.alerts import Cause, Message, Reason, Standing, State, tell
from projections.rules.matching import view_of
from projections.rules.model import FOREVER, Episode, Group, Member, Rule, Updates
from projections.rules.spells import spell_of
from projections.rules.track import Track

FINAL: Final = (State.CANCELLED, State.MERGED)
Key = tuple[str, Group]  # rule id and group
Exchange = tuple[Member | None, Member | None]


class Moment(NamedTuple):
    """One event, and what it did to the groups of the rules."""

    event_id: str
    clock: int  # µs; of the timeline, after it
    exchanges: dict[Key, list[Exchange]]


class Told(NamedTuple):
    """A message, and what it says besides."""

    rule: Rule
    group: Group
    reason: Reason
    message: Message
    value_now: int  # V at the clock
    evidence: list[int]  # numbers of the incidents that make the value at the peak


class Outcome(NamedTuple):
    """What an event changed: messages, and the episodes of a group before and after it."""

    told: list[Told]
    episodes: list[tuple[Rule, Group, Sequence[Episode], Sequence[Episode], Standing]]


class Engine:
    """The tracks and alerts of every rule and group."""

    def __init__(self, timeline: str, rules: Sequence[Rule] = (), due: Iterable[tuple[Key, int]] = ()) -> None:
        self.timeline = timeline
        self._tracks: dict[Key, Track] = {}
        self._alerts: dict[Key, Standing] = {}
        self._known: dict[Key, int] = dict(due)  # when time alone can next change a group
        self.reminders: dict[Key, int | None] = {}  # those of `_known` that changed since they were last taken
        self._use(rules)
        self._due = [(at, self._order[key[0]], key) for key, at in self._known.items()]
        heapify(self._due)

    def _use(self, rules: Sequence[Rule]) -> None:
        self.rules = {rule.rule_id: rule for rule in rules}
        self._order = {rule_id: place for place, rule_id in enumerate(self.rules)}
        self._views = [(rule.rule_id, view_of(rule)) for rule in rules]

    # -- what an event needs

    def moment(self, event_id: str, clock: int, changes: Collection[Change]) -> Moment:
        """What an event did, as the rules see it."""
        exchanges: dict[Key, list[Exchange]] = {}
        for before, after in changes:
            old = before if before is not None and before.stands else None
            new = after if after.stands else None
            if old is not None or new is not None:
                self._touched(old, new, exchanges)
        return Moment(event_id, clock, exchanges)

    def _touched(self, old: Incident | None, new: Incident | None, exchanges: dict[Key, list[Exchange]]) -> None:
        for rule_id, view in self._views:
            was = view(old) if old is not None else None
            now = view(new) if new is not None else None
            if was is None and now is None:
                continue
            mine = Member(old.at, old.number) if old is not None and was is not None else None
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
        return {key for key in touched.union(self._due_by(clock)) if key not in self._tracks}

    def _due_by(self, clock: int, place: int = 0) -> Iterator[Key]:
        """The groups whose reminder is at most `clock`: the top of the heap, without taking it down."""
        if place < len(self._due) and self._due[place][0] <= clock:
            yield self._due[place][2]
            yield from self._due_by(clock, 2 * place + 1)
            yield from self._due_by(clock, 2 * place + 2)

    def load(self, key: Key, members: Sequence[Member], standing: Standing, clock: int) -> None:
        """Take in a group as it was before the events at hand, at that clock; its members in order."""
        self._tracks[key] = Track(self.rules[key[0]], clock, members)
        self._alerts[key] = standing

    def forget(self, kept: int) -> None:
        """Let go of the groups that were loaded longest ago, down to `kept`."""
        for key in list(self._tracks)[: max(len(self._tracks) - kept, 0)]:
            del self._tracks[key], self._alerts[key]

    # -- an event

    def apply(self, it: Moment) -> Outcome:
        """The messages of one event, in order of rule and group, and the episodes that it changed."""
        exchanges = it.exchanges
        while self._due and self._due[0][0] <= it.clock:
            at, _, key = heappop(self._due)
            if self._known.get(key) == at:
                del self._known[key]
                self.reminders[key] = None
                exchanges.setdefault(key, [])
        outcome = Outcome([], [])
        for key in sorted(exchanges, key=self._place) if len(exchanges) > 1 else exchanges:
            self._evaluate(it, key, exchanges[key], outcome)
        return outcome

    def _place(self, key: Key) -> tuple[int, Group]:
        return self._order[key[0]], key[1]

    def _evaluate(self, it: Moment, key: Key, exchanges: list[Exchange], outcome: Outcome) -> None:
        track = self._tracks[key]
        track.begin(it.clock)
        spells = [spell for old, new in exchanges for spell in track.exchange(old, new)]
        amends = any(old is not None for old, _ in exchanges)
        if amends or track.rule.updates is Updates.ALL:
            track.touch(spells)
        before, after = track.changes()
        self._remind(key, track)
        if before or after:
            reason = Reason.EVIDENCE if exchanges else Reason.TIME
            touches = lambda at: any(spell.covers(at) for spell in spells)  # noqa: E731
            cause = Cause(track.rule, self.timeline, key[1], it.event_id, it.clock, reason, amends, touches)
            self._tell(cause, before, after, outcome, exchanges)

    def _tell(
        self,
        cause: Cause,
        before: Sequence[Episode],
        after: Sequence[Episode],
        outcome: Outcome,
        exchanges: Sequence[Exchange] = (),
    ) -> None:
        key = cause.rule.rule_id, cause.group
        track, standing = self._tracks.get(key), self._alerts[key]
        for message in tell(cause, standing, before, after):
            evidence = track.evidence(message.episode.peak_at) if track else []
            if message.state in FINAL:  # what it stood on, not what is left of that
                evidence = _undone(evidence, exchanges, cause.rule, message.episode.peak_at)
            now = track.value(track.clock) if track else 0
            outcome.told.append(Told(cause.rule, cause.group, cause.reason, message, now, evidence))
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
        """The one diff of new rules: the episodes before under the old ones, after under the new.

        `standing` are all standing incidents of the timeline, `before` all episodes as the tables have them, in order.
        """
        old = self.rules
        self._use(list({**old, **{rule.rule_id: rule for rule in rules}}.values()))
        outcome = Outcome([], [])
        self._rebuild(rules, it.clock, standing)
        for key in sorted({*before, *self._tracks}, key=self._place):
            was, alerts = before.get(key, ([], {}))
            self._alerts[key] = alerts
            track = self._tracks.get(key)
            now = track.episodes() if track else []
            rule = self.rules[key[0]]
            same = key[0] in old and track is not None and old[key[0]].content_hash == rule.content_hash
            reason = Reason.TIME if same else Reason.RULES
            gone, come = [e for e in was if e not in now], [e for e in now if e not in was]
            if gone or come:
                cause = Cause(rule, self.timeline, key[1], it.event_id, it.clock, reason, amends=not same)
                self._tell(cause, gone, come, outcome)
            if track is not None:
                self._remind(key, track)
        self._use(rules)
        return outcome

    def _rebuild(self, rules: Sequence[Rule], clock: int, standing: Iterable[Incident]) -> None:
        """Tracks of all groups under the new rules, and the reminders anew."""
        members: dict[Key, list[Member]] = {}
        views = [(rule.rule_id, view_of(rule)) for rule in rules]
        for incident in standing:
            for rule_id, view in views:
                if (group := view(incident)) is not None:
                    members.setdefault((rule_id, group), []).append(Member(incident.at, incident.number))
        self.reminders |= dict.fromkeys(self._known)
        self._known, self._due = {}, []
        self._tracks = {key: Track(self.rules[key[0]], clock, sorted(those)) for key, those in members.items()}
        self._alerts = {}


def _undone(evidence: list[int], exchanges: Sequence[Exchange], rule: Rule, at: int) -> list[int]:
    """The evidence at an instant as it was before an event, from what it is after it."""
    old = {it.number for it, _ in exchanges if it is not None and spell_of(rule, it).covers(at)}
    new = {it.number for _, it in exchanges if it is not None}
    return sorted((set(evidence) - new) | old)
