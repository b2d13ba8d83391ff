"""What a rule says, and what it is asked of.

Instants and durations are whole microseconds here (instants since the epoch, UTC): the evaluator compares millions.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, NamedTuple

from projections.rules.words import Measure, Status, Updates

FOREVER: Final = 1 << 62  # µs; later than any instant: the end of a spell without end
SEVERITIES: Final = ("watch", "warning", "critical")
Group = tuple[str, ...]  # the values of a rule's `by`, in its order; () is the whole timeline
Filter = tuple[tuple[str, frozenset[str]], ...]  # field of an incident -> any of these values

Amounts = tuple[tuple[str, str, int], ...]  # quantity (`munitions`, `wounded.us`), one of >= > <= < =, number


class Bounds(NamedTuple):
    """A quantity by its bounds, or a sum of several; a bound that is not stated is the next lower one that is."""

    low: int
    best: int
    high: int
    best_fell: int  # quantities whose best is not stated, so that `best` is at least so much
    high_fell: int


class Member(NamedTuple):
    """A standing incident as one rule sees it; members are ordered by (at, number, value)."""

    at: int  # µs; its earliest instant
    number: int  # of the incident
    value: str = ""  # of the field whose values are told apart; an incident of several is as many members
    weight: int = 1  # what it adds to a sum, else 1
    bounds: Bounds | None = None  # of the quantity that is summed, of which the weight is one


@dataclass(frozen=True, slots=True)
class Rule:
    """When a group is worth telling about."""

    rule_id: str
    levels: tuple[int, ...]  # strictly rising; the first opens an episode. In units of the measure; of silence: µs
    severities: tuple[str, ...] = SEVERITIES  # of the levels, in their order
    window: int = FOREVER  # µs; half-open (t - window, t]; FOREVER: everything since `since`
    since: int = -FOREVER  # µs; inclusive
    by: tuple[str, ...] = ()
    where: Filter = ()
    excluded: Filter = ()
    amounts: Amounts = ()  # all of which an incident must have
    excluded_amounts: Amounts = ()  # none of which it may have
    measure: Measure = Measure.COUNT
    of: str = ""  # the quantity that is summed, or the field whose values are told apart
    bound: str = "best"  # of quantities: low, best or high
    preceding: int = 4  # windows that a surge is held against
    learn_until: int = -FOREVER  # µs; of `new`: values are learned before it, and told from it on
    clear: int | None = None  # `clear_below`, at most the first level, which is the default
    keep_firing: int = 0  # µs
    updates: Updates = Updates.CORRECTIONS
    title: str = ""
    annotations: tuple[tuple[str, str], ...] = ()  # name, template
    status: Status = Status.STABLE
    labels: tuple[tuple[str, str], ...] = ()
    content_hash: str = ""  # sha256 of the normalised content
    content: str = "{}"  # the normalised content, as JSON

    @property
    def reach(self) -> int:
        """How long after its instant a member can have a part in V, µs; FOREVER also where those before it matter."""
        if self.measure in (Measure.NEW, Measure.SILENCE) or self.window == FOREVER:
            return FOREVER
        return self.window * (self.preceding + 1 if self.measure is Measure.SURGE else 1)

    @property
    def unit(self) -> int:
        """What 1 is, in messages: one of the measure, but a second of silence, whose V is µs."""
        return 1_000_000 if self.measure is Measure.SILENCE else 1

    @property
    def clear_below(self) -> int:
        """The value under which an episode ends."""
        return self.levels[0] if self.clear is None else self.clear

    def level(self, value: int) -> int:
        """The rank among `SEVERITIES`, from 1, of the highest threshold that `value` reaches; 0 for none."""
        reached = bisect_right(self.levels, value)
        return SEVERITIES.index(self.severities[reached - 1]) + 1 if reached else 0

    def threshold(self, level: int) -> int:
        """The threshold of a level, or of the next lower one that the rule has."""
        ranks = [SEVERITIES.index(severity) + 1 for severity in self.severities[: len(self.levels)]]
        return self.levels[max(bisect_right(ranks, level) - 1, 0)]


class Episode(NamedTuple):
    """An unbroken span in which a rule holds for a group: [opened_at, ended_at)."""

    opened_at: int
    ended_at: int | None  # None: not over by the clock
    value: int  # the greatest in the span
    peak_at: int  # the first change point that has it
    level: int  # of `value`; a rank among SEVERITIES, from 1

    @property
    def severity(self) -> str:
        """The name of its level."""
        return SEVERITIES[self.level - 1]
