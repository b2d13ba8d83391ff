"""A timeline's incidents and what its rules make of them, kept as the tables keep it; an instant is a small number."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from projections.fold import Change
from projections.history import Held
from projections.incidents import NOTHING, Incident
from projections.loading import Loading
from projections.rules.alerts import Alert, Message, Standing
from projections.rules.begin import Stretch
from projections.rules.engine import Engine
from projections.rules.matching import members_for, view_of
from projections.rules.model import Episode, Group, Member, Rule
from projections.rules.outcome import Key, Moment, Outcome, Told
from projections.rules.words import State

PLAIN: Mapping[str, Any] = {
    "timeline": "test",
    "identity": 0,
    "version": 1,
    "incident_class": "attack",
    "precision": "instant",
    "site_kind": "base",
    "country": "IQ",
    "admin1": None,
    "actor": None,
    "attribution": "none",
    "weapons": (),
    **dict.fromkeys(("munitions", "targets", "outcome", "confidence", "merged_into")),
    "wounded": NOTHING,
    "killed": NOTHING,
    "corrected": frozenset(),
    "retracted": False,
}


def incident(number: int, at: int, site: str = "north", **said: Any) -> Incident:
    """A standing incident; `until` is its instant unless it is said."""
    return Incident(number=number, incident_id=f"i{number}", at=at, site=site, **{"until": at, **PLAIN, **said})


class World:
    """One timeline: events go in as changes of incidents, what people are told comes out."""

    def __init__(self, *rules: Rule) -> None:
        self.engine = Engine("test", rules)
        self.clock = 0
        self.incidents: dict[int, Incident] = {}
        self.episodes: dict[tuple[Key, int], tuple[Episode, Alert | None]] = {}
        self.reminders: dict[Key, int] = {}
        self.told: list[Told] = []
        self._events = 0

    # -- events

    def put(self, *those: Incident, clock: int | None = None) -> list[Told]:
        """One event that makes these incidents what they are now; those that stand no more are retracted or merged."""
        changes = [Change(self.incidents.get(it.number), it) for it in those]
        self._next(clock)
        moment = Moment(f"e{self._events}", self.clock, changes)
        self._load([moment])
        self.incidents |= {it.number: it for it in those}
        return self._take(self._apply([moment])[0])

    def put_together(self, events: Iterable[tuple[Sequence[Incident], int]]) -> list[list[Told]]:
        """Events (incidents, clock) of one batch, applied at once; what is told of each."""
        moments, now = [], dict(self.incidents)
        before = self.clock
        for those, clock in events:
            self._next(clock)
            changes = [Change(now.get(it.number), it) for it in those]
            moments.append(Moment(f"e{self._events}", self.clock, changes))
            now |= {it.number: it for it in those}
        self._before = before
        self._load(moments)
        self.incidents = now
        return [self._take(outcome) for outcome in self._apply(moments)]

    def tick(self, clock: int) -> list[Told]:
        """Time passes."""
        return self.put(clock=clock)

    def retract(self, number: int, clock: int | None = None) -> list[Told]:
        """An incident never happened."""
        return self.put(self.incidents[number]._replace(retracted=True), clock=clock)

    def adopt(self, *rules: Rule, clock: int | None = None) -> list[Told]:
        """From now on these rules, and only these."""
        self._next(clock)
        moment = Moment(f"e{self._events}", self.clock, ())
        keys = {key for key, _ in self.episodes}
        before = {key: (self._episodes(key), self._standing(key)) for key in keys}
        heard = {it.alert.alert_id: it.severities[0] for it in (one.message for one in self.told) if it.severities}
        return self._take(self.engine.adopt(rules, moment, self._all_standing(), before, heard))

    def restart(self) -> None:
        """The worker dies; the next one knows what the tables know."""
        self.engine = Engine("test", list(self.engine.rules.values()), list(self.reminders.items()))

    # -- what is there

    def members(self) -> dict[Key, list[Member]]:
        """The members of every group of every rule, in order."""
        found: dict[Key, list[Member]] = {}
        for rule in self.engine.rules.values():
            view, made = view_of(rule), members_for(rule) or (lambda it: [Member(it.at, it.number)])
            for it in self._all_standing():
                for group in view(it):
                    found.setdefault((rule.rule_id, group), []).extend(made(it))
        return {key: sorted(those) for key, those in found.items()}

    def folded(self) -> dict[str, Told]:
        """What a consumer knows: the newest message of each alert that stands for an episode."""
        newest = {it.message.alert.alert_id: it for it in self.told}
        return {key: it for key, it in newest.items() if it.message.state in (State.OPEN, State.RESOLVED)}

    def groups(self, rule: Rule, it: Incident) -> Sequence[Group]:
        """The groups of a rule that an incident belongs to."""
        return view_of(rule)(it)

    def _next(self, clock: int | None) -> None:
        self._events += 1
        self._before = self.clock
        self.clock = max(self.clock, self.clock if clock is None else clock)

    def _load(self, moments: Sequence[Moment]) -> None:
        self._touches = self.engine.touches(moments)
        wanted = self.engine.wanted(self._touches, self.clock)
        held = {key: Held(self._episodes(key), self._standing(key), {}) for key in wanted}
        Loading(self.engine, held, self._before, self._fetch).load(wanted)

    def _fetch(
        self, _timeline: str, rule: Rule, wanted: Mapping[Group, Collection[Stretch]]
    ) -> Mapping[Group, list[Member]]:
        stored = {group: self.members().get((rule.rule_id, group), []) for group in wanted}
        return {
            group: [it for it in stored[group] if any(after < it.at <= until for after, until in stretches)]
            for group, stretches in wanted.items()
        }

    def _apply(self, moments: Sequence[Moment]) -> list[Outcome]:
        outcomes = self.engine.apply(moments, self._touches)
        return [outcomes.get(place, Outcome([], [])) for place in range(len(moments))]

    def _take(self, outcome: Outcome) -> list[Told]:
        for rule, group, before, after, alerts in outcome.episodes:
            key = rule.rule_id, group
            for it in before:
                del self.episodes[key, it.opened_at]
            self.episodes |= {(key, it.opened_at): (it, alert) for it, alert in zip(after, alerts, strict=True)}
        for key, at in self.engine.reminders.items():
            self.reminders.pop(key, None)
            if at is not None:
                self.reminders[key] = at
        self.engine.reminders = {}
        self.told += outcome.told
        return outcome.told

    def _all_standing(self) -> list[Incident]:
        return [it for _, it in sorted(self.incidents.items()) if it.stands]

    def _episodes(self, key: Key) -> list[Episode]:
        return sorted(it for (known, _), (it, _) in self.episodes.items() if known == key)

    def _standing(self, key: Key) -> Standing:
        return {opened: alert for (known, opened), (_, alert) in self.episodes.items() if known == key}


def lines(said: Iterable[Told]) -> list[str]:
    """Messages as one line each."""
    return [line(it.message) for it in said]


def line(it: Message) -> str:
    """`raised watch open 3- to watch`: kind, severity, state, span, topics of severities, whether it is late."""
    end = "" if it.episode.ended_at is None else it.episode.ended_at
    words: Sequence[str] = (
        it.kind.value,
        it.episode.severity,
        it.state.value,
        f"{it.episode.opened_at}-{end}",
        *(("to", *it.severities) if it.severities else ()),
        *(("late",) if it.alert.late else ()),
    )
    return " ".join(words)
