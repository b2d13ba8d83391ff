"""The reference of rules as a page for people, made of the JSON Schema and of nothing else. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from projections.rules.contract import RULES, schemas
from projections.rules.durations import EXAMPLES
from projections.rules.values import COMPARISON_SCHEMA, DAY_SCHEMA, DURATION_SCHEMA

NAME: Final = "rules-reference.md"
Node = Mapping[str, Any]  # of a JSON Schema
# The parts of a rule, in the order of the page -> what they are called there
PARTS: Final = {
    "RuleSpec": "A rule",
    "Fields": "`where` and `not`",
    "Measured": "`measure`",
    "Levels": "`levels`",
    "Lengths": "`levels` of silence",
}
WORDS: Final = {  # the pattern of a text -> what it is
    DURATION_SCHEMA["pattern"]: f"a duration: {EXAMPLES}",
    f"^(all|{DURATION_SCHEMA['pattern'][1:-1]})$": f"`all`, or a duration: {EXAMPLES}",
    DAY_SCHEMA["pattern"]: "a day: 2023-10-17",
    COMPARISON_SCHEMA["pattern"]: 'a comparison: `">= 3"`',
    "^[A-Z]{2}$": "a country: IQ",
    "^[a-z][a-z0-9_]*$": "a name of small letters, digits and _",
}
ID: Final = "^[A-Za-z0-9][A-Za-z0-9._:@+-]*$"


def written() -> str:
    """The page, in Markdown."""
    schema = schemas()[RULES]
    return "\n".join(_page(schema, schema["$defs"])) + "\n"


def _page(schema: Node, parts: Node) -> Iterator[str]:
    yield "# Every field of a rule"
    yield ""
    yield f"Made of [{RULES}.json]({RULES}.json) by `tocsin schema --write docs/contract`. What rules are for, and"
    yield "examples, are in [rules.md](../rules.md). A file of rules is a mapping; in it stand:"
    yield ""
    yield from _table(schema, parts)
    for name, title in PARTS.items():
        yield from ("", f"## {title}", "", parts[name]["description"], "")
        yield from _table(parts[name], parts)


def _table(part: Node, parts: Node) -> Iterator[str]:
    yield "| field | form | unless it is said | what it says |"
    yield "|--|--|--|--|"
    required = part.get("required", ())
    for name, it in part["properties"].items():
        default = "must be said" if name in required else _default(it.get("default"))
        said = " ".join(it["description"].split()).replace("|", "\\|")
        yield f"| `{name}` | {form(it, parts)} | {default} | {said} |"


def _default(value: object) -> str:
    match value:
        case None | "" | [] | {}:
            return ""
        case dict():  # of a part, whose fields are all left out
            return ""
        case _:
            return f"`{value}`"


def form(node: Node, parts: Node) -> str:
    """What may stand there, in words."""
    if "$ref" in node:
        return _referred(node["$ref"].rpartition("/")[2], parts)
    if "anyOf" in node:
        return _any_of([it for it in node["anyOf"] if it.get("type") != "null"], parts)
    if "enum" in node:
        return ", ".join(f"`{it}`" for it in node["enum"])
    plain = {"string": _text, "integer": _number, "array": _list, "object": _mapping}
    return plain[node["type"]](node, parts)


def _referred(name: str, parts: Node) -> str:
    if name in PARTS:
        title = PARTS[name]
        anchor = title.lower().replace("`", "").replace(" ", "-")
        return f"[{title}](#{anchor})"
    return form(parts[name], parts)


def _any_of(those: list[Node], parts: Node) -> str:
    match those:
        case [one, {"type": "array", "items": items}] if items == one:
            return f"{form(one, parts)}; or a list of them"
    return ", or ".join(form(it, parts) for it in those)


def _text(node: Node, _: Node) -> str:
    if (pattern := node.get("pattern")) in WORDS:
        return WORDS[pattern]
    if pattern == ID:
        return f"a name without spaces, at most {node['maxLength']} characters"
    if "maxLength" in node:
        return f"text, at most {node['maxLength']} characters"
    return "text: `wounded.us`" if pattern else "text"


def _number(node: Node, _: Node) -> str:
    return f"a whole number, {node['minimum']} to {node['maximum']}"


def _list(node: Node, parts: Node) -> str:
    most = f", at most {node['maxItems']}" if "maxItems" in node else ""
    return f"a list{most}: {form(node['items'], parts)}"


def _mapping(node: Node, parts: Node) -> str:
    if "properties" in node:
        fields = ", ".join(f"{name}: {form(it, parts)}" for name, it in node["properties"].items())
        return f"`{{{', '.join(node['properties'])}}}`, with {fields}"
    [inner] = node["patternProperties"].values()
    return f"a mapping, at most {node['maxProperties']}, of names to {form(inner, parts)}"
