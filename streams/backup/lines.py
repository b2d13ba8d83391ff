"""A record as one line of JSON, and back, byte for byte.

A record that is written the way we write events is a CloudEvent in JSON, fit to be read and appended elsewhere. Any
other one, be it no event at all, is `raw`: its bytes in base64. Both say their `offset` and their `recordhash`.
"""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from events.errors import TimelineError
from events.log import Record, Written
from events.values import micros
from projections.identity import record_hash

OWN: Final = frozenset({"offset", "recordhash", "datacontenttype", "data", "raw"})  # what no `ce_` header says
CONTENT: Final = ("content-type", b"application/json")
Object = dict[str, Any]


class Damaged(TimelineError):
    """A line, file or manifest is not what was written."""

    def __init__(self, where: str, expected: str, found: str) -> None:
        super().__init__(f"{where}: expected {expected}, found {found}")


def to_line(record: Record) -> bytes:
    """A record as a line, its end included."""
    it = _event(record)
    mark = {"offset": record.offset, "recordhash": record_hash(record)}
    return _bytes({**mark, **it} if it else {**mark, "raw": _raw(record)}) + b"\n"


def is_raw(line: bytes) -> bool:
    """Whether a line of ours holds a record that is not written as we write events."""
    return b'"raw":{"timestamp":' in line[:160]


def from_line(line: bytes, where: str) -> Written:
    """The record of a line.

    Raises:
        Damaged: it is not what `to_line` wrote.
    """
    try:
        it = json.loads(line)
        record = _from_raw(it["offset"], it["raw"]) if "raw" in it else _from_event(it)
        mark, found = it["recordhash"], record_hash(record)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(where, "a record as a line of JSON", repr(line[:60])) from error
    if mark != found:
        raise Damaged(where, f"a record with hash {str(mark)[:12]}", f"one with {found[:12]}: the line was changed")
    return record


def _event(record: Record) -> Object | None:
    """A record as a CloudEvent, if just that record comes of it again."""
    try:
        given = [(name.removeprefix("ce_"), raw) for name, raw in record.headers if name.startswith("ce_")]
        attributes = {name: raw.decode() for name, raw in given if raw is not None}
        it = {**attributes, "datacontenttype": "application/json", "data": json.loads(record.value or b"")}
        other = not OWN.isdisjoint(attributes) or _said(_from_event({**it, "offset": record.offset})) != _said(record)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return None if other else it


def _from_event(it: Object) -> Written:
    headers = [(f"ce_{name}", text.encode()) for name, text in it.items() if name not in OWN]
    timestamp = micros(datetime.fromisoformat(it["recordedtime"])) // 1000
    key = it["source"].removeprefix("/timelines/").encode()
    return Written(it["offset"], timestamp, key, _bytes(it["data"]), [*headers, CONTENT])


def _raw(record: Record) -> Object:
    headers = [[name, _text(raw)] for name, raw in record.headers]
    return {"timestamp": record.timestamp, "key": _text(record.key), "value": _text(record.value), "headers": headers}


def _from_raw(offset: int, it: Object) -> Written:
    headers: Sequence[Any] = [(name, _raw_bytes(text)) for name, text in it["headers"]]
    return Written(offset, it["timestamp"], _raw_bytes(it["key"]), _raw_bytes(it["value"]), headers)


def _said(record: Record) -> tuple[object, ...]:
    return record.timestamp, record.key, record.value, tuple(map(tuple, record.headers))


def _bytes(it: object) -> bytes:
    return json.dumps(it, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


def _raw_bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)
