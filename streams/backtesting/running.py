"""Rules over the past of a timeline, and beside them those that they are held against."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from projections import semantics
from projections.rules.backtest import Backtest, Story
from projections.rules.compiling import compile_rules
from projections.rules.model import Rule
from projections.rules.rivals import Pair, paired
from projections.rules.spec import Content
from projections.store.past import Past
from streams.collector import calm_collector

Moved = Callable[[int], None]  # records further


class Sets(NamedTuple):
    """What is tried on a timeline."""

    timeline: str
    projection_version: int  # that the timeline adopted: what its rules mean
    rules: Sequence[Content]
    adopted: Sequence[Content] | None = None  # to hold them against; None: nothing


class Period(NamedTuple):
    """When an alert was first told: [since, until), µs; what became of it later counts too. None: no bound."""

    since: int | None = None
    until: int | None = None

    def holds(self, at: int) -> bool:
        """Whether an instant lies in it."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


class Tried(NamedTuple):
    """What came of it."""

    timeline: str
    rules: Sequence[Rule]
    adopted: Sequence[Rule] | None
    events: int
    first: int  # µs; the clock after the first event
    last: int  # and after the last one
    pairs: Sequence[Pair]  # all alerts; none has an old one when there was nothing to hold them against

    @property
    def stories(self) -> list[Story]:
        """The alerts that the rules would have told."""
        return [it.new for it in self.pairs if it.new is not None]

    def within(self, period: Period) -> "Tried":
        """The same, of a period only."""
        pairs = [it for it in self.pairs if period.holds(it.told.raised_at)]
        first = self.first if period.since is None else max(self.first, period.since)
        last = self.last if period.until is None else min(self.last, period.until)
        return self._replace(pairs=pairs, first=first, last=max(first, last))


def tried(snapshot: Path, sets: Sets, moved: Moved = lambda _: None) -> Tried:
    """Try rules on all that a snapshot holds of a timeline.

    Raises:
        Unreadable: it is no snapshot of ours.
        ProjectionHalted: the timeline is of a projection version that this code does not know.
    """
    meant = semantics.of(sets.projection_version, sets.timeline)
    rules, old = (_compiled(meant, it) for it in (sets.rules, sets.adopted or ()))
    others = [it for it in old if it not in rules]  # what both have is tried once
    mine, theirs = Backtest(sets.timeline, rules), Backtest(sets.timeline, others)
    events, reached, clocks = 0, 0, list[int]()
    with calm_collector(), Past(snapshot, sets.timeline) as past:
        for end, moments in past.moments([*rules, *others]):
            for it in (mine, theirs):
                it.feed(moments)
            clocks += [it.clock for it in (*moments[:1], *moments[-1:])]
            moved(end - reached)
            events, reached = events + len(moments), end
        new = mine.stories()
        same = {rule.rule_id for rule in old if rule in rules}
        pairs = paired(new, [*(it for it in new if it.rule.rule_id in same), *theirs.stories()])
    adopted = None if sets.adopted is None else old
    return Tried(sets.timeline, rules, adopted, events, clocks[0], clocks[-1], pairs)  # it was opened at least


def _compiled(meant: semantics.Semantics, contents: Sequence[Content]) -> list[Rule]:
    return [meant.meaning(it) for it in compile_rules(contents)]
