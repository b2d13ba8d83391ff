"""Two sets of rules over the same past: which of their alerts are about the same, and how they differ. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from projections.rules.backtest import Story
from projections.rules.model import Group


class Fate(StrEnum):
    """What would become of an alert if the one set took the place of the other."""

    APPEARS = "appears"
    VANISHES = "vanishes"
    EARLIER = "earlier"
    LATER = "later"
    CHANGED = "changed"  # told at the same time, but its severity, its span or its value is another one
    SAME = "same"


class Pair(NamedTuple):
    """An alert of the new rules and the one of the old that is about the same, one of them at least."""

    new: Story | None
    old: Story | None

    @property
    def told(self) -> Story:
        """The new one; the old, where there is none."""
        it = self.new or self.old
        assert it is not None  # noqa: S101  (one of them is there)
        return it

    @property
    def lead(self) -> int | None:
        """How much sooner the new one is told, µs; negative: later. None: there are no two."""
        return self.old.raised_at - self.new.raised_at if self.new is not None and self.old is not None else None

    @property
    def fate(self) -> Fate:
        """How they differ."""
        if self.new is None or self.old is None:
            return Fate.APPEARS if self.new is not None else Fate.VANISHES
        if self.lead:
            return Fate.EARLIER if self.lead > 0 else Fate.LATER
        return Fate.SAME if _seen(self.new) == _seen(self.old) else Fate.CHANGED


def _seen(it: Story) -> tuple[object, ...]:
    return it.level, it.state, it.span


def paired(new: Sequence[Story], old: Sequence[Story]) -> list[Pair]:
    """Every alert of both, in order of when it would first be told.

    Two are about the same if their rules have one id and one `by`, their groups are one, and they were raised as one
    alert or what they were told to be about lies one over the other in world time: those that do so longest first, of
    as long ones those that were told sooner after one another.
    """
    theirs = _by_group(old)
    mine = _by_group(new)
    found = [pair for key in {**mine, **theirs} for pair in _of_group(mine.get(key, []), theirs.get(key, []))]
    return sorted(found, key=lambda it: it.told.raised_at)


def _by_group(those: Iterable[Story]) -> dict[tuple[str, tuple[str, ...], Group], list[Story]]:
    found = defaultdict(list)
    for it in those:
        found[it.rule.rule_id, it.rule.by, it.group].append(it)
    return found


def _of_group(new: Sequence[Story], old: Sequence[Story]) -> Iterator[Pair]:
    named = {it.alert_id: it for it in old}
    pairs = {it.alert_id: named[it.alert_id] for it in new if it.alert_id in named}
    taken = set(pairs)
    near = sorted(_overlapping([it for it in new if it.alert_id not in pairs], old), key=_closeness)
    for _, one, other in near:
        if one.alert_id not in pairs and other.alert_id not in taken:
            pairs[one.alert_id] = other
            taken.add(other.alert_id)
    yield from (Pair(it, pairs.get(it.alert_id)) for it in new)
    yield from (Pair(None, it) for it in old if it.alert_id not in taken)


def _closeness(it: tuple[int, Story, Story]) -> tuple[int, int]:
    length, one, other = it
    return -length, abs(one.raised_at - other.raised_at)


class _Matter(NamedTuple):
    """What an alert was told to be about, [opened, ended) in µs."""

    opened: int
    ended: int
    story: Story


def _overlapping(new: Iterable[Story], old: Iterable[Story]) -> Iterator[tuple[int, Story, Story]]:
    """Which lie one over the other, and for how long; both are gone through once, by their opening."""
    waiting = sorted((_Matter(*it.about, it) for it in new), key=_opening, reverse=True)
    under: list[_Matter] = []  # those of `new` that opened by now and are not over
    for it in sorted((_Matter(*it.about, it) for it in old), key=_opening):
        while waiting and waiting[-1].opened < it.ended:
            under.append(waiting.pop())
        under = [one for one in under if one.ended > it.opened]
        for one in under:
            if (length := min(one.ended, it.ended) - max(one.opened, it.opened)) > 0:
                yield length, one.story, it.story


def _opening(it: _Matter) -> int:
    return it.opened
