"""The whole contract as one AsyncAPI 3 document: topics, who writes and who reads them, and what stands in a record.

Made of the models and the topics. Kafka records carry CloudEvents in binary mode: what the JSON Schemas of
`events.contract` call an attribute is a header here, and their `data` is the payload.
Source: AsyncAPI 3.0.0; Kafka bindings 0.5.0; CloudEvents 1.0.2, Kafka protocol binding §3.2.
"""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final

import yaml

from events import contract as events_contract
from projections.rules import contract as alerts_contract
from streams.topics import MAX_LETTER_BYTES, Topics

Object = dict[str, Any]
NAME: Final = "asyncapi.yaml"
BINDING: Final = "0.5.0"  # of Kafka
LISTS: Final = frozenset({"cleanup.policy"})
CONFIGS: Final = ("cleanup.policy", "retention.ms", "retention.bytes", "max.message.bytes")  # that the binding knows
ABOUT: Final = (
    "An event-sourced incident timeline with streaming alerts. Events are facts in the log, kept for ever; alerts are "
    "what is told of them. Topics have a prefix, here the default one. A timeline lives in one partition: the hash of "
    "the key (murmur2) decides in which."
)
TEXT: Final = {"type": "string"}
POSITION: Final = {
    "type": "string",
    "pattern": "^[0-9]+/[0-9]+$",
    "description": "Offset of the cause, and which message of it.",
}


def document() -> Object:
    """The AsyncAPI document."""
    messages = _messages()
    topics = Topics()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "tocsin",
            "version": version("tocsin"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "127.0.0.1:9092", "protocol": "kafka", "description": "Any Kafka from 3.6 on."}},
        "channels": dict(_channels(topics, messages)),
        "operations": _operations(),
        "components": {"messages": messages, "schemas": _schemas()},
    }


def written() -> str:
    """The document as the text of its file."""
    return yaml.dump(document(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


class _Plain(yaml.SafeDumper):
    """Says again what comes again, instead of pointing at it: YAML's anchors puzzle people and some readers."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 -- PyYAML's signature
        return True


def _channels(topics: Topics, messages: Mapping[str, Object]) -> Iterator[tuple[str, Object]]:
    events = [name for name in messages if name not in {alerts_contract.ALERT, "deadLetter", "relayPosition"}]
    alerts = [alerts_contract.ALERT]
    yield "events", _channel(topics.events, "The log: every event, in order, for ever.", events)
    yield (
        "alerts",
        _channel(topics.alerts, "Every alert message. The newest of an alert is the whole truth about it.", alerts),
    )
    for severity in ("watch", "warning", "critical"):
        said = (
            f"Messages of alerts that are {severity}, or were before the message; none of those that were over already."
        )
        yield f"alerts.{severity}", _channel(topics.alerts_of(severity), said, alerts)
    yield (
        "deadLetters",
        _channel(topics.dead_letters, "Records that could not be read or applied, whole.", ["deadLetter"]),
    )
    yield "relay", _channel(topics.relay, "How far each partition's messages are on the wire.", ["relayPosition"])


def _channel(topic: str, said: str, messages: list[str]) -> Object:
    config = {key: value for key, value in Topics().configs()[topic].items() if key in CONFIGS}
    settings = {key: [value] if key in LISTS else int(value) for key, value in config.items()}
    return {
        "address": topic,
        "description": said,
        "messages": {_key(name): {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"kafka": {"topic": topic, "topicConfiguration": settings, "bindingVersion": BINDING}},
    }


def _operations() -> Object:
    """What a worker does."""
    sent = {
        "tell": ("alerts", "Tell of an alert; committed once each, in the order of their causes."),
        **{
            f"tell.{it}": (f"alerts.{it}", f"Tell of an alert that is {it}.") for it in ("watch", "warning", "critical")
        },
        "setAside": ("deadLetters", "Pass on a record that could not be read or applied."),
        "remember": ("relay", "Note in the same transaction how far the messages are."),
    }
    apply = {"action": "receive", "channel": _ref("events"), "summary": "Apply an event to the projection, once."}
    told = {name: {"action": "send", "channel": _ref(to), "summary": said} for name, (to, said) in sent.items()}
    return {"apply": apply, **told}


def _ref(channel: str) -> Object:
    return {"$ref": f"#/channels/{channel}"}


def _messages() -> dict[str, Object]:
    made = {name: _message(name, schema) for name, schema in events_contract.schemas().items()}
    alert = alerts_contract.schemas()[alerts_contract.ALERT]
    return {
        **made,
        alerts_contract.ALERT: _message(alerts_contract.ALERT, alert, {"tocsin_position": POSITION}),
        "deadLetter": _dead_letter(),
        "relayPosition": _relay_position(),
    }


def _message(name: str, schema: Object, more: Mapping[str, Object] | None = None) -> Object:
    """A message in Kafka of a CloudEvent's schema in JSON."""
    attributes = {key: value for key, value in schema["properties"].items() if key not in {"data", "datacontenttype"}}
    required = [f"ce_{key}" for key in schema["required"] if key in attributes]
    headers = {f"ce_{key}": value for key, value in attributes.items()}
    said = {"content-type": {"const": "application/json"}, **(more or {})}
    key = "The alert's id." if name == alerts_contract.ALERT else "The timeline."
    return {
        "name": name,
        "title": name,
        "description": schema["description"],
        "contentType": "application/json",
        "headers": {"type": "object", "required": required, "properties": {**headers, **said}},
        "payload": _moved(schema["properties"]["data"]),
        "bindings": _keyed(key),
    }


def _keyed(said: str) -> Object:
    return {"kafka": {"key": {**TEXT, "description": said}, "bindingVersion": BINDING}}


def _dead_letter() -> Object:
    said = {
        "tocsin_reason": "Why, as one word.",
        "tocsin_expected": "What was expected.",
        "tocsin_found": "What was found.",
        "tocsin_field": "Where in the payload; may be empty.",
        "tocsin_record": "Which record it is: events/PARTITION/OFFSET.",
    }
    headers = {name: {**TEXT, "description": text} for name, text in said.items()} | {"tocsin_position": POSITION}
    return {
        "name": "deadLetter",
        "title": "A record that was set aside",
        "description": f"Key, value and headers as they were, and what was wrong. At most {MAX_LETTER_BYTES} bytes.",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "required": ["tocsin_reason"], "properties": headers},
        "payload": {"description": "The bytes of the record, whatever they are."},
        "bindings": _keyed("That of the record."),
    }


def _relay_position() -> Object:
    return {
        "name": "relayPosition",
        "title": "How far a partition's messages are",
        "contentType": "text/plain",
        "headers": {"type": "object", "required": ["tocsin_position"], "properties": {"tocsin_position": POSITION}},
        "payload": POSITION,
        "bindings": _keyed("The partition."),
    }


def _schemas() -> Object:
    """What the payloads refer to; one name is one thing everywhere."""
    alert = alerts_contract.schemas()[alerts_contract.ALERT]
    return {
        name: _moved(schema)
        for whole in (*events_contract.schemas().values(), alert)
        for name, schema in whole.get("$defs", {}).items()
    }


def _moved(schema: Any) -> Any:
    """The schema with its references to where this document keeps definitions."""
    if isinstance(schema, dict):
        return {key: _moved_ref(value) if key == "$ref" else _moved(value) for key, value in schema.items()}
    return [_moved(it) for it in schema] if isinstance(schema, list) else schema


def _moved_ref(ref: str) -> str:
    return ref.replace("#/$defs/", "#/components/schemas/")


def _key(name: str) -> str:
    """A message's name within a channel."""
    return name.removeprefix("tocsin.")
