"""From changed incidents to messages: the rules of each timeline over the steps of a batch. Pure but for `Groups`."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from events.model import ProjectionAdopted, RulesAdopted
from projections import semantics
from projections.batch import Batch
from projections.evidence import Evidences
from projections.fold import Change
from projections.history import Held, History, Turn, turns
from projections.incidents import Incident
from projections.loading import Loading
from projections.reading import Said
from projections.rows import Row, group_key
from projections.rules.begin import Stretch
from projections.rules.compiling import compile_rules
from projections.rules.engine import Engine
from projections.rules.messages import Place, body
from projections.rules.model import Group, Member, Rule
from projections.rules.outcome import Key, Moment, Outcome, Told
from projections.semantics import Semantics

TRACKS_KEPT: Final = 50_000  # groups in memory, about two kilobytes each


class Step(NamedTuple):
    """One applied event, and what it did."""

    offset: int
    event: Said
    clock: int  # µs; of its timeline, after it
    changes: Sequence[Change]


class Groups(Protocol):
    """What the tables know of groups, as of before the batch."""

    def in_force(self, timeline: str) -> tuple[list[Row], list[Rule]]:
        """The rows of the rules in force, and the rules."""

    def version(self, timeline: str) -> int:
        """The projection version of a timeline."""

    def reminders(self, timeline: str) -> list[tuple[Key, int]]:
        """When time alone can next change which groups."""

    def members(
        self, timeline: str, rule: Rule, wanted: Mapping[Group, Collection[Stretch]]
    ) -> Mapping[Group, list[Member]]:
        """The standing incidents of these groups of a rule in stretches of time that lie apart, in order."""

    def standing(self, timeline: str) -> Iterable[Incident]:
        """Every standing incident."""

    def alerts(self, timeline: str, keys: Collection[Key] | None) -> Mapping[Key, Held]:
        """The episodes of these groups, of all when None, and the alerts that stand for them."""

    def heard(self, timeline: str) -> Mapping[str, str]:
        """The severity whose topic was told last of an alert, by the alert's id, where any was."""

    def next_version(self) -> int:
        """The number that the next version of an episode gets."""

    def versions(self, numbers: Collection[int]) -> Mapping[int, tuple[str, int]]:
        """(incident_id, version) of incidents, by number."""


class Alerting:
    """The engines of a partition's timelines, each made when its first event comes."""

    def __init__(self, partition: int, groups: Groups) -> None:
        self._partition, self._groups = partition, groups
        self._engines: dict[str, Engine] = {}
        self._in_force: dict[str, list[Row]] = {}
        self._meant: dict[str, Semantics] = {}  # by the version of the timeline
        self._history = History(groups.next_version())
        self._evidence = Evidences()
        self._pages = Pages(partition, groups, {}, self._evidence)  # of the batch at hand

    def evaluate(self, steps: Sequence[Step], batch: Batch, clocks: Mapping[str, int]) -> None:
        """Put the messages that these steps lead to into the batch. `clocks` are the timelines' before the batch."""
        by_timeline: dict[str, list[Step]] = defaultdict(list)
        for step in steps:
            by_timeline[step.event.timeline].append(step)
        for timeline, those in by_timeline.items():
            self._timeline(timeline, those, clocks.get(timeline, 0))
        batch.rows["alert_messages"] += self._pages.messages(steps)

    def close(self, batch: Batch, *, stays: bool) -> None:
        """Put all else that its steps led to into the batch, which ends.

        Args:
            batch: the one at hand.
            stays: what is known of it, and of groups, is needed on: others come before the tables have it.
        """
        self._pages.into(batch, self._history)
        self._pages = Pages(self._partition, self._groups, self._pages.now if stays else {}, self._evidence)
        if not stays:
            for timeline, engine in self._engines.items():
                self._history.forget(timeline, engine.forget(TRACKS_KEPT))

    def next_due(self) -> dict[str, int | None]:
        """When time alone can next change something, of the timelines that had an event since the file was opened."""
        return {timeline: engine.next_due() for timeline, engine in self._engines.items()}

    def _timeline(self, timeline: str, steps: Sequence[Step], clock: int) -> None:
        engine, pages = self._engine(timeline), self._pages
        moments = [Moment(step.event.event_id, step.clock, step.changes) for step in steps]
        if isinstance(steps[0].event.fact, RulesAdopted | ProjectionAdopted):
            (step,), (moment,) = steps, moments
            pages.take(step, self._adopt(step, moment, engine))
        else:
            touches = engine.touches(moments)
            self._load(engine, engine.wanted(touches, moments[-1].clock), clock)
            for place, outcome in engine.apply(moments, touches).items():
                pages.take(steps[place], outcome)
        pages.remind(timeline, engine.reminders)
        engine.reminders = {}

    def _engine(self, timeline: str) -> Engine:
        engine = self._engines.get(timeline)
        if engine is None:
            self._in_force[timeline], rules = self._groups.in_force(timeline)
            self._meant[timeline] = semantics.of(self._groups.version(timeline), timeline)
            meant = self._meaning(timeline, rules)
            engine = self._engines[timeline] = Engine(timeline, meant, self._groups.reminders(timeline))
        return engine

    def _load(self, engine: Engine, wanted: Mapping[Key, int], clock: int) -> None:
        if not wanted:
            return
        alerts = self._groups.alerts(engine.timeline, wanted)
        self._history.load(engine.timeline, {key: it for key, it in alerts.items() if engine.watch(key) is None})
        Loading(engine, alerts, clock, self._groups.members).load(wanted)

    def _adopt(self, step: Step, moment: Moment, engine: Engine) -> Outcome:
        """One diff: other rules under the same semantics, or the same rules under others."""
        fact, timeline = step.event.fact, step.event.timeline
        if isinstance(fact, ProjectionAdopted):
            self._meant[timeline] = semantics.of(fact.projection_version, timeline)
            _, rules = self._groups.in_force(timeline)
        else:
            assert isinstance(fact, RulesAdopted)  # noqa: S101
            rules = compile_rules(fact.rules)
            self._in_force[timeline] = self._pages.adopt(step, rules, self._in_force[timeline])
        self._history.load(timeline, before := self._groups.alerts(timeline, None))
        episodes = {key: (it.episodes, it.standing) for key, it in before.items()}
        standing, heard = self._groups.standing(timeline), self._groups.heard(timeline)
        return engine.adopt(self._meaning(timeline, rules), moment, standing, episodes, heard)

    def _meaning(self, timeline: str, rules: Sequence[Rule]) -> list[Rule]:
        return [self._meant[timeline].meaning(rule) for rule in rules]


class Pages:
    """The rows of rules, episodes, alerts and messages that a batch leaves behind; it may grow, step by step."""

    def __init__(self, partition: int, groups: Groups, earlier: dict[int, Incident], evidence: Evidences) -> None:
        self._partition, self._groups, self._evidence = partition, groups, evidence
        self._earlier = earlier  # those of the batch before, which the tables may lack
        self.now: dict[int, Incident] = {}  # those of this batch, as of the step at hand
        self._told: dict[int, list[Told]] = {}  # by offset; of which no message is made yet
        self._turns: list[Turn] = []
        self._alerts: dict[str, Row] = {}
        self._due: dict[tuple[str, str, str], Row] = {}
        self._rules: list[Row] = []

    def take(self, step: Step, outcome: Outcome) -> None:
        """Note what one event led to."""
        if outcome.told:
            self._told[step.offset] = outcome.told
        self._turns += turns(step.event.timeline, step.offset, step.clock, outcome)

    def adopt(self, step: Step, rules: Sequence[Rule], in_force: Sequence[Row]) -> list[Row]:
        """Note the rules that are adopted and retired; the rows of those in force from now on."""
        kept = {row[7]: row[:4] for row in in_force}
        new = (step.event.timeline, step.offset, step.clock)
        now: list[Row] = [
            (*kept.get(rule.content_hash, (new[0], rule.rule_id, *new[1:])), None, place, *_content(rule))
            for place, rule in enumerate(rules)
        ]
        still = {row[:3] for row in now}
        retired = [(*row[:4], step.clock, *row[5:]) for row in in_force if row[:3] not in still]
        self._rules += [*retired, *now]
        return now

    def remind(self, timeline: str, reminders: Mapping[Key, int | None]) -> None:
        """Note when time alone can next change something."""
        for (rule_id, group), at in reminders.items():
            key = timeline, rule_id, group_key(group)
            self._due[key] = (*key, at)

    def messages(self, steps: Sequence[Step]) -> list[Row]:
        """The messages of these events, in order of (offset, seq)."""
        now, earlier, those, self._told = self.now, self._earlier, self._told, {}
        evidence = {
            step.offset: [self._evidence.of(step.event.timeline, it) for it in those[step.offset]]
            for step in steps
            if step.offset in those
        }
        named = {number for several in evidence.values() for it in several for number in it.named()}
        unknown = [number for number in named if number not in now and number not in earlier]
        stored = self._groups.versions(unknown) if unknown else {}

        def version(number: int) -> tuple[str, int]:
            it = now.get(number) or earlier.get(number)
            return (it.incident_id, it.version) if it is not None else stored[number]

        rows = []
        for step in steps:
            for change in step.changes:
                now[change.after.number] = change.after
                if change.before is not None:
                    self._evidence.changed(step.event.timeline, change.after.number)
            for seq, told in enumerate(those.get(step.offset, ())):
                message_id = told.message.alert.last_message
                behind = evidence[step.offset][seq].written(version)
                rows.append(self._message(step, (step.offset, seq, message_id), told, behind))
                self._alerts[told.message.alert.alert_id] = (*_alert(step, told), message_id)
        self._evidence.trim()
        return rows

    def into(self, batch: Batch, history: History) -> None:
        """Write all but the messages into the batch."""
        opened, batch.closed = history.written(self._turns)
        batch.rows["episode_versions"] += opened
        for table, rows in (("alerts", self._alerts.values()), ("due", self._due.values()), ("rules", self._rules)):
            batch.rows[table] += rows

    def _message(self, step: Step, key: Row, told: Told, behind: dict[str, Any]) -> Row:
        it, timeline = told.message, step.event.timeline
        place = Place(timeline, step.event.event_id, self._partition, step.offset, step.clock)
        topics = ",".join(["alerts", *(f"alerts.{severity}" for severity in it.severities)])
        about = (it.alert.alert_id, timeline, told.rule.rule_id)
        said = (group_key(told.group), it.kind.value, it.episode.severity, it.state.value, topics, step.clock)
        return (*key, *about, *said, json.dumps(body(told, behind, place), ensure_ascii=False))


def _content(rule: Rule) -> Row:
    return rule.title, rule.content_hash, rule.content


def _alert(step: Step, told: Told) -> Row:
    it, alert = told.message, told.message.alert
    key = (alert.alert_id, step.event.timeline, told.rule.rule_id, group_key(told.group), it.state.value)
    span = (it.episode.severity, it.episode.opened_at, it.episode.ended_at, it.episode.value, alert.late)
    return (*key, *span, alert.raised_at, step.clock, alert.messages)
