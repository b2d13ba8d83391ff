"""The schemas in docs/contract: true, complete, and as strict as they can be."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from events import codec
from events.contract import schemas, written
from events.log import Event
from projections.rules import contract
from tests import facts
from tests.events.strategies import events
from tests.events.test_codec import LINES

FOLDER = Path(__file__).parents[2] / "docs/contract"
CHECKS = {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}


@pytest.mark.parametrize("name", CHECKS)
def test_the_written_schema_is_that_of_the_code(name: str) -> None:
    """Given a type of event, then its file in docs/contract is what `tocsin schema --write docs/contract` writes."""
    jsonschema.Draft202012Validator.check_schema(schemas()[name])

    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == written(schemas()[name])


def test_no_schema_is_left_over() -> None:
    """Given the folder of schemas, one for every type, for alerts and rules, AsyncAPI and the reference."""
    schemas = {f"{name}.json" for name in (*CHECKS, *contract.schemas())}

    assert {it.name for it in FOLDER.iterdir()} == {*schemas, "asyncapi.yaml", "rules-reference.md"}


@given(events)
@settings(max_examples=200)
def test_every_event_we_write_satisfies_its_schema(event: Event) -> None:
    """Given any event, when it is written as a line, then its schema takes it."""
    CHECKS[event.fact.type()].validate(json.loads(codec.to_json(event)))


@pytest.mark.parametrize("line", LINES, ids=[json.loads(line)["type"] for line in LINES])
def test_the_golden_log_satisfies_the_schemas(line: str) -> None:
    """Given a line of the golden log, then its schema takes it."""
    it = json.loads(line)

    CHECKS[it["type"]].validate(it)


BROKEN: dict[str, dict[str, Any]] = {
    "no id": {"id": None},
    "another type": {"type": "tocsin.site.registered.v2"},
    "an unknown field": {"data": {"surplus": 1}},
    "a number as text": {"data": {"lat": "36.5"}},
    "a country in words": {"data": {"country": "Iraq"}},
    "no name": {"data": {"name": ""}},
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN.keys())
def test_a_schema_refuses_what_the_code_refuses(changes: dict[str, Any]) -> None:
    """Given a site's line with one thing wrong, then neither its schema nor the code takes it."""
    line = json.loads(codec.to_json(facts.site("north", lat=36.5, lon=44.3)))
    broken = {**line, **changes, "data": {**line["data"], **changes.get("data", {})}}

    with pytest.raises(jsonschema.ValidationError):
        CHECKS["tocsin.site.registered.v1"].validate(broken)
    with pytest.raises(codec.MalformedEvent):
        codec.from_json(json.dumps(broken))
