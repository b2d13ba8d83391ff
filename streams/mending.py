"""Records that were set aside, on their way back into the log: mended by hand, or sent again as they are.

A mended event is a new event whose cause is the record it mends (`ids.position_id`); that is how it is known that
the record is mended. What is sent again keeps its bytes and its id: a rejected id is not used up.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Self

from events import ids
from events.codec import ATTRIBUTES, INSTANT_FORM, TIMELINE_FORM, UUID_FORM, from_json, from_record
from events.errors import NO_TEXT, EventRejected, MalformedEvent, Reason, one_line
from events.log import Event, Written
from events.model import BY_TYPE
from events.values import EPOCH, iso
from streams.writing.lines import harmless

Json = dict[str, Any]
COMMENT: Final = "#"
NEWLINE: Final = "\n"  # no other character ends a line here
WRONG: Final = "# STILL WRONG:"
INTRODUCTION: Final = """\
# The record at {position}, set aside as {reason}: {said}
# Mend it, save and leave; lines that begin with # are left out. Leave without saving to send nothing.
# `data` is the fact: `tocsin schema {type}` says what it may hold."""


class Rejected(NamedTuple):
    """A record that was set aside, whole."""

    partition: int
    offset: int
    reason: Reason
    said: str  # what was expected and found
    record: Written
    status: str  # open, mended or resent

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row of the query `rejected`."""
        key, value = (None if row[name] is None else bytes.fromhex(row[name]) for name in ("key", "value"))
        headers = [(name, base64.b64decode(raw)) for name, raw in row["headers"]]
        record = Written(row["event_offset"], row["record_ms"], key, value, headers)
        fault = EventRejected(row["expected"], row["found"], row["field"])
        return cls(row["partition"], row["event_offset"], Reason(row["reason"]), str(fault), record, row["status"])

    @property
    def position(self) -> str:
        return f"{self.partition}:{self.offset}"


# -- mending


def draft(it: Rejected) -> Json:
    """The record as CloudEvents JSON, as far as it can be read; what it lacks is put in where that is no guess."""
    said = {
        name[3:]: (raw or b"").decode(errors="replace") for name, raw in it.record.headers if name.startswith("ce_")
    }
    key = (it.record.key or b"").decode(errors="replace")
    timeline = key if TIMELINE_FORM.fullmatch(key) else said.get("source", "").removeprefix("/timelines/")
    made = {
        "specversion": "1.0",
        "id": _id(it, said.get("id", ""), timeline),
        "source": f"/timelines/{timeline}",
        "type": said.get("type", ""),
        "recordedtime": _recorded(it, said.get("recordedtime", "")),
    }
    rest = {"correlationid": said["correlationid"]} if "correlationid" in said else {}
    return {**made, **rest, "data": _data(it.record.value)}


def _id(it: Rejected, said: str, timeline: str) -> str:
    """The record's own id, unless it has none or another event has it."""
    if UUID_FORM.fullmatch(said) and it.reason is not Reason.CONFLICTING:
        return said
    return ids.event_id(timeline, "mended", it.position)


def _recorded(it: Rejected, said: str) -> str:
    if INSTANT_FORM.fullmatch(said):
        return said
    return iso(EPOCH.astimezone(UTC) + timedelta(milliseconds=max(it.record.timestamp, 0)))


def _data(value: bytes | None) -> Any:
    """The value as JSON, as text where it is none."""
    text = (value or b"{}").decode(errors="replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def text_of(made: Json, it: Rejected) -> str:
    """A draft as it is put before a person."""
    type_ = one_line(made.get("type") or "TYPE")
    head = INTRODUCTION.format(position=it.position, reason=it.reason, said=it.said, type=type_)
    text = json.dumps(made, ensure_ascii=False, indent=2)
    return f"{head}\n{text if NO_TEXT.search(text.replace(NEWLINE, '')) is None else json.dumps(made, indent=2)}\n"


def again(text: str, fault: EventRejected) -> str:
    """The text of an editor with what is still wrong, above the draft."""
    lines = [line for line in text.split(NEWLINE) if not line.startswith(WRONG)]
    place = next((number for number, line in enumerate(lines) if not line.startswith(COMMENT)), len(lines))
    return NEWLINE.join([*lines[:place], f"{WRONG} {fault}", *lines[place:]])


def bare(text: str) -> str:
    """A text without its comments."""
    return NEWLINE.join(line for line in text.split(NEWLINE) if not line.lstrip().startswith(COMMENT))


def read_text(text: str) -> Json:
    """The draft in a text that a person has changed.

    Raises:
        MalformedEvent: it is no JSON object.
    """
    try:
        made = json.loads(bare(text))
    except (ValueError, RecursionError) as error:
        raise MalformedEvent("a JSON object", str(error)) from error
    if not isinstance(made, dict):
        raise MalformedEvent("a JSON object", type(made).__name__)
    return made


def patched(target: Any, patch: Any) -> Any:
    """A document with a JSON Merge Patch on it: null takes a member away (RFC 7396, section 2)."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = patched(found.get(name), value)
    return found


def mended(made: Json, it: Rejected, now: datetime) -> Event:
    """The event of a mended draft; its cause is the record.

    Raises:
        EventRejected: it is none yet, or one that would harm the line.
    """
    said = {name: made[name] for name in (*ATTRIBUTES, "data") if name in made and name != "causationid"}
    fact, data = BY_TYPE.get(str(said.get("type"))), said.get("data")
    if "subject" not in said and fact and fact.subject_field and isinstance(data, dict):
        said["subject"] = data.get(fact.subject_field)
    event = harmless(from_json(json.dumps(said, ensure_ascii=False)), now)
    return event._replace(causation_id=ids.position_id(it.partition, it.offset))


# -- sending again


def resendable(it: Rejected, now: datetime) -> Event:
    """The event that a record holds, which can be sent again as it is.

    Raises:
        EventRejected: it holds none, or one whose id is taken: it would be set aside again.
    """
    if it.reason is Reason.CONFLICTING:
        raise EventRejected("an id that no other event has", it.said, "id", Reason.CONFLICTING)
    return harmless(from_record(it.record), now)
