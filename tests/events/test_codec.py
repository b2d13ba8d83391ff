"""CloudEvents <-> Event: what is written is read back; everything else is rejected, and nothing else happens."""

import hashlib
import json
import operator
import re
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events import codec
from events.errors import EventRejected, MalformedEvent, Reason
from events.log import Event, Written
from events.model import BY_TYPE, FACTS, SiteRegistered
from tests import facts
from tests.events.strategies import events

GOLDEN = Path(__file__).parents[2] / "seeds/golden/v1.ndjson"
LINES = GOLDEN.read_text(encoding="utf-8").splitlines()
REPORT = facts.reported("a", wounded={"us": "at least 2"}, actor="militia", weapons=["drone"])
RECORD = facts.records([REPORT])[0]


def with_value(value: Any) -> Written:
    """The record of a report, with another payload."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return RECORD._replace(value=raw)


def with_header(name: str, value: bytes | None) -> Written:
    """The record of a report, with another value of one header."""
    return RECORD._replace(headers=[(it, value if it == name else raw) for it, raw in RECORD.headers])  # type: ignore[misc]


def payload(**changes: Any) -> dict[str, Any]:
    return {**json.loads(RECORD.value or b""), **changes}


# -- round trips


@given(events)
def test_an_event_comes_back_from_a_record_as_it_was(event: Event) -> None:
    """Given any event, when it is written as a record and read, then it is the same event, and so are its bytes."""
    record = codec.to_record(event, 7)

    again = codec.from_record(record)

    assert again == event
    assert codec.payload(again.fact) == record.value


@given(events)
def test_an_event_comes_back_from_a_line_of_json_as_it_was(event: Event) -> None:
    """Given any event, when it is written as a line and read, then it is the same event, and the line is one line."""
    line = codec.to_json(event)

    assert "\n" not in line
    assert codec.from_json(line) == codec.from_json(line.encode()) == event


@given(events)
def test_a_record_and_a_line_say_the_same(event: Event) -> None:
    """Given any event, when its line is read and sent, then the record is the one the event itself would be."""
    assert codec.to_record(codec.from_json(codec.to_json(event))) == codec.to_record(event)


def test_a_field_that_is_left_out_stays_left_out_and_null_stays_null() -> None:
    """Given a correction that takes the outcome back, when it is read, then silence and null are told apart."""
    read = codec.from_record(facts.records([facts.corrected("a", site="south", outcome=None)])[0])

    assert read.fact.changes.stated() == {"site": "south", "outcome": None}  # type: ignore[attr-defined]
    assert read != codec.from_record(facts.records([facts.corrected("a", site="south")])[0])


# -- arbitrary input


@given(
    st.none() | st.binary(max_size=200),
    st.none() | st.binary(max_size=30),
    st.lists(st.tuples(st.text(max_size=12), st.none() | st.binary(max_size=40)), max_size=9),
    st.integers(-(2**63), 2**63 - 1),
)
def test_arbitrary_bytes_are_rejected_and_nothing_else_happens(
    value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes]], timestamp: int
) -> None:
    """Given bytes that nobody meant, when they are read, then they are rejected with a reason of one line."""
    with pytest.raises(EventRejected) as found:
        codec.from_record(Written(0, timestamp, key, value, headers))

    assert len(str(found.value).splitlines()) == 1


@given(st.data())
def test_a_record_with_a_flipped_byte_is_an_event_or_rejected(data: st.DataObject) -> None:
    """Given records of every type with a byte changed anywhere, when read, then they are events or rejected."""
    record = codec.to_record(codec.from_json(data.draw(st.sampled_from(LINES))))
    raw = bytearray(record.value or b"")
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    _is_event_or_rejected(record._replace(value=bytes(raw)))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANYTHING = st.recursive(SCALARS, lambda it: st.lists(it, max_size=4) | st.dictionaries(st.text(max_size=9), it))


@given(st.sampled_from(LINES), st.data(), ANYTHING)
@example(LINES[6], None, 10**400).via("a number that can not be formatted")
def test_a_payload_with_any_part_replaced_is_an_event_or_rejected(
    line: str, data: st.DataObject | None, by: Any
) -> None:
    """Given a golden payload with one part replaced by any JSON, when read, then it is an event or rejected."""
    it = json.loads(line)
    paths = sorted(_paths(it["data"]), key=str)
    path = data.draw(st.sampled_from(paths)) if data else ("rules", 0, "window")
    reduce(operator.getitem, path[:-1], it["data"])[path[-1]] = by
    try:
        raw = json.dumps(it["data"]).encode()
    except ValueError:
        return  # Python refuses to write a number of more than 4 300 digits

    _is_event_or_rejected(codec.to_record(codec.from_json(line))._replace(value=raw))


@given(st.text() | st.binary())
@example("[" * 100_000)
@example('{"data":' * 100_000)
@example('{"data": 1' + "0" * 5_000 + "}")
@example('{"data": NaN}')
@example('{"data": {}, "specversion": "1.0", "source": "/timelines/\\ud800"}')
def test_arbitrary_lines_are_rejected_and_nothing_else_happens(line: str | bytes) -> None:
    """Given a line that nobody meant, when it is read, then it is rejected with a reason that can be stored."""
    with pytest.raises(EventRejected) as found:
        codec.from_json(line)

    assert str(found.value).encode()
    assert len(str(found.value).splitlines()) == 1


def _is_event_or_rejected(record: Written) -> None:
    try:
        event = codec.from_record(record)
    except EventRejected as error:
        why = str(error)
    else:
        why = codec.to_json(event)
    assert why.encode()
    assert len(why.splitlines()) == 1


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of every part of a JSON value but the whole."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inside:
        yield (*path, name)
        yield from _paths(part, (*path, name))


# -- strictness


STRANGERS: dict[type, tuple[Any, ...]] = {
    str: (7, 7.5, True),
    bool: (0, 1, "true"),
    int: ("7", 7.0, 7.5, True),
    float: ("7.5", True),
}


def test_no_value_passes_for_one_of_another_type() -> None:
    """Given every golden payload, when a number becomes text, text a number, or either a truth, then it is rejected."""
    passed = []
    for line in LINES:
        record, data = codec.to_record(codec.from_json(line)), json.loads(line)["data"]
        for *way, name in [path for path in _paths(data) if path[0] != "rules"]:  # rules are free-form here
            holder = reduce(operator.getitem, way, data)
            was = holder[name]
            for stranger in STRANGERS.get(type(was), ()):
                holder[name] = stranger
                passed += [(way, name, stranger)] * _reads(record._replace(value=json.dumps(data).encode()))
            holder[name] = was

    assert passed == []


def _reads(record: Written) -> bool:
    try:
        codec.from_record(record)
    except EventRejected:
        return False
    return True


RECORDS = {
    "no value": (RECORD._replace(value=None), Reason.TOMBSTONE, "nothing can be deleted"),
    "too large": (with_value(b" " * (256 * 1024 + 1)), Reason.OVERSIZED, "at most 262144 bytes, found 262145"),
    "no JSON": (with_value(b"{"), Reason.MALFORMED, "expected JSON, found EOF"),
    "deep": (with_value(b"[" * 100_000), Reason.MALFORMED, "recursion limit"),
    "no UTF-8": (with_value(b'{"incident": "\xff"}'), Reason.MALFORMED, "expected JSON"),
    "lone surrogate": (with_value(b'{"incident": "\\ud800"}'), Reason.MALFORMED, "expected JSON"),
    "NUL": (with_value(payload(note="a\0b")), Reason.MALFORMED, "NUL"),
    "unknown field": (with_value(payload(surplus=1)), Reason.MALFORMED, "surplus: expected no such field, found 1"),
    "the name in the code": (with_value(payload(report={"incident_class": "x"})), Reason.MALFORMED, "no such field"),
    "missing field": (with_value({}), Reason.MALFORMED, "source: expected this field, found nothing (and 2 more)"),
    "another incident": (with_value(payload(incident="b")), Reason.MALFORMED, "subject: expected 'b', found 'a'"),
    "id with a line feed": (with_value(payload(incident="a\n")), Reason.MALFORMED, "incident: expected string"),
    "null header": (with_header("ce_id", None), Reason.MALFORMED, "UTF-8 in key and headers"),
    "header no text": (with_header("ce_id", b"\xff"), Reason.MALFORMED, "UTF-8 in key and headers"),
    "no key": (RECORD._replace(key=None), Reason.MALFORMED, "source: expected /timelines/<timeline>"),
    "another key": (RECORD._replace(key=b"other"), Reason.MALFORMED, "source: expected /timelines/other"),
    "attribute twice": (
        RECORD._replace(headers=[*RECORD.headers, ("ce_id", b"x")]), Reason.MALFORMED, "each attribute once"
    ),
    "id no UUID": (with_header("ce_id", b"7"), Reason.MALFORMED, "id: expected a UUID"),
    "id in upper case": (with_header("ce_id", REPORT.event_id.upper().encode()), Reason.MALFORMED, "lower case"),
    "version of CloudEvents": (with_header("ce_specversion", b"0.3"), Reason.MALFORMED, "specversion: expected 1.0"),
    "type of others": (with_header("ce_type", b"com.example"), Reason.MALFORMED, "type: expected a type"),
    "type of tomorrow": (with_header("ce_type", b"tocsin.war.ended.v1"), Reason.UNKNOWN_TYPE, "war.ended"),
    "version of tomorrow": (with_header("ce_type", b"tocsin.incident.reported.v9"), Reason.UNKNOWN_TYPE, "v9"),
    "another timestamp": (RECORD._replace(timestamp=0), Reason.MALFORMED, "timestamp: expected the record's"),
    "local time": (with_header("ce_recordedtime", b"2023-11-01T12:00:00"), Reason.MALFORMED, "expected UTC"),
    "no day": (with_header("ce_recordedtime", b"2023-02-30T12:00:00Z"), Reason.MALFORMED, "an instant that exists"),
    "microseconds": (with_header("ce_recordedtime", b"2023-11-01T12:00:00.000001Z"), Reason.MALFORMED, "whole millis"),
    "week date": (with_header("ce_recordedtime", b"2023-W44-3T12:00:00Z"), Reason.MALFORMED, "recordedtime"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "reason", "said"), RECORDS.values(), ids=RECORDS.keys())
def test_a_bad_record_is_rejected_with_its_reason(record: Written, reason: Reason, said: str) -> None:
    """Given a record with one fault, when it is read, then reason and text name that fault."""
    with pytest.raises(MalformedEvent) as found:
        codec.from_record(record)

    assert found.value.reason is reason
    assert said in str(found.value)


OCCURRENCES = {
    "a number": {"earliest": 1697500800, "latest": 1697587200, "precision": "day"},
    "a number as text": {"earliest": "1697500800", "latest": "1697587200", "precision": "day"},
    "no zone": {"earliest": "2023-10-17T00:00:00", "latest": "2023-10-18T00:00:00", "precision": "day"},
    "nanoseconds": {"earliest": "2023-10-17T00:00:00.123456789Z", "latest": "2023-10-18T00:00:00Z", "precision": "day"},
    "too early": {"earliest": "1899-12-31T00:00:00Z", "latest": "1900-01-02T00:00:00Z", "precision": "range"},
    "too late": {"earliest": "2199-12-31T00:00:00Z", "latest": "2200-01-01T00:00:00Z", "precision": "day"},
    "too late by its zone": {
        "earliest": "2199-12-31T00:00:00Z", "latest": "2199-12-31T23:30:00-01:00", "precision": "day"
    },
    "backwards": {"earliest": "2023-10-18T00:00:00Z", "latest": "2023-10-17T00:00:00Z", "precision": "day"},
    "a day of no length": {"earliest": "2023-10-17T00:00:00Z", "latest": "2023-10-17T00:00:00Z", "precision": "day"},
    "a long instant": {"earliest": "2023-10-17T00:00:00Z", "latest": "2023-10-18T00:00:00Z", "precision": "instant"},
}  # fmt: skip


@pytest.mark.parametrize("occurred", OCCURRENCES.values(), ids=OCCURRENCES.keys())
def test_an_interval_that_is_none_is_rejected(occurred: dict[str, Any]) -> None:
    """Given an interval that no store could hold or no clock could show, when it is read, then it is rejected."""
    with pytest.raises(MalformedEvent, match=r"report\.occurred"):
        codec.from_record(with_value(payload(report={"class": "attack", "occurred": occurred, "site": "north"})))


@pytest.mark.parametrize(
    "published", ['"0001-01-01"', '"9999-12-31"', '"1697500800"', "1697500800", '"2023-10-17T00:00:00"']
)
def test_a_day_that_is_none_is_rejected(published: str) -> None:
    """Given what is no day from 1900 to 2199, when it is read as one, then it is rejected."""
    record = facts.records([facts.document()])[0]

    with pytest.raises(MalformedEvent, match="published: expected a day"):
        codec.from_record(record._replace(value=(record.value or b"").replace(b'"2023-11-01"', published.encode())))


def test_text_that_only_looks_like_an_escaped_nul_is_kept() -> None:
    """Given a note with a backslash before u0000, when it is read, then it is the note."""
    event = facts.reported("a", note="\\u0000 and \\\\u0000")

    assert codec.from_record(facts.records([event])[0]) == event


def test_the_order_of_headers_and_those_of_others_do_not_matter() -> None:
    """Given headers in another order and some of a tracing library, when read, then it is the same event."""
    headers = [("traceparent", b"\xff"), ("empty", None), *reversed(RECORD.headers), ("ce_partitionkey", b"x")]

    assert codec.from_record(RECORD._replace(headers=headers)) == REPORT


# -- the golden log


def test_the_golden_log_is_never_edited() -> None:
    """Given the golden log of version 1, then it is byte for byte what it was when it was written."""
    written = "e00be6068aeb56f43bf0ef2bb2185320b691f7480f3cdf4838c50149e6b088d6"

    assert hashlib.sha256(GOLDEN.read_bytes()).hexdigest() == written


def test_every_type_of_fact_is_in_the_golden_log() -> None:
    """Given a fact that is new in the catalogue, then a line of the golden log of its version shows it."""
    logs = [path.read_text(encoding="utf-8").splitlines() for path in sorted(GOLDEN.parent.glob("*.ndjson"))]
    shown = {json.loads(line)["type"] for log in logs for line in log}

    assert shown >= BY_TYPE.keys()


@pytest.mark.parametrize("line", LINES, ids=[json.loads(line)["type"] for line in LINES])
def test_the_golden_log_still_says_what_it_said(line: str) -> None:
    """Given a line of the golden log, when it is read and written today, then not a character differs."""
    event = codec.from_json(line)

    assert event.fact.type() == json.loads(line)["type"]
    assert codec.to_json(event) == line


def test_the_catalogue_lists_every_class_of_fact_once() -> None:
    """Given the catalogue, then no class stands in it twice, and no two share a name on the wire."""
    assert len(BY_TYPE) == len(FACTS) == len(set(FACTS))


# -- old versions


def renamed(old: str, new: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """An upcaster that renames a field."""
    return lambda it: {new if name == old else name: value for name, value in it.items()}


def test_a_payload_of_an_old_version_is_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given two planted upcasters, when a record of the oldest version is read, then both were applied, in order."""
    first, second = "tocsin.site.registered.v-1", "tocsin.site.registered.v0"
    monkeypatch.setitem(codec.UPCASTERS, first, (second, renamed("land", "lands")))
    monkeypatch.setitem(codec.UPCASTERS, second, (SiteRegistered.type(), renamed("lands", "country")))
    today = facts.site("north", country="IQ")
    record = facts.records([today])[0]
    headers = [(name, first.encode() if name == "ce_type" else raw) for name, raw in record.headers]

    old = renamed("country", "land")(json.loads(record.value or b""))

    assert codec.from_record(record._replace(value=json.dumps(old).encode(), headers=headers)) == today


@given(ANYTHING.map(lambda it: json.dumps(it).encode()) | st.binary())
@settings(max_examples=50)
def test_an_upcaster_that_can_not_lift_rejects_and_nothing_else_happens(value: bytes) -> None:
    """Given an upcaster and a payload it was not made for, when it is read, then the record is rejected."""
    old = "tocsin.site.registered.v0"
    lifts = {old: (SiteRegistered.type(), lambda it: {**it, "country": it["lands"][0]["land"]})}
    record = facts.records([facts.site("north")])[0]
    headers = [(name, old.encode() if name == "ce_type" else raw) for name, raw in record.headers]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "UPCASTERS", lifts)
        with pytest.raises(EventRejected):
            codec.from_record(record._replace(value=value, headers=headers))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"[]\n", "expected a JSON object with `data`, found '[]'"),
        (b"{}", "expected a JSON object with `data`, found '{}'"),
        (b'{"data": }', "expected a JSON object with `data`, found '{\"data\": }' (no JSON from character 10 on)"),
        (b"\xff\xfe\xff", "expected a JSON object with `data`, found "),
        (b'{"data": {}, "id": null, "source": 7}', "source: expected text, found 7"),
        (b'{"data": {}, "specversion": "1.0"}', "source: expected /timelines/<timeline>, found nothing"),
        (
            '{"data": {}, "specversion": "1.0", "source": "/timelines/ü"}'.encode(),
            "source: expected /timelines/ and at most 120 of A-Z a-z 0-9",
        ),
        (b'{"data": {}}', "specversion: expected 1.0, found nothing"),
    ],
)
def test_a_line_that_is_no_event_is_told_of_in_plain_words(line: bytes, told: str) -> None:
    """Given a line that is no event, when it is read, then its sender is told what to change, in no program's words."""
    with pytest.raises(MalformedEvent) as refused:
        codec.from_json(line)

    assert str(refused.value).startswith(told)
    assert not re.search(r"b'|Error|None", str(refused.value))
