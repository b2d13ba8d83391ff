"""What rules would have told, had they been in force from the beginning, and what is known of it today. Pure.

The engine is that of the worker, fed with the same events; nothing is written, nothing is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from projections.rules.engine import Engine
from projections.rules.model import FOREVER, Episode, Group, Rule
from projections.rules.outcome import FINAL, Key, Moment, Told, Turned
from projections.rules.words import Kind, State


class Heard(NamedTuple):
    """A message as it would have been told."""

    clock: int  # µs
    kind: Kind
    state: State
    episode: Episode  # as it was believed to be then
    late: bool
    merged_into: str | None


@dataclass(slots=True)
class Story:
    """An alert: what would have been told of it, and what it turned out to be."""

    alert_id: str
    rule: Rule
    group: Group
    heard: list[Heard] = field(default_factory=list)
    hindsight: Episode | None = None  # that it stands for, by all that is known today

    @property
    def raised_at(self) -> int:
        """The clock when it was first told, µs."""
        return self.heard[0].clock

    @property
    def state(self) -> State:
        """What became of it."""
        return self.heard[-1].state

    @property
    def level(self) -> int:
        """The highest level that was told; a rank among SEVERITIES, from 1."""
        return max(it.episode.level for it in self.heard)

    @property
    def span(self) -> Episode:
        """What it is about, by all that is known; of one that is gone, as it was told last."""
        return self.hindsight or self.heard[-1].episode

    @property
    def about(self) -> tuple[int, int]:
        """The world time that it was told to be about, [from, to) in µs, while it was about what it was raised for.

        An episode moves on when it has nothing of what was known of it then: late reports put an end to the silence
        that an alert was raised for, and it stands for one of today. As told, the first lasted until then.
        """
        first = self.heard[0]
        opened, known = first.episode.opened_at, first.clock + 1  # what is open is known up to the clock, inclusive
        so_far = _end(first.episode, known)
        kept, until = [first.episode], FOREVER
        for it in self.heard[1:]:
            if it.state in FINAL or it.episode.opened_at >= so_far or _end(it.episode) <= opened:
                until = it.clock
                break
            kept.append(it.episode)
        return min(it.opened_at for it in kept), min(_end(kept[-1]), until)

    @property
    def gone(self) -> bool:
        """Whether there was no such episode after all."""
        return self.state in FINAL

    def spoken(self) -> list[tuple[int, int | None]]:
        """From when to when it was told to be open, µs, a pair each time; None: it still is.

        One that was over when it was first told is a moment.
        """
        spans: list[tuple[int, int | None]] = []
        for it in self.heard:
            opened = bool(spans) and spans[-1][1] is None
            if it.state is State.OPEN and not opened:
                spans.append((it.clock, None))
            elif it.state is not State.OPEN:
                if not opened and not spans:
                    spans.append((it.clock, it.clock))
                elif opened:
                    spans[-1] = (spans[-1][0], it.clock)
        return spans


def _end(it: Episode, of_open: int = FOREVER) -> int:
    return of_open if it.ended_at is None else it.ended_at


class Backtest:
    """Rules over a timeline's past; nothing of it was known before the first event."""

    def __init__(self, timeline: str, rules: Sequence[Rule]) -> None:
        self._engine, self.clock = Engine(timeline, rules), 0
        self._stories: dict[str, Story] = {}
        self._episodes: dict[Key, dict[int, tuple[Episode, str]]] = {}  # by opening; with the id of its alert

    def feed(self, moments: Sequence[Moment]) -> None:
        """Go through the next events, in log order."""
        if not moments or not self._engine.rules:
            return
        engine = self._engine
        touches = engine.touches(moments)
        for key in engine.wanted(touches, moments[-1].clock):
            engine.load(key, (), {}, self.clock)  # what nothing touched yet has no members
        for place, outcome in engine.apply(moments, touches).items():
            for told in outcome.told:
                self._hear(told, moments[place].clock)
            for turned in outcome.episodes:
                self._turn(turned)
        engine.reminders = {}  # nobody keeps them
        self.clock = moments[-1].clock

    def _hear(self, told: Told, clock: int) -> None:
        it = told.message
        alert_id = it.alert.alert_id
        story = self._stories.get(alert_id)
        if story is None:
            story = self._stories[alert_id] = Story(alert_id, told.rule, told.group)
        story.heard.append(Heard(clock, it.kind, it.state, it.episode, it.alert.late, it.merged_into))

    def _turn(self, it: Turned) -> None:
        here = self._episodes.setdefault((it.rule.rule_id, it.group), {})
        for old in it.before:
            here.pop(old.opened_at, None)
        for new, alert in zip(it.after, it.alerts, strict=True):
            if alert is not None:
                here[new.opened_at] = new, alert.alert_id

    def stories(self) -> list[Story]:
        """All alerts so far, in the order in which they were first told, each with what it stands for by now."""
        for story in self._stories.values():
            story.hindsight = None
        for here in self._episodes.values():
            for episode, alert_id in here.values():
                self._stories[alert_id].hindsight = episode
        return list(self._stories.values())
