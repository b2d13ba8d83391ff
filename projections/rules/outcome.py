"""What an event does to the rules: the groups it touches, and what follows for them."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from projections.fold import Change
from projections.rules.alerts import Alert, Cause, Heard, Message
from projections.rules.lines import Lines
from projections.rules.model import Bounds, Episode, Group, Member, Rule
from projections.rules.proof import Numbers, Proof
from projections.rules.words import Reason, State, Status

FINAL: Final = (State.CANCELLED, State.MERGED)
Key = tuple[str, Group]  # rule id and group


class Moment(NamedTuple):
    """One event, and what it did."""

    event_id: str
    clock: int  # µs; of the timeline, after it
    changes: Sequence[Change]


class Told(NamedTuple):
    """A message, and what it says besides."""

    rule: Rule
    group: Group
    reason: Reason
    message: Message
    value_now: int  # V at the clock
    evidence: Numbers  # of the incidents that make the value at the peak
    bounds: Bounds | None = None  # of that value, if it is a sum


class Sight(NamedTuple):
    """What a group looks like around an event."""

    evidence: Callable[[int], Proof]  # what makes the value at an instant, after it
    stood: Callable[[int], Proof]  # what made it before
    value: Callable[[int], int]  # V at an instant, after it
    stood_under: Rule | None = None  # the rule before it, where the event replaced that one


def said(cause: Cause, message: Message, sight: Sight) -> Told:
    """What a message says besides: of an alert that is gone, what it stood on and under, not what is left of that."""
    gone, peak = message.state in FINAL, message.episode.peak_at
    evidence, bounds = (sight.stood if gone else sight.evidence)(peak)
    if gone and sight.stood_under is not None:
        return Told(sight.stood_under, cause.group, cause.reason, message, 0, evidence, bounds)
    now = sight.value(cause.clock)
    return Told(cause.rule, cause.group, cause.reason, message, now, evidence, bounds)


class Earlier(NamedTuple):
    """A group under the rule that another replaces, where there was one."""

    rule: Rule | None
    members: Sequence[Member]  # in order; none when the rule stays
    heard: Heard

    @property
    def status(self) -> Status | None:
        """How far it was to be trusted."""
        return self.rule.status if self.rule is not None else None

    def heard_before(self, now: Rule) -> Heard | None:
        """Which topics know its alerts, if the rule goes on trial or leaves it."""
        return self.heard if self.status not in {None, now.status} else None

    def reason(self, now: Rule) -> Reason:
        """Why the rule is another one now: it means something else when it still says the same."""
        means = self.rule is not None and self.rule != now and self.rule.content_hash == now.content_hash
        return Reason.PROJECTION if means else Reason.RULES

    def evidence(self, at: int) -> Proof:
        """What made the value at an instant."""
        rule = self.rule
        return Lines(rule, [it for it in self.members if it.at >= rule.since]).proof(at) if rule else Proof([])


class Turned(NamedTuple):
    """The episodes of a group that one event changed."""

    rule: Rule
    group: Group
    before: Sequence[Episode]
    after: Sequence[Episode]
    alerts: Sequence[Alert | None]  # that stand for those after


class Outcome(NamedTuple):
    """What an event changed, in order of rule and group: messages, and the episodes before and after it."""

    told: list[Told]
    episodes: list[Turned]
