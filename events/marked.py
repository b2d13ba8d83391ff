"""YAML text as plain data that remembers where each part stands. Pure.

Only what JSON knows is read into other types than text: YAML 1.1 would read the country NO as false, 12:30 as a number.
Anchors, aliases and tags are refused: what a file says stands where it says it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

LARGEST: Final = 2**20  # bytes
DEEPEST: Final = 8  # a rule needs five, an incident six
_WORDS: Final = {"": None, "null": None, "~": None, "true": True, "false": False}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")
Path = tuple[str | int, ...]  # names and positions, from the outside in


class At(NamedTuple):
    """A place in the text, from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Marked:
    """The data of a text, where each part of it stands, and what is wrong with it."""

    data: Any = None
    readable: bool = True  # the data is the text's, though keys may come twice
    values: dict[Path, At] = field(default_factory=dict)
    keys: dict[Path, At] = field(default_factory=dict)
    faults: list[tuple[At, str]] = field(default_factory=list)

    def place(self, path: Path, *, of_key: bool = False) -> At:
        """Where a part stands, or the nearest part around it that there is."""
        if of_key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, At(1, 1))


def read(text: str) -> Marked:
    """The data of a text, or what keeps it from being read."""
    marked = Marked()
    try:
        marked.faults += _refused(text)
        if not marked.faults and (node := yaml.compose(text, Loader=yaml.SafeLoader)):
            marked.data = _plain(node, (), marked)
            return marked
    except yaml.MarkedYAMLError as error:
        marked.faults.append((_at(error.problem_mark), f"expected YAML, found: {error.problem or error.context}"))
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        at = At(before.count("\n") + 1, len(before) - before.rfind("\n"))
        marked.faults.append((at, f"expected text, found the character {error.character:#x}"))
    marked.readable = not marked.faults
    return marked


def _refused(text: str) -> Iterator[tuple[At, str]]:
    """What YAML can do and we do not read; found before anything follows an alias or nests too deep."""
    if (size := len(text.encode(errors="replace"))) > LARGEST:
        yield At(1, 1), f"expected at most {LARGEST} bytes, found {size}"
        return
    depth = 0
    for it in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(it, yaml.CollectionStartEvent) - isinstance(it, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            yield _at(it.start_mark), f"expected at most {DEEPEST} levels of nesting, found more"
            return
        if isinstance(it, yaml.NodeEvent) and it.anchor is not None:
            sign = "*" if isinstance(it, yaml.AliasEvent) else "&"
            yield _at(it.start_mark), f"expected plain values, found {sign}{it.anchor}"
        if (tag := getattr(it, "tag", None)) is not None:
            yield _at(it.start_mark), f"expected plain values, found the tag {tag}"


def _plain(node: Node, path: Path, marked: Marked) -> Any:
    marked.values[path] = _at(node.start_mark)
    if isinstance(node, MappingNode):
        return _mapping(node, path, marked)
    if isinstance(node, SequenceNode):
        return [_plain(item, (*path, place), marked) for place, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: MappingNode, path: Path, marked: Marked) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        at = _at(key.start_mark)
        if not isinstance(key, ScalarNode):
            marked.faults.append((at, "expected a name, found a list or mapping"))
            continue
        here = (*path, key.value)
        if key.value in found:
            marked.faults.append((at, f"expected {key.value} once, found it again"))
        marked.keys[here] = at
        found[key.value] = _plain(value, here, marked)
    return found


def _scalar(node: Node) -> Any:
    text = str(node.value)
    if not isinstance(node, ScalarNode) or node.style is not None:  # quoted
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _at(mark: Any) -> At:  # yaml's own types know two kinds of marks
    return At(mark.line + 1, mark.column + 1) if mark else At(1, 1)
