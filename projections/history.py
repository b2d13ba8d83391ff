"""The versions of episodes: each is what was believed of one from an event on, until another closes it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from projections.rows import Row, group_key
from projections.rules.alerts import Standing
from projections.rules.model import Episode
from projections.rules.outcome import Key, Outcome

KNOWN_UNTIL: Final = 7  # its place in a row of `episode_versions`
Openings = dict[int, int]  # µs -> number of the version that is open


class Held(NamedTuple):
    """What the tables know of a group: its episodes, the alerts that stand for them, their open versions."""

    episodes: list[Episode]
    standing: Standing
    versions: Openings


class Turn(NamedTuple):
    """What one event did to the episodes of one group."""

    offset: int
    clock: int  # µs; after it
    timeline: str
    key: Key
    gone: list[int]  # openings of the versions that it closes
    come: list[Row]  # of those that it opens: from `opened_at` on


def turns(timeline: str, offset: int, clock: int, outcome: Outcome) -> Iterable[Turn]:
    """What an event did, group by group."""
    for rule, group, before, after, alerts in outcome.episodes:
        come: list[Row] = [
            (it.opened_at, it.ended_at, it.value, it.peak_at, it.severity, alert.alert_id if alert else None)
            for it, alert in zip(after, alerts, strict=True)
        ]
        yield Turn(offset, clock, timeline, (rule.rule_id, group), [it.opened_at for it in before], come)


class History:
    """The open versions of the groups in memory, and the number of the next one: they are numbered in log order."""

    def __init__(self, next_number: int) -> None:
        self._next = next_number
        self._open: dict[tuple[str, Key], Openings] = {}

    def load(self, timeline: str, those: Mapping[Key, Held]) -> None:
        """Take in groups as the tables have them."""
        self._open |= {(timeline, key): it.versions for key, it in those.items()}

    def forget(self, timeline: str, keys: Iterable[Key]) -> None:
        """Let go of groups."""
        for key in keys:
            self._open.pop((timeline, key), None)

    def written(self, those: Sequence[Turn]) -> tuple[list[Row], list[Row]]:
        """The versions that the events of a batch open, and (number, known_until) of the earlier ones they close."""
        first, opened, closed = self._next, list[Row](), list[Row]()
        for turn in sorted(those, key=lambda it: it.offset):
            here = self._open.setdefault((turn.timeline, turn.key), {})
            for number in [here.pop(at) for at in turn.gone]:
                if number < first:
                    closed.append((number, turn.clock))
                else:
                    row = opened[number - first]
                    opened[number - first] = (*row[:KNOWN_UNTIL], turn.clock, *row[KNOWN_UNTIL + 1 :])
            for at, *rest in turn.come:
                here[at] = self._next  # type: ignore[index]
                place = (turn.timeline, turn.key[0], group_key(turn.key[1]), at, turn.offset, turn.clock)
                opened.append((self._next, *place, None, *rest))
                self._next += 1
        return opened, closed
