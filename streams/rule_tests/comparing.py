"""What was expected, and what was found: whether the one is the other, and a diff for people. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import ndiff
from typing import Any, Final

from events.values import instant, iso
from projections.rules.durations import UNITS, written
from projections.rules.words import Measure
from streams.rule_tests.form import MIDNIGHT, NOON, Episode

Entry = dict[str, Any]  # an episode or a message, as plain values
SHOWN: Final = ("kind", "rule", "group", "severity", "opened", "ended", "value")  # where nothing was expected


def expected_of(those: Sequence[Episode]) -> list[Entry]:
    """What is said of entries that are expected."""
    return [{name: _plain(name, getattr(it, name)) for name in _names(it)} for it in those]


def _names(it: Episode) -> list[str]:
    names = [name for name in type(it).model_fields if name in it.model_fields_set]
    return sorted(names, key=lambda name: name != "kind")  # what happened comes first, else the order of the form


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value, NOON if name == "known" else MIDNIGHT)
    return sorted(value) if isinstance(value, tuple) else value


def moment(it: datetime, time: str = MIDNIGHT) -> str:
    """An instant as it may be written: the day alone where that means it."""
    text = iso(it)
    return text.removesuffix(f"T{time}Z")


def episode(row: Mapping[str, Any], rule: Mapping[str, Any]) -> Entry:
    """An episode of the tables, of a rule in its normal form."""
    ended, value, by = row["ended_at"], row["value"], rule["by"]
    return {
        "rule": row["rule"],
        "group": dict(zip(by, row["group"], strict=True)),
        "severity": row["severity"],
        "opened": moment(instant(row["opened_at"])),
        "ended": None if ended is None else moment(instant(ended)),
        "value": written(value) if rule["measure"] == Measure.SILENCE else value,
        "peak": moment(instant(row["peak_at"])),
    }


def message(body: Mapping[str, Any]) -> Entry:
    """A message as it was told."""
    ended = body["ended_at"]
    return {
        "kind": body["kind"],
        "rule": body["rule"]["id"],
        "group": body["group"],
        "severity": body["severity"],
        "opened": _day(body["opened_at"]),
        "ended": None if ended is None else _day(ended),
        "value": _reached(body["value"]),
        "peak": _day(body["peak_at"]),
        "state": body["state"],
        "reason": body["cause"]["reason"],
        "late": body["late"],
        "known": _day(body["known_at"], NOON),
        "evidence": sorted(it["incident_id"] for it in body["evidence"]["incidents"]),
        "annotations": body["annotations"],
    }


def _reached(value: Mapping[str, Any]) -> int | str:
    """The bound that reached the threshold; of silence as a duration."""
    found: int = value[value.get("bound", "best")]
    return written(found * UNITS["s"]) if value.get("unit") == "s" else found


def _day(text: str, time: str = MIDNIGHT) -> str:
    return moment(datetime.fromisoformat(text), time)


def fits(wanted: Entry, found: Entry) -> bool:
    """Whether all that is said is so; of annotations those that are named."""
    return all(
        value.items() <= found[name].items() if name == "annotations" and value else found[name] == value
        for name, value in wanted.items()
    )


def diff(wanted: Sequence[Entry], found: Sequence[Entry]) -> list[str]:
    """Lines of what was expected (-), found (+), and both (two spaces); none when they are the same, in order."""
    if len(wanted) == len(found) and all(map(fits, wanted, found)):
        return []
    fields = list(dict.fromkeys(name for it in wanted for name in it)) or list(SHOWN)
    texts = [_text(it, list(it)) for it in wanted]
    lines = ndiff(texts, [_like(it, at, wanted, texts, fields) for at, it in enumerate(found)])
    return [it.rstrip() for it in lines if not it.startswith("?")]


def _like(it: Entry, at: int, wanted: Sequence[Entry], texts: Sequence[str], fields: Sequence[str]) -> str:
    """An entry that was found, in the words of the one that expects it; else in all fields that matter."""
    near = [at, *range(len(wanted))] if at < len(wanted) else range(len(wanted))
    fitting = next((texts[place] for place in near if fits(wanted[place], it)), None)
    return fitting or _text(it, [name for name in fields if name in it])


def _text(it: Entry, names: Sequence[str]) -> str:
    return ", ".join(f"{name}: {_value(it[name])}" for name in names)


def _value(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return f"{{{', '.join(f'{name}: {it}' for name, it in value.items())}}}"
        case list():
            return f"[{', '.join(value)}]"
        case _:
            return str(value)
