"""Groups of rules come into memory from the tables, as far back as the events at hand touch them."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from projections.history import Held
from projections.rules.begin import Plan, Stretch, from_opening, plan_of, settled
from projections.rules.engine import Engine
from projections.rules.model import FOREVER, Group, Member, Rule
from projections.rules.outcome import Key


class Fetch(Protocol):
    """The members of a rule's groups in stretches of time, as the tables have them."""

    def __call__(
        self, timeline: str, rule: Rule, wanted: Mapping[Group, Collection[Stretch]]
    ) -> Mapping[Group, list[Member]]:
        """In order; every group that is wanted is there."""


class Loading(NamedTuple):
    """What it takes to load groups of a timeline. What the tables do not know yet, of groups in memory, stays."""

    engine: Engine
    held: Mapping[Key, Held]  # the episodes of the groups
    clock: int  # before the events at hand
    fetch: Fetch

    def load(self, wanted: Mapping[Key, int]) -> None:
        """Have groups in memory, from before the earliest instant of each that events touch."""
        for rule_id, rule in self.engine.rules.items():
            if those := {key: min(at, self.clock) for key, at in wanted.items() if key[0] == rule_id}:
                self._of_rule(rule, those)

    def _of_rule(self, rule: Rule, earliest: Mapping[Key, int]) -> None:
        plans = {key: plan_of(rule, self._held(key).episodes, at) for key, at in earliest.items()}
        whole = {key: from_opening(rule, opened) for key, opened in self._take(rule, plans).items()}
        if whole:
            self._take(rule, whole)

    def _take(self, rule: Rule, plans: Mapping[Key, Plan]) -> dict[Key, int]:
        """Load groups as planned; those for which there is no such beginning, and where their episode opened."""
        found = self.fetch(self.engine.timeline, rule, {key[1]: self._missing(key, it) for key, it in plans.items()})
        left: dict[Key, int] = {}
        for key, plan in plans.items():
            watch = self.engine.watch(key)
            members = sorted({*watch.members(), *found[key[1]]}) if watch else found[key[1]]
            begin = settled(rule, plan, members)
            if begin is not None:
                self.engine.load(key, members, self._held(key).standing, self.clock, begin)
            elif plan.begin.held is not None:
                left[key] = plan.begin.held.opened
        return left

    def _held(self, key: Key) -> Held:
        return self.held.get(key) or Held([], {}, {})  # never the same twice: what stands is kept up to date in it

    def _missing(self, key: Key, plan: Plan) -> Sequence[Stretch]:
        watch = self.engine.watch(key)
        end = watch.known_after if watch else FOREVER
        return [(after, min(until, end)) for after, until in plan.stretches if after < end]
