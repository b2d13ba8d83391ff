"""The contract for those who write rules and those who read alerts: JSON Schemas of both, made of the models. Pure."""

from typing import Final

from events.contract import DIALECT, TEXT, UUID, Schema
from projections.rules.form import RuleFile
from projections.rules.messages import AlertMessage
from projections.rules.words import Kind

ALERT: Final = "tocsin.alert.v1"  # one schema for every kind: they carry the same
RULES: Final = "rules.yaml"
_OF_SILENCE: Final[Schema] = {"properties": {"measure": {"const": "silence"}}, "required": ["measure"]}
_OF_SURGE: Final[Schema] = {
    "properties": {"measure": {"type": "object", "required": ["surge"]}},
    "required": ["measure"],
}
_TOGETHER: Final[Schema] = {  # what the schema says of fields that must fit the measure
    "allOf": [
        {
            "if": _OF_SILENCE,
            "then": {
                "properties": {
                    "levels": {"$ref": "#/$defs/Lengths"},
                    "clear_below": {"type": ["string", "null"]},
                    "window": {"const": "all"},
                }
            },
            "else": {
                "properties": {"levels": {"$ref": "#/$defs/Levels"}, "clear_below": {"type": ["integer", "null"]}}
            },
        },
        {
            "if": _OF_SURGE,
            "then": {"properties": {"window": {"pattern": "^[0-9]", "type": "string"}}, "required": ["window"]},
        },
    ]
}


def schemas() -> dict[str, Schema]:
    """The schemas by name: of an alert message as a CloudEvent, and of a file of rules."""
    return {ALERT: _alert(), RULES: _rules()}


def _rules() -> Schema:
    """A file of rules. What fields must fit the measure is said here: pydantic follows no reference of ours."""
    schema = RuleFile.model_json_schema(by_alias=True)
    schema["$defs"]["RuleSpec"] |= _TOGETHER
    return {"$schema": DIALECT, **schema}


def _alert() -> Schema:
    """In Kafka the same attributes stand in `ce_*` headers and `data` is the value."""
    data = AlertMessage.model_json_schema(by_alias=True, mode="serialization")
    properties: Schema = {
        "specversion": {"const": "1.0"},
        "id": {**UUID, "description": "The same whenever the log is read again."},
        "source": {**TEXT, "description": "/timelines/ and the timeline."},
        "type": {"enum": [f"tocsin.alert.{kind}.v1" for kind in Kind]},
        "subject": {**UUID, "description": "The alert: the key of the record."},
        "time": {**TEXT, "description": "The clock of the timeline after the event that led to it."},
        "recordedtime": {**TEXT, "description": "The same as time."},
        "datacontenttype": {"const": "application/json"},
        "data": {name: data[name] for name in data if name not in {"$defs", "title"}},
    }
    return {
        "$schema": DIALECT,
        "title": ALERT,
        "description": (AlertMessage.__doc__ or "").strip(),
        "type": "object",
        "required": [name for name in properties if name != "datacontenttype"],
        "properties": properties,
        "$defs": data.get("$defs", {}),
    }
