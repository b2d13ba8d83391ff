"""A group of a rule explained from the snapshots: its incidents, and what `rules.explaining` says of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from events.values import instant, iso, micros
from projections.incidents import Incident
from projections.rows import group_key
from projections.rules.compiling import compile_rule
from projections.rules.explaining import Explained, LeftOut, Part, explain, fall_of, open_at, turn_of
from projections.rules.matching import said_of
from projections.rules.messages import amount
from projections.rules.model import FOREVER, SEVERITIES, Episode, Group, Rule
from projections.rules.shutting import shut_out
from projections.rules.words import Measure
from projections.store.provenance import incidents
from projections.store.reader import Reader
from projections.store.standing import of_group

Object = dict[str, Any]


class Asked(NamedTuple):
    """A group of a rule in force, at an instant."""

    row: Object  # of the query `rules`
    group: Group
    at: int  # µs
    rows: int  # incidents shown of each list


def explained(reader: Reader, asked: Asked) -> Object:
    """Why the value of a group is what it is at an instant, as one document; incidents with who told of them where."""
    rule, where = compile_rule(asked.row["content"]), {it: asked.row[it] for it in ("partition", "timeline")}
    fields = dict(zip(rule.by, asked.group, strict=True))
    clock = clock_of(reader, asked.row)
    after = _beginning(rule, min(asked.at, clock))
    known = {it.number: it for it in of_group(reader, where, fields, after=after)}
    found = explain(rule, asked.group, known.values(), asked.at)
    key = {"rule": rule.rule_id, "group": group_key(asked.group)}
    episode = next(iter(reader.rows("episode_at", **where, **key, at=min(asked.at, clock))), None)
    if asked.at > clock:
        episode = _to_come(episode, open_at(rule, asked.group, known.values(), asked.at), clock)
    return {
        **where,
        "rule": {name: asked.row[it] for name, it in NAMED.items()},
        "group": fields,
        "shut_out": [
            {**it._asdict(), "why": it.why.value, "wanted": [*it.wanted]} for it in shut_out(rule, asked.group)
        ],
        "at": _iso(asked.at),
        **_standing(rule, found, asked.at, lasts=episode is not None),
        "episode": episode,
        **_lists(reader, asked, rule, found, known),
    }


def clock_of(reader: Reader, row: Object) -> int:
    """The clock of the timeline of a row, as of when it is read, µs."""
    clocks = next(it.clocks for it in reader.as_of if it.partition == row["partition"])
    return micros(datetime.fromisoformat(clocks[row["timeline"]]))


def _to_come(now: Object | None, then: Episode | None, clock: int) -> Object | None:
    """The episode that lasts when the clock has moved on: the one of now, or one that has no alert yet."""
    if then is None:
        return None
    peak = {"value": then.value, "peak_at": _iso(then.peak_at), "severity": then.severity}
    if now is None or then.opened_at > clock:
        return {"opened_at": _iso(then.opened_at), "ended_at": None, **peak, "alert_id": None}
    return now | peak if then.value > now["value"] else now


NAMED: Final = {"id": "rule", "title": "title", "content_hash": "content_hash"}


def _beginning(rule: Rule, at: int) -> int | None:
    """From when on incidents matter; a window more, for those that it has just passed, or what still keeps firing."""
    return None if rule.reach == FOREVER else at - rule.reach - max(rule.window, rule.keep_firing)


def _standing(rule: Rule, found: Explained, at: int, *, lasts: bool) -> Object:
    """Value, levels, and what becomes of them if nothing more is told; `lasts`: an episode does."""
    level = rule.level(found.value)
    fall = fall_of(rule, found.course) if found.value >= rule.clear_below else None
    fell = fall if fall is not None or not lasts else found.fell
    return {
        "measure": rule.measure.value,
        "value": amount(rule, found.value, found.bounds),
        "level": SEVERITIES[level - 1] if level else None,
        "levels": [_level(rule, found, at, *it) for it in zip(rule.severities, rule.levels, strict=False)],
        "clear_below": rule.clear_below // rule.unit,
        "falls_at": None if fall is None else _iso(fall),
        "ends_at": None if fell is None else _iso(fell + rule.keep_firing),
    }


def _missing(rule: Rule, value: int, threshold: int, turns: int | None, at: int) -> int:
    """How much more it takes to reach a level; of silence, how much longer."""
    if value >= threshold:
        return 0
    return turns - at if rule.measure is Measure.SILENCE and turns is not None else threshold - value


def _level(rule: Rule, found: Explained, at: int, severity: str, threshold: int) -> Object:
    turns = turn_of(found.course, threshold, found.value)
    return {
        "severity": severity,
        "threshold": threshold // rule.unit,
        "reached": found.value >= threshold,
        "missing": _missing(rule, found.value, threshold, turns, at) // rule.unit,
        "changes_at": None if turns is None else _iso(turns),
    }


def _lists(reader: Reader, asked: Asked, rule: Rule, found: Explained, known: Mapping[int, Incident]) -> Object:
    """The incidents: those that add, those that take away, those that nearly count; the nearest in time of each."""

    def nearest(those: Iterable[Part | LeftOut]) -> list[Any]:
        near = sorted(those, key=lambda it: (abs(known[it.number].at - asked.at), it.number))[: asked.rows]
        return sorted(near, key=lambda it: (known[it.number].at, it.number))

    lists: dict[str, Sequence[Part | LeftOut]] = {
        "adds": [it for it in found.parts if it.adds > 0],
        "takes": [it for it in found.parts if it.adds < 0],
        "left_out": found.left_out,
    }
    shown = {name: nearest(those) for name, those in lists.items()}
    numbers = dict.fromkeys(it.number for those in shown.values() for it in those)
    nodes = incidents(reader, [{"partition": asked.row["partition"], "number": it} for it in numbers])
    by_number = {number: node for (_, number), node in nodes.items()}
    document = {
        name: [{**_said(it, rule, known), **by_number[it.number]} for it in those] for name, those in shown.items()
    }
    return {**document, "more": {name: len(lists[name]) - len(shown[name]) for name in lists}, "far": found.far}


def _said(it: Part | LeftOut, rule: Rule, known: Mapping[int, Incident]) -> Object:
    if isinstance(it, Part):
        until = None if it.until >= FOREVER else _iso(it.until)
        return {"adds": it.adds // rule.unit, "until": until, "values": list(it.values)}
    other = None if it.other is None else known[it.other].incident_id
    found = said_of(it.field, known[it.number], rule.bound) if it.field else None
    wanted = {"field": it.field or None, "wanted": list(it.wanted), "found": found}
    return {"why": it.why.value, **wanted, "other": other}


def _iso(micros: int) -> str:
    return iso(instant(micros))
