"""The published schemas of alert messages and of files of rules: true, and no laxer than they need to be."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from events import marked
from events.contract import written
from projections.rules import contract, reference, yaml_file
from projections.rules.filters import Fields
from projections.rules.form import RuleFile, RuleSpec
from projections.rules.levels import Lengths, Levels
from projections.rules.measures import Measured
from projections.rules.messages import AlertMessage

ROOT = Path(__file__).parents[3]
CHECKS = {name: jsonschema.Draft202012Validator(schema) for name, schema in contract.schemas().items()}


@pytest.mark.parametrize("name", CHECKS)
def test_the_written_schema_is_that_of_the_code(name: str) -> None:
    """Given a schema, then its file in docs/contract is what `tocsin schema --write docs/contract` writes."""
    jsonschema.Draft202012Validator.check_schema(contract.schemas()[name])

    assert (ROOT / f"docs/contract/{name}.json").read_text(encoding="utf-8") == written(contract.schemas()[name])


def test_the_reference_of_rules_is_made_of_the_schema() -> None:
    """Given docs/contract/rules-reference.md, then it is what the schema makes of it."""
    assert (ROOT / "docs/contract" / reference.NAME).read_text(encoding="utf-8") == reference.written()


@pytest.mark.parametrize("part", contract.schemas()[contract.RULES]["$defs"])
def test_the_reference_of_rules_has_every_field_in_words(part: str) -> None:
    """Given a part of the schema of rules, then the reference tells form and meaning of its fields, or its values."""
    node = contract.schemas()[contract.RULES]["$defs"][part]
    rows = [line.split(" | ") for line in reference.written().splitlines() if line.startswith("| `")]
    told = {row[0].strip("| `"): row for row in rows}

    for name in node.get("properties", ()):
        _, form, _, meaning = told[name]
        assert form.strip()
        assert len(meaning) > 20
    for value in node.get("enum", ()):
        assert any(f"`{value}`" in row[1] for row in rows)
    assert ("properties" in node) is (part in reference.PARTS)


def test_the_rules_of_the_first_theatre_satisfy_it() -> None:
    """Given the theatre's own rules, when an editor checks them against the schema, then they pass."""
    text = (ROOT / "seeds/iraq-syria/rules.yaml").read_text(encoding="utf-8")

    CHECKS[contract.RULES].validate(marked.read(text).data)  # a day is text in YAML 1.2


def test_the_first_line_of_those_rules_leads_an_editor_to_it() -> None:
    """Given the theatre's own rules, when an editor follows their first line, then the schema is there."""
    file = ROOT / "seeds/iraq-syria/rules.yaml"
    said = file.read_text(encoding="utf-8").splitlines()[0]

    assert said.startswith(begins := "# yaml-language-server: $schema=")
    assert (file.parent / said.removeprefix(begins)).resolve() == ROOT / f"docs/contract/{contract.RULES}.json"


@pytest.mark.parametrize(
    "said",
    [
        {"titel": "x"},
        {"levels": {"watch": 0}},
        {"where": {"weapons": ["drone"]}},
        {"by": ["weapons"]},
        {"where": {"wounded": {"us": 3}}},
        {"where": {"munitions": ">= three"}},
        {"not": {"killed": {}}},
        {"window": "7 days"},
        {"window": {"since": "2023-10-17", "until": "2023-10-18"}},
        {"keep_firing": 3},
        {"measure": "average"},
        {"measure": {"sum": "wounded"}},
        {"measure": {"sum": "munitions", "new": "site"}},
        {"measure": {}},
        {"measure": {"sum": None}},
        {"measure": {"distinct": "weapons"}},
        {"measure": {"surge": 53}, "window": "7d"},
        {"measure": {"surge": 4}},
        {"measure": {"surge": 4}, "window": "all"},
        {"measure": {"surge": 4}, "window": {"since": "2023-10-17"}},
        {"measure": "silence"},
        {"measure": "silence", "levels": {"watch": "2d"}, "window": "7d"},
        {"measure": "silence", "levels": {"watch": "2d"}, "clear_below": 1},
        {"levels": {"watch": "2d"}},
        {"clear_below": "2d"},
        {"measure": {"new": "site"}, "learn_until": "yesterday"},
        {"status": "draft"},
        {"labels": {"Team": "night"}},
        {"annotations": {"Summary": "much"}},
        {"labels": {"team": ["night"]}},
        {"references": [""]},
    ],
    ids=str,
)
def test_a_rule_that_is_refused_is_refused_by_the_schema(said: dict[str, Any]) -> None:
    """Given a rule with a fault of form, when an editor checks it against the schema, then it shows."""
    rule = {"id": "r", "levels": {"watch": 1}, **said}

    assert list(CHECKS[contract.RULES].iter_errors({"rules": [rule]}))
    assert yaml_file.look(json.dumps({"rules": [rule]})).faults


@pytest.mark.parametrize(
    "said",
    [
        {"where": {"class": "attack"}},
        {"by": "site"},
        {"window": "all"},
        {"references": "a book"},
        {},
        {"measure": {"sum": "killed.civilian"}},
        {"where": {"wounded": {"us": ">=3"}, "munitions": "> 1"}},
        {"measure": {"new": "weapon"}, "learn_until": "2023-10-17"},
        {"measure": {"surge": 4}, "window": "7d"},
        {"measure": "silence", "levels": {"watch": "36h"}, "clear_below": "1d"},
    ],
    ids=str,
)
def test_a_rule_in_short_words_is_taken_by_the_schema(said: dict[str, Any]) -> None:
    """Given a rule in which one value stands for a list, when it is checked against the schema, then it passes."""
    rules = {"rules": [{"id": "r", "levels": {"watch": 1}, **said}]}

    CHECKS[contract.RULES].validate(rules)

    assert yaml_file.read(json.dumps(rules))


@pytest.mark.parametrize(
    "model", [RuleSpec, Measured, Fields, Levels, Lengths, AlertMessage], ids=lambda model: model.__name__
)
def test_every_field_is_described(model: type[BaseModel]) -> None:
    """Given what a rule or a message may hold, when docs/rules.md is read, then each field stands in it."""
    said = (ROOT / "docs/rules.md").read_text(encoding="utf-8")

    assert [name for it, field in model.model_fields.items() if not spoken_of(name := field.alias or it, said)] == []


def spoken_of(name: str, page: str) -> bool:
    """Whether a page speaks of a field, or of a measure as it is written."""
    return f"`{name}`" in page or f"`{{{name}: " in page


@pytest.mark.parametrize("model", [RuleFile, RuleSpec, Measured, Fields, Levels, Lengths], ids=lambda it: it.__name__)
def test_the_schema_of_rules_says_what_each_field_is(model: type[BaseModel]) -> None:
    """Given what a rule may hold, when an editor asks the schema about a field, then it is told in words."""
    schema = contract.schemas()[contract.RULES]
    fields = (schema if model is RuleFile else schema["$defs"][model.__name__])["properties"]

    assert [name for name, field in fields.items() if not field.get("description")] == []


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_examples_are_rules_that_can_be_adopted(number: int) -> None:
    """Given the examples in docs/rules.md, when they are read as files of rules, then nothing is wrong with them."""
    said = (ROOT / "docs/rules.md").read_text(encoding="utf-8")

    assert yaml_file.read("rules:" + said.split("```yaml\nrules:")[1 + number].split("```")[0])
