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

from pydantic import JsonValue, ValidationError

from events.errors import MalformedEvent, Reason
from events.log import Event, Record, Written
from events.model import BY_TYPE, Fact
from events.values import EPOCH, iso, micros

Payload = dict[str, Any]
UPCASTERS: Final[dict[str, tuple[str, Callable[[Payload], Payload]]]] = {}  # old type -> (next type, how to lift)
LARGEST_EVENT = 256 * 1024  # bytes of value; the broker's limit for a message lies above
MILLISECOND = 1_000  # µs
UUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TYPE_FORM = re.compile(r"tocsin\.[a-z.]+\.v\d+")
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
        said = {name: raw.decode() for name, raw in record.headers if name.startswith("ce_")}
        timeline = (record.key or b"").decode()
    except UnicodeDecodeError as error:
        raise MalformedEvent("UTF-8 in key and headers", f"byte {error.object[error.start]:#04x}") from error
    event = _event(timeline, {name[3:]: text for name, text in said.items()}, value)
    if micros(event.recorded_at) // MILLISECOND != record.timestamp:
        raise MalformedEvent("the record's timestamp to be ce_recordedtime", f"{record.timestamp} ms", "timestamp")
    return event


def from_json(line: str | bytes) -> Event:
    """The event in one line of CloudEvents JSON.

    Raises:
        MalformedEvent: it holds none; the text says what was expected and found.
    """
    try:
        it = json.loads(line)
        data = json.dumps(it.pop("data"), ensure_ascii=False).encode()
    except (ValueError, RecursionError, KeyError, AttributeError, TypeError) as error:
        raise MalformedEvent("a JSON object with `data`", f"{line[:60]!r} ({error})") from error
    said = {name: text for name, text in it.items() if isinstance(text, str)}
    if len(data) > LARGEST_EVENT:
        raise MalformedEvent(f"at most {LARGEST_EVENT} bytes", str(len(data)), reason=Reason.OVERSIZED)
    return _event(said.get("source", "").removeprefix("/timelines/"), said, data)


def _event(timeline: str, said: Mapping[str, str], value: bytes) -> Event:
    if said.get("specversion") != "1.0":
        raise MalformedEvent("1.0", repr(said.get("specversion")), "specversion")
    if not TIMELINE_FORM.fullmatch(timeline) or said.get("source") != f"/timelines/{timeline}":
        raise MalformedEvent(f"/timelines/{timeline or '<key>'}", repr(said.get("source")), "source")
    for name in ("id", "causationid", "correlationid"):
        if (name == "id" or name in said) and not UUID_FORM.fullmatch(said.get(name, "")):
            raise MalformedEvent("a UUID in lower case with hyphens", repr(said.get(name)), name)
    recorded_at = _instant(said.get("recordedtime", ""))
    fact = _fact(said.get("type", ""), value)
    if said.get("subject") != fact.subject():
        raise MalformedEvent(repr(fact.subject()), repr(said.get("subject")), "subject")
    return Event(said["id"], timeline, recorded_at, fact, said.get("causationid"), said.get("correlationid"))


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedEvent("an RFC 3339 instant", repr(text), "recordedtime") from error
    if moment.utcoffset() != EPOCH.utcoffset() or moment.microsecond % MILLISECOND or not 1900 <= moment.year < 2200:
        raise MalformedEvent("UTC, whole milliseconds, 1900 to 2199", repr(text), "recordedtime")
    return moment


def _fact(type_: str, value: bytes) -> Fact:
    model, old = BY_TYPE.get(type_), UPCASTERS.get(type_)
    if model is None and old is None:
        reason = Reason.UNKNOWN_TYPE if TYPE_FORM.fullmatch(type_) else Reason.MALFORMED
        raise MalformedEvent("a type of the catalogue (see `tocsin schema`)", repr(type_[:80]), "type", reason)
    if b"\\u0000" in value:
        raise MalformedEvent("text without NUL characters", "\\u0000")
    try:
        return model.model_validate_json(value) if model else _lifted(type_, json.loads(value))
    except ValidationError as error:
        raise _said_plainly(error) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MalformedEvent(f"a payload of {type_}", f"{type(error).__name__}: {error}"[:200]) from error


def _lifted(type_: str, data: Payload) -> Fact:
    """The fact of an old payload, lifted one version at a time, so that no reader ever sees an old shape."""
    while step := UPCASTERS.get(type_):
        type_, data = step[0], step[1](data)
    return BY_TYPE[type_].model_validate_json(json.dumps(data))


def _said_plainly(error: ValidationError) -> MalformedEvent:
    """The first fault of a payload, and how many more there are."""
    first, *rest = error.errors(include_url=False, include_context=False)
    found: JsonValue = first["input"]
    more = f" (and {len(rest)} more)" if rest else ""
    expected = first["msg"].removeprefix("Value error, ").removeprefix("expected ")
    return MalformedEvent(expected, f"{found!r:.80}{more}", ".".join(map(str, first["loc"])) or None)
