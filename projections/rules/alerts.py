"""What people are told about episodes: the difference that one event made, alert by alert. DESIGN §8.

An old and a new episode are the same alert when they overlap: greatest overlap first, then the earliest. Two that are
both open overlap for ever; touching is no overlap. Each message carries the whole state of its alert after the event.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Final, NamedTuple

from projections.rules.model import FOREVER, Episode, Group, Rule
from projections.rules.words import Kind, Reason, State, Status, Updates

ALERTS: Final = "5b0f9f5a-6c0e-5d0b-9a53-3f0f6a1f2c11"  # namespace of alert ids
VARIANT: Final = "89ab89ab89ab89ab"  # by a hexadecimal digit: the bits that say whose UUID it is


@dataclass(frozen=True, slots=True)
class Alert:
    """What is remembered of an alert that stands for an episode."""

    alert_id: str
    raised_at: int  # µs; the clock when it was first told
    messages: int = 0  # told so far
    late: bool = False  # it was over when it was first told, or its rule was adopted while it was open

    @property
    def last_message(self) -> str | None:
        """The id of the newest; made of its number each time, for an alert is kept for long."""
        return named(self.alert_id, str(self.messages - 1)) if self.messages else None


Heard = Mapping[str, str]  # by id of an alert: the severity whose topic was told of it last; else none was
Standing = dict[int, Alert | None]  # by the opening of the episode; None: an episode that nobody was told of


class Message(NamedTuple):
    """One thing to tell about one alert."""

    kind: Kind
    alert: Alert  # after the message
    episode: Episode  # after the event; of a merged or cancelled alert, the last it stood for
    state: State
    severities: tuple[str, ...]  # whose topics it goes to, besides the one for everything
    references: tuple[str, ...]  # ids of the messages that it amends
    merged_into: str | None = None


class Cause(NamedTuple):
    """What one event did to one rule in one group."""

    rule: Rule
    timeline: str
    group: Group
    event_id: str
    clock: int  # µs; of the timeline, after the event
    reason: Reason
    amends: bool = False  # an incident that stood before stands differently now, or no more
    touches: Callable[[int], bool] = lambda _at: False  # whether the evidence at an instant changed
    was: Status | None = None  # of the rule that this one replaces
    heard: Heard | None = None  # None: the rule does not go on trial or leave it with this event

    @property
    def restates(self) -> bool:
        """Whether the rule has another status from now on."""
        return self.was not in {None, self.rule.status}

    def differing(self, these: Sequence[Episode], those: Sequence[Episode]) -> list[Episode]:
        """The episodes of these to look at: what those have not, and what is open under a rule of another status."""
        return [it for it in these if it not in those or (self.restates and it.ended_at is None)]


def named(space: str, name: str) -> str:
    """The UUID of a name in a namespace, version 5 (RFC 9562), as `uuid.uuid5` makes it in thrice the time."""
    said = sha1(bytes.fromhex(space.replace("-", "")) + name.encode(), usedforsecurity=False).hexdigest()
    return f"{said[:8]}-{said[8:12]}-5{said[13:16]}-{VARIANT[int(said[16], 16)]}{said[17:20]}-{said[20:32]}"


def tell(cause: Cause, standing: Standing, before: Sequence[Episode], after: Sequence[Episode]) -> list[Message]:
    """Bring `standing` to the episodes after an event; the messages, those that are gone first, then by opening."""
    if len(before) == len(after) == 1 and overlap(before[0], after[0]) > 0:  # the usual case
        messages = _go_on(cause, standing, before[0], after[0], standing.pop(before[0].opened_at))
    else:
        messages = _match(cause, standing, before, after)
    if cause.rule.status is Status.STABLE and cause.heard is None:
        return messages
    return [it._replace(severities=_hearing(cause, it)) for it in messages]


def _match(cause: Cause, standing: Standing, before: Sequence[Episode], after: Sequence[Episode]) -> list[Message]:
    """See which episodes go on as which."""
    pairs = _pair(before, after)
    continued = {new.opened_at: old for old, new in pairs.items()}
    stood = {it.opened_at: standing.pop(it.opened_at) for it in before}
    known = {at: stood[old.opened_at] for at, old in continued.items()}
    gone = [(it, stood[it.opened_at]) for it in before if it not in pairs]
    messages = [_gone(cause, alert, it, after, known) for it, alert in gone if alert is not None]
    for new in after:
        at = new.opened_at
        messages += _go_on(cause, standing, continued.get(at), new, known.get(at))
    return messages


def _go_on(cause: Cause, standing: Standing, old: Episode | None, new: Episode, alert: Alert | None) -> list[Message]:
    """Tell what became of an alert that people know, or raise one; it stands for its episode from now on."""
    messages = list[Message]()
    for kind in _kinds(cause, old, new, told_before=alert is not None):
        message = _message(kind, alert or _opened(cause, new), old, new)
        alert = message.alert
        messages.append(message)
    standing[new.opened_at] = alert
    return messages


def _hearing(cause: Cause, message: Message) -> tuple[str, ...]:
    """Whose topics hear of it where trial has to do with it: an experimental rule pages no one.

    As a rule goes on trial or leaves it, an alert is told where it was told before, which pages nobody anew; what is
    open as it leaves trial is told to its severity too.
    """
    trusted = cause.rule.status is Status.STABLE
    if cause.heard is None or not message.severities:
        return message.severities if trusted else ()
    before = cause.heard.get(message.alert.alert_id)
    now = message.episode.severity if trusted and message.state is State.OPEN else None
    return tuple(dict.fromkeys(it for it in (now, before) if it is not None))


def overlap(one: Episode, other: Episode) -> int:
    """How long two episodes run side by side, µs; two that are both open do for ever."""
    return min(_end(one), _end(other)) - max(one.opened_at, other.opened_at)


def _end(episode: Episode) -> int:
    return FOREVER if episode.ended_at is None else episode.ended_at


def _pair(before: Sequence[Episode], after: Sequence[Episode]) -> dict[Episode, Episode]:
    """Which episode after the event continues which before it."""
    overlaps = [(overlap(old, new), old, new) for old in before for new in after]
    overlaps.sort(key=lambda it: -it[0])  # of those that are as long, the earliest, which are in order
    pairs: dict[Episode, Episode] = {}
    taken: set[int] = set()
    for length, old, new in overlaps:
        if length > 0 and old not in pairs and new.opened_at not in taken:
            pairs[old] = new
            taken.add(new.opened_at)
    return pairs


def _opened(cause: Cause, episode: Episode) -> Alert:
    """A new alert: an event may raise several in a group, so the opening belongs to its id."""
    rule_id, late = cause.rule.rule_id, episode.ended_at is not None or cause.reason.adopts
    what = "\x1f".join((cause.timeline, rule_id, *cause.group, cause.event_id, str(episode.opened_at)))
    return Alert(named(ALERTS, what), cause.clock, late=late)


def _kinds(cause: Cause, old: Episode | None, new: Episode, *, told_before: bool) -> list[Kind]:
    if not told_before:
        if new.ended_at is None:
            return [Kind.RAISED]
        untold = cause.reason.adopts or old is not None  # over by then: kept, but nobody's news
        return [] if untold else [Kind.RAISED, Kind.RESOLVED]
    return _changed(cause, old, new) if old is not None else []


def _changed(cause: Cause, old: Episode, new: Episode) -> list[Kind]:
    """How an alert's life goes on; else whether the change is worth an update."""
    kinds = []
    if old.ended_at is not None and new.ended_at is None:
        kinds.append(Kind.REOPENED)
    if new.level > old.level:
        kinds.append(Kind.ESCALATED)
    if old.ended_at is None and new.ended_at is not None:
        kinds.append(Kind.RESOLVED)
    return kinds or ([Kind.UPDATED] if _worth_telling(cause, old, new) else [])


def _worth_telling(cause: Cause, old: Episode, new: Episode) -> bool:
    if cause.restates or (old.opened_at, old.ended_at, old.level) != (new.opened_at, new.ended_at, new.level):
        return True
    if cause.rule.updates is Updates.NONE or (cause.rule.updates is Updates.CORRECTIONS and not cause.amends):
        return False
    return old != new or cause.touches(new.peak_at)


def _message(kind: Kind, alert: Alert, old: Episode | None, new: Episode) -> Message:
    state = State.OPEN if new.ended_at is None else State.RESOLVED
    return _next(kind, alert, new, state, _paged(old, new))


def _gone(cause: Cause, alert: Alert, old: Episode, after: Sequence[Episode], known: Standing) -> Message:
    """An alert without an episode of its own: part of another alert now, or without ground."""
    heirs = [new for new in after if overlap(old, new) > 0]
    severities = _paged(old, None)
    if not heirs:
        return _next(Kind.CANCELLED, alert, old, State.CANCELLED, severities)
    heir = max(heirs, key=lambda new: (overlap(old, new), -new.opened_at))
    message, into = _next(Kind.RESOLVED, alert, old, State.MERGED, severities), known.get(heir.opened_at)
    return message._replace(merged_into=(into or _opened(cause, heir)).alert_id)


def _next(kind: Kind, alert: Alert, episode: Episode, state: State, severities: tuple[str, ...]) -> Message:
    told, last = Alert(alert.alert_id, alert.raised_at, alert.messages + 1, alert.late), alert.last_message
    return Message(kind, told, episode, state, severities, (last,) if last else ())


def _paged(old: Episode | None, new: Episode | None) -> tuple[str, ...]:
    """The severities whose topics hear of it: none of what was over before and is over after, both of a change."""
    told = [it for it in (old, new) if it is not None]
    if all(it.ended_at is not None for it in told):
        return ()
    return tuple(dict.fromkeys(it.severity for it in reversed(told)))
