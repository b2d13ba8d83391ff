"""The contract for other producers and consumers: a JSON Schema for a line of CloudEvents JSON, one per type.

In Kafka the same attributes stand in `ce_*` headers and `data` is the value. Generated from the catalogue; what a
schema can not say (order of bounds, known ids) is checked when reading.
"""

import json
from typing import Any, Final

from events import codec
from events.model import FACTS, Fact

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
UUID: Final[Schema] = {"type": "string", "pattern": f"^{codec.UUID_FORM.pattern}$"}
TEXT: Final[Schema] = {"type": "string"}


def schemas() -> dict[str, Schema]:
    """The schemas by type of event."""
    return {fact.type(): _event(fact) for fact in FACTS}


def written(schema: Schema) -> str:
    """A schema as the text of its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _event(fact: type[Fact]) -> Schema:
    data = fact.model_json_schema(by_alias=True)
    attributes: Schema = {
        "specversion": {"const": "1.0"},
        "id": {
            **UUID,
            "description": "The same for the same fact from the same source: appending it again is harmless.",
        },
        "source": {"type": "string", "pattern": f"^/timelines/{codec.TIMELINE_FORM.pattern}$"},
        "type": {"const": fact.type()},
        "time": {**TEXT, "description": "The earliest instant it can have happened at, else when it became known."},
        "recordedtime": {
            "type": "string",
            "pattern": f"^{codec.INSTANT_FORM.pattern}$",
            "description": "When we learned it.",
        },
        "datacontenttype": {"const": "application/json"},
        "causationid": {**UUID, "description": "The event that led to this one."},
        "correlationid": {**UUID, "description": "What belongs together."},
    }
    required = ["specversion", "id", "source", "type", "recordedtime", "data"]
    if fact.subject_field:
        attributes["subject"] = {**TEXT, "description": f"The same as data.{fact.subject_field}."}
        required.append("subject")
    return {
        "$schema": DIALECT,
        "title": fact.type(),
        "description": (fact.__doc__ or "").strip(),
        "type": "object",
        "required": required,
        "properties": {**attributes, "data": {name: data[name] for name in data if name not in {"$defs", "title"}}},
        "$defs": data.get("$defs", {}),
    }
