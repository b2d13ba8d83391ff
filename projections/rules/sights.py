"""What makes the value of a group, after an event and before it: messages name it as evidence. Looked up for them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from projections.rules.lines import Lines
from projections.rules.model import Member, Rule
from projections.rules.outcome import Sight
from projections.rules.proof import Proof
from projections.rules.spells import spell_of
from projections.rules.watch import Exchange, Watch
from projections.rules.words import Measure

ALONE: Final = (Measure.COUNT, Measure.SUM, Measure.SURGE)  # a member is evidence for a window, whatever others do


def sight_of(watch: Watch, exchanges: Sequence[Exchange]) -> Sight:
    """What a group looks like around an event that exchanged members of it."""

    def evidence(at: int) -> Proof:
        return watch.track().evidence(at)

    def stood(at: int) -> Proof:
        if watch.rule.measure is Measure.COUNT:
            return Proof(_undone(evidence(at).numbers, exchanges, watch.rule, at))
        before = {*watch.members()} - {new for _, new in exchanges if new} | {old for old, _ in exchanges if old}
        proof = Lines(watch.rule, (it for it in before if it.at >= watch.rule.since)).proof(at)
        return proof._replace(numbers=sorted(proof.numbers))

    return Sight(evidence, stood, lambda at: watch.track().value(at))


def touched(rule: Rule, exchanges: Sequence[Exchange], sight: Sight) -> Callable[[int], bool]:
    """Whether the evidence at an instant changed, which a member that moved does though it is the same incident."""
    moved = [it for pair in exchanges if pair[0] != pair[1] for it in pair if it is not None and it.at >= rule.since]
    if rule.measure in ALONE:
        return lambda at: any(spell_of(rule, it).covers(at) for it in moved)
    numbers = {it.number for it in moved}

    def changed(at: int) -> bool:
        before, after = sight.stood(at).numbers, sorted(sight.evidence(at).numbers)
        return before != after or not numbers.isdisjoint(after)

    return changed


def _undone(evidence: Iterable[int], exchanges: Sequence[Exchange], rule: Rule, at: int) -> list[int]:
    """The evidence at an instant as it was before an event, from what it is after it."""
    olds: list[Member] = [it for it, _ in exchanges if it is not None and it.at >= rule.since]
    new = {it.number for _, it in exchanges if it is not None}
    return sorted((set(evidence) - new) | {it.number for it in olds if spell_of(rule, it).covers(at)})
