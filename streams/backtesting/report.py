"""What a backtest found, as plain values: what `--json` prints, and what tables are made of. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, Final

from events.values import instant, iso
from projections.rules.backtest import Heard, Story
from projections.rules.model import SEVERITIES, Episode, Rule
from projections.rules.rivals import Fate, Pair
from projections.rules.words import Measure, State
from streams.backtesting.running import Tried

Object = dict[str, Any]
WEEK: Final = 604_800_000_000  # µs
SECOND: Final = 1_000_000  # µs


def report(found: Tried) -> Object:
    """All of it, as one object."""
    return {
        "timeline": found.timeline,
        "events": found.events,
        "from": _iso(found.first),
        "to": _iso(found.last),
        "rules": summaries(found),
        "alerts": [alert(it, found) for it in found.pairs],
    }


# -- rule by rule


def summaries(found: Tried) -> list[Object]:
    """What each rule would have told; what only the adopted rules have comes last."""
    rules = {it.rule_id: it for it in (*(found.adopted or ()), *found.rules)}
    order = dict.fromkeys([it.rule_id for it in found.rules] + list(rules))
    return [_summary(rules[name], [it for it in found.pairs if it.told.rule.rule_id == name], found) for name in order]


def _summary(rule: Rule, pairs: Sequence[Pair], found: Tried) -> Object:
    stories = [it.new for it in pairs if it.new is not None]
    weeks = (found.last - found.first) / WEEK
    return {
        "rule": rule.rule_id,
        "title": rule.title,
        "content_hash": rule.content_hash,
        "alerts": len(stories),
        **_levels(it.level for it in stories),
        "per_week": round(len(stories) / weeks, 2) if weeks else None,
        "late": sum(it.heard[0].late for it in stories),
        **{str(state): sum(it.state is state for it in stories) for state in State},
        "hindsight": _levels(it.hindsight.level for it in stories if it.hindsight is not None),
        "delay_s": _median(_delay(it) for it in stories),
        **({"against": _against(pairs)} if found.adopted is not None else {}),
    }


def _levels(those: Iterable[int]) -> dict[str, int]:
    counts = Counter(those)
    return {name: counts[level] for level, name in enumerate(SEVERITIES, 1)}


def _against(pairs: Sequence[Pair]) -> Object:
    fates = Counter(it.fate for it in pairs)
    leads = (it.lead // SECOND for it in pairs if it.lead)
    return {**{str(fate): fates[fate] for fate in Fate}, "lead_s": _median(leads)}


def _delay(it: Story) -> int | None:
    """From when it opened, by all that is known, until somebody was told, in seconds."""
    return None if it.hindsight is None else (it.raised_at - it.hindsight.opened_at) // SECOND


def _median(those: Iterable[int | None]) -> int | None:
    known = [it for it in those if it is not None]
    return round(median(known)) if known else None


# -- alert by alert


def alert(it: Pair, found: Tried) -> Object:
    """One alert, as it would have been told and as it is known today; of one that vanishes, as the adopted rules do."""
    against = {} if found.adopted is None else {"against": _compared(it)}
    return {**_alert(it.told), **against}


def _alert(it: Story) -> Object:
    return {
        "rule": it.rule.rule_id,
        "group": dict(zip(it.rule.by, it.group, strict=True)),
        "alert_id": it.alert_id,
        "severity": SEVERITIES[it.level - 1],
        "state": str(it.state),
        "late": it.heard[0].late,
        "raised_at": _iso(it.raised_at),
        "messages": [_heard(one, it.rule) for one in it.heard],
        "hindsight": None if it.hindsight is None else _episode(it.hindsight, it.rule),
        "delay_s": _delay(it),
    }


def _heard(it: Heard, rule: Rule) -> Object:
    said = {"known_at": _iso(it.clock), "kind": str(it.kind), "state": str(it.state)}
    return {**said, **_episode(it.episode, rule), "merged_into": it.merged_into}


def _episode(it: Episode, rule: Rule) -> Object:
    """The value of silence is in seconds, as in messages."""
    ended = None if it.ended_at is None else _iso(it.ended_at)
    span = {"opened_at": _iso(it.opened_at), "ended_at": ended, "severity": it.severity}
    unit = {"unit": "s"} if rule.measure is Measure.SILENCE else {}
    return {**span, "value": it.value // rule.unit, **unit, "peak_at": _iso(it.peak_at)}


def _compared(it: Pair) -> Object:
    old = it.old
    theirs = None
    if old is not None:
        known = {"alert_id": old.alert_id, "raised_at": _iso(old.raised_at), "state": str(old.state)}
        theirs = {**known, "severity": SEVERITIES[old.level - 1]}
    return {"is": str(it.fate), "lead_s": None if it.lead is None else it.lead // SECOND, "adopted": theirs}


def chosen(found: Tried, those: Sequence[Pair]) -> list[Object]:
    """Some of the alerts."""
    return [alert(it, found) for it in those]


def _iso(at: int) -> str:
    return iso(instant(at))
