"""The AsyncAPI document: kept, valid by the official schema, and true of records as they are."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from events import codec
from events.model import BY_TYPE
from streams.asyncapi import NAME, document, written
from streams.topics import Topics
from tests import facts

ROOT = Path(__file__).parents[2]
OFFICIAL = jsonschema.Draft7Validator(json.loads((ROOT / "tests" / "contracts" / "asyncapi-3.0.0.json").read_text()))
DOCUMENT = document()
GOLDEN = [
    json.loads(line)
    for path in sorted((ROOT / "seeds").glob("golden/*.ndjson"))
    for line in path.read_text(encoding="utf-8").splitlines()
]


def test_the_document_in_docs_is_the_one_that_is_made() -> None:
    """Given models and topics, when the document is made, then docs/contract has it (`tocsin schema --write`)."""
    assert (ROOT / "docs" / "contract" / NAME).read_text(encoding="utf-8") == written()


def test_the_document_is_valid_asyncapi() -> None:
    """Given AsyncAPI's own JSON Schema, when the document in docs is checked, then there is no fault."""
    OFFICIAL.validate(yaml.safe_load((ROOT / "docs" / "contract" / NAME).read_text(encoding="utf-8")))


BROKEN: dict[str, Callable[[Any], Any]] = {
    "no title": lambda it: it["info"].pop("title"),
    "an operation that does neither": lambda it: it["operations"]["apply"].update(action="watch"),
    "a binding of another kind": lambda it: it["channels"]["events"]["bindings"]["kafka"].update(topic=7),
    "a schema of no type": lambda it: it["components"]["messages"]["deadLetter"].update(payload={"type": "bytes"}),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
def test_the_official_schema_does_bite(change: Callable[[Any], Any]) -> None:
    """Given a document with one thing wrong, when checked, then it is refused."""
    broken = copy.deepcopy(DOCUMENT)
    change(broken)

    assert not OFFICIAL.is_valid(broken)


def test_every_topic_and_every_event_is_in_it() -> None:
    """Given the topics and the catalogue, then each topic is a channel and each event a message of the log."""
    assert {it["address"] for it in DOCUMENT["channels"].values()} == set(Topics().configs())
    assert {f"tocsin.{name}" for name in DOCUMENT["channels"]["events"]["messages"]} == set(BY_TYPE)


def test_every_reference_leads_somewhere() -> None:
    """Given every $ref, when followed, then something is there; and every definition is used."""
    refs = set(found(DOCUMENT))
    for ref in refs:
        there = DOCUMENT
        for step in ref.removeprefix("#/").split("/"):
            there = there[step]

    assert refs >= {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}


def found(it: Any) -> list[str]:
    if isinstance(it, dict):
        return [
            value if key == "$ref" else ref
            for key, value in it.items()
            for ref in ([value] if key == "$ref" else found(value))
        ]
    return [ref for one in it for ref in found(one)] if isinstance(it, list) else []


def payload_check(name: str) -> jsonschema.Draft202012Validator:
    message = DOCUMENT["components"]["messages"][name]
    return jsonschema.Draft202012Validator({**message["payload"], "components": DOCUMENT["components"]})


@pytest.mark.parametrize("type_", sorted({it["type"] for it in GOLDEN}))
def test_records_are_as_the_document_says(type_: str) -> None:
    """Given events of the golden log as Kafka records, then headers and value are those of their message."""
    message = DOCUMENT["components"]["messages"][type_]
    for line in [it for it in GOLDEN if it["type"] == type_]:
        record = codec.to_record(codec.from_json(json.dumps(line)))

        payload_check(type_).validate(json.loads(record.value or b""))
        headers = {name: raw.decode() for name, raw in record.headers}
        jsonschema.validate(headers, message["headers"])
        assert headers.keys() <= message["headers"]["properties"].keys()


def test_a_payload_that_is_wrong_is_refused() -> None:
    """Given a report with a field that nobody knows, when checked against its message, then it is refused."""
    record = codec.to_record(facts.reported("a"))
    wrong = {**json.loads(record.value or b""), "surplus": 1}

    assert not payload_check("tocsin.incident.reported.v1").is_valid(wrong)
