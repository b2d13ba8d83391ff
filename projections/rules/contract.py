"""The contract for those who write rules and those who read alerts: JSON Schemas of both, made of the models. Pure."""

from typing import Final

from events.contract import DIALECT, TEXT, UUID, Schema
from projections.rules.form import RuleFile
from projections.rules.messages import AlertMessage
from projections.rules.words import Kind

ALERT: Final = "tocsin.alert.v1"  # one schema for every kind: they carry the same
RULES: Final = "rules.yaml"


def schemas() -> dict[str, Schema]:
    """The schemas by name: of an alert message as a CloudEvent, and of a file of rules."""
    return {ALERT: _alert(), RULES: {"$schema": DIALECT, **RuleFile.model_json_schema(by_alias=True)}}


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
