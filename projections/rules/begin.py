"""From where on a group is looked at: most events touch the last days, and a group may have years of members.

What lies before a quiet instant, in no episode, has no part in what comes after it. In an episode an instant will do
where V is at the lowest level, so that it surely holds there, and which is after the peak, which the tables know. All
that events touch must lie later.
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from projections.rules.durations import UNITS
from projections.rules.lines import Lines
from projections.rules.model import FOREVER, Episode, Member, Rule
from projections.rules.spells import changes_of

SLACK: Final = 30 * UNITS["d"]  # µs; told so late, a member is still among those that are in memory

Stretch = tuple[int, int]  # of members: (after, until], µs


class Peak(NamedTuple):
    """The episode that holds at a beginning, as far as it is before it."""

    opened: int
    value: int
    at: int  # the first change point that has the value


class Begin(NamedTuple):
    """Changes after `at` can be judged; all before it is over, but for what `held` says."""

    at: int = -FOREVER
    held: Peak | None = None


class Plan(NamedTuple):
    """Where to begin, and which members that takes."""

    begin: Begin
    stretches: Sequence[Stretch]
    before: int = FOREVER  # what holds at the beginning is over by then, or something is touched


WHOLE: Final = Begin()


def plan_of(rule: Rule, episodes: Sequence[Episode], earliest: int) -> Plan:
    """Where to begin if nothing before `earliest` is touched.

    Args:
        rule: of the group.
        episodes: of the group, in order.
        earliest: at most the clock.
    """
    at = earliest - 1 - SLACK
    if rule.reach == FOREVER:
        return Plan(WHOLE, ((-FOREVER, FOREVER),))
    near = max((it for it in episodes if it.opened_at <= at), default=None)
    if near is None or (near.ended_at is not None and near.ended_at + rule.keep_firing <= at):
        return Plan(Begin(at), ((at - rule.reach, FOREVER),))
    begin = Begin(max(at, near.peak_at), Peak(near.opened_at, near.value, near.peak_at))
    before = min(earliest, FOREVER if near.ended_at is None else near.ended_at)
    return Plan(begin, _with_proof(begin.at - rule.reach, near.peak_at, rule.window), before)


def from_opening(rule: Rule, opened: int) -> Plan:
    """Where to begin in order to have an episode whole."""
    return Plan(Begin(opened - 1), ((opened - 1 - rule.reach, FOREVER),))


def settled(rule: Rule, plan: Plan, members: Collection[Member]) -> Begin | None:
    """The beginning, moved to where V surely is at the lowest level; None: nowhere within the episode that holds."""
    begin = plan.begin
    if begin.held is None:
        return begin
    since = max(begin.at - rule.reach + 1, rule.since)
    value = 0
    for at, delta in changes_of(Lines(rule, [it for it in members if it.at >= since]).spells()):
        value += delta
        if at >= plan.before:
            break
        if at > begin.at and value >= rule.levels[0]:
            return Begin(at, begin.held)
    return None


def _with_proof(after: int, peak_at: int, window: int) -> Sequence[Stretch]:
    """The members after an instant, and those that make the peak: messages name them."""
    proof = peak_at - window, min(peak_at, after)
    return (proof, (after, FOREVER)) if proof[0] < proof[1] else ((after, FOREVER),)
