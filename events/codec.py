"""CloudEvents 1.0 <-> Event: binary mode for Kafka, JSON mode for files.

The envelope travels in the attributes (`ce_*` headers), the fact is the value. `ce_time` and `ce_subject` are for other
people's consumers: they are derived when writing; of these only the subject is checked when reading.
Source: CloudEvents 1.0.2, Kafka protocol binding §3.2 (binary content mode) and JSON event format.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from events.errors import MalformedEvent, Reason
from events.log import Event, Record, Written
from events.model import BY_TYPE, Fact
from events.plainly import faults
from events.values import iso, micros

Payload = dict[str, Any]
UPCASTERS: Final[dict[str, tuple[str, Callable[[Payload], Payload]]]] = {}  # old type -> (next type, how to lift)
LARGEST_EVENT = 256 * 1024  # bytes of value; the broker's limit for a message lies above
MILLISECOND = 1_000  # µs
UUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TYPE_FORM = re.compile(r"tocsin\.[a-z.]+\.v\d+")
INSTANT_FORM = re.compile(
    r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3}(000)?)?(Z|\+00:00)"
)
NUL = re.compile(rb"(?<!\\)(\\\\)*\\u0000")  # after an even number of backslashes
ATTRIBUTES = ("specversion", "id", "source", "type", "recordedtime", "subject", "causationid", "correlationid")
TIMELINE_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,119}")


# -- writing


def attributes(event: Event) -> dict[str, str]:
    """The CloudEvents attributes of an event, by name."""
    happened, subject = event.fact.happened(), event.fact.subject()
    optional = {"subject": subject, "causationid": event.causation_id, "correlationid": event.correlation_id}
    return {
        "specversion": "1.0",
        "id": event.event_id,
        "source": f"/timelines/{event.timeline}",
        "type": event.fact.type(),
        "time": iso(happened.earliest if happened else event.recorded_at),
        "recordedtime": iso(event.recorded_at),
    } | {name: value for name, value in optional.items() if value is not None}


def to_record(event: Event, offset: int = -1) -> Written:
    """An event as a Kafka record, ready to be sent."""
    headers = [(f"ce_{name}", value.encode()) for name, value in attributes(event).items()]
    headers.append(("content-type", b"application/json"))
    timestamp = micros(event.recorded_at) // MILLISECOND
    return Written(offset, timestamp, event.timeline.encode(), payload(event.fact), headers)


def payload(fact: Fact) -> bytes:
    """The canonical JSON of a fact: what was not said is left out."""
    return fact.model_dump_json(exclude_unset=True).encode()


def to_json(event: Event) -> str:
    """An event as one line of CloudEvents JSON."""
    envelope: dict[str, Any] = {**attributes(event), "datacontenttype": "application/json"}
    return json.dumps(envelope | {"data": json.loads(payload(event.fact))}, ensure_ascii=False)


# -- reading


def from_record(record: Record) -> Event:
    """The event that a Kafka record holds.

    Raises:
        MalformedEvent: it holds none; the text says what was expected and found.
    """
    value = record.value
    if value is None:
        raise MalformedEvent("a value", "none: nothing can be deleted from the log", reason=Reason.TOMBSTONE)
    if len(value) > LARGEST_EVENT:
        raise MalformedEvent(f"at most {LARGEST_EVENT} bytes", str(len(value)), reason=Reason.OVERSIZED)
    try:
        timeline = (record.key or b"").decode()
        ours = [(name[3:], _text(raw)) for name, raw in record.headers if name.startswith("ce_")]
    except ValueError as error:
        raise MalformedEvent("UTF-8 in key and headers", "other bytes, or a header without a value") from error
    said = dict(ours)
    if len(said) < len(ours):
        raise MalformedEvent("each attribute once", "one that comes again", "headers")
    event = _event(timeline, said, value)
    if micros(event.recorded_at) // MILLISECOND != record.timestamp:
        raise MalformedEvent("the record's timestamp to be ce_recordedtime", f"{record.timestamp} ms", "timestamp")
    return event


def _text(raw: bytes | None) -> str:
    if raw is None:
        raise ValueError("a header without a value")
    return raw.decode()


def from_json(line: str | bytes) -> Event:
    """The event in one line of CloudEvents JSON.

    Raises:
        MalformedEvent: it holds none; the text says what was expected and found.
    """
    try:
        it = json.loads(line)
        if not isinstance(it, dict) or "data" not in it:
            raise MalformedEvent("a JSON object with `data`", _start(line))
        data = json.dumps(it.pop("data"), ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        found = f"{_start(line)} (no JSON from character {error.pos + 1} on)"
        raise MalformedEvent("a JSON object with `data`", found) from error
    except (ValueError, RecursionError) as error:  # bytes that are no text, text that is no bytes, too many brackets
        raise MalformedEvent("a JSON object with `data`", _start(line)) from error
    said = {name: text for name, text in it.items() if isinstance(text, str)}
    if wrong := [name for name in ATTRIBUTES if not isinstance(it.get(name), str | None)]:
        raise MalformedEvent("text", json.dumps(it[wrong[0]])[:80], wrong[0])
    if len(data) > LARGEST_EVENT:
        raise MalformedEvent(f"at most {LARGEST_EVENT} bytes", str(len(data)), reason=Reason.OVERSIZED)
    return _event(said.get("source", "").removeprefix("/timelines/"), said, data)


def _event(timeline: str, said: Mapping[str, str], value: bytes) -> Event:
    if said.get("specversion") != "1.0":
        raise MalformedEvent("1.0", _quoted(said.get("specversion")), "specversion")
    _check_source(said.get("source"), timeline)
    for name in ("id", "causationid", "correlationid"):
        if (name == "id" or name in said) and not UUID_FORM.fullmatch(said.get(name, "")):
            raise MalformedEvent("a UUID in lower case with hyphens", _quoted(said.get(name)), name)
    recorded_at = _instant(said.get("recordedtime", ""))
    fact = fact_of(said.get("type", ""), value)
    if said.get("subject") != fact.subject():
        raise MalformedEvent(_quoted(fact.subject()), _quoted(said.get("subject")), "subject")
    return Event(said["id"], timeline, recorded_at, fact, said.get("causationid"), said.get("correlationid"))


def _check_source(source: str | None, timeline: str) -> None:
    if source != f"/timelines/{timeline}":
        raise MalformedEvent(f"/timelines/{timeline or '<timeline>'}", _quoted(source), "source")
    if not TIMELINE_FORM.fullmatch(timeline):
        form = "at most 120 of A-Z a-z 0-9 . _ : @ + -, the first a letter or digit"
        raise MalformedEvent(f"/timelines/ and {form}", _quoted(source), "source")


def _start(line: str | bytes) -> str:
    """How a line begins."""
    text = line if isinstance(line, str) else line[:240].decode(errors="replace")
    return _quoted(text.strip()[:60])


def _quoted(text: str | None) -> str:
    return "nothing" if text is None else f"{text[:200]!r}"


def _instant(text: str) -> datetime:
    try:
        if INSTANT_FORM.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError as error:  # the 31st of June
        raise MalformedEvent("an instant that exists", repr(text), "recordedtime") from error
    raise MalformedEvent(
        "UTC, whole milliseconds, 1900 to 2199: 2023-10-17T12:00:00Z", f"{text[:80]!r}", "recordedtime"
    )


def fact_of(type_: str, value: bytes) -> Fact:
    """The fact in a payload of a CloudEvents type.

    Raises:
        MalformedEvent: the type is unknown, or the payload is none of it.
    """
    model, old = BY_TYPE.get(type_), UPCASTERS.get(type_)
    if model is None and old is None:
        reason = Reason.UNKNOWN_TYPE if TYPE_FORM.fullmatch(type_) else Reason.MALFORMED
        raise MalformedEvent("a type of the catalogue (see `tocsin schema`)", repr(type_[:80]), "type", reason)
    if b"\\u0000" in value and NUL.search(value):
        raise MalformedEvent("text without NUL characters", "\\u0000")
    try:
        return _read(model, value) if model else _lifted(type_, value)
    except ValidationError as error:
        raise _said_plainly(error) from error


def _read(model: type[Fact], value: bytes | str) -> Fact:
    return model.model_validate_json(value, by_alias=True, by_name=False)


def _lifted(type_: str, value: bytes) -> Fact:
    """The fact of an old payload, lifted one version at a time, so that no reader ever sees an old shape."""
    now = type_
    try:
        data = json.loads(value)
        while step := UPCASTERS.get(now):
            now, data = step[0], step[1](data)
        return _read(BY_TYPE[now], json.dumps(data))
    except ValidationError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise MalformedEvent(f"a payload of {type_}", f"{type(error).__name__}: {error}"[:200]) from error


def _said_plainly(error: ValidationError) -> MalformedEvent:
    """The first fault of a payload, and how many more there are."""
    first, *rest = faults(error)
    return MalformedEvent(first.expected, first.found + (f" (and {len(rest)} more)" if rest else ""), first.field)
