"""YAML as plain data that remembers its lines, so that a fault can be shown where it stands. Pure.

Only what JSON knows is read into other types than text: YAML 1.1 would read the country NO as false, the key `on` as
true and 12:30 as a number. A key that comes twice is a fault, not the end of the first one.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Path = tuple[str | int, ...]  # names and positions, from the outside in
_WORDS: Final = {"": None, "null": None, "~": None, "true": True, "false": False}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")


@dataclass(slots=True)
class Marked:
    """The data of one file, and where each part of it stands."""

    file: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)  # of every part; 1 is the first line
    faults: list[str] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a part, or of the nearest part around it that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Path, said: str) -> str:
        """One line that names the place and says what is wrong there."""
        where = ".".join(map(str, path))
        return f"{self.file}:{self.line(path)}: {f'{where}: ' if where else ''}{said}"


def read(file: str, text: str) -> Marked:
    """The data of a file's text; `faults` says where it is no YAML that we read."""
    marked = Marked(file)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        marked.faults.append(f"{file}:{line}: expected YAML, found: {error.problem or error.context}")
    except (yaml.YAMLError, RecursionError) as error:
        marked.faults.append(f"{file}:1: expected YAML, found: {str(error).splitlines()[0]}")
    else:
        marked.data = _plain(node, (), marked, frozenset()) if node else None
    return marked


def _plain(node: Node, path: Path, marked: Marked, around: frozenset[int]) -> Any:
    marked.lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in around:
        marked.faults.append(marked.fault(path, "expected plain values, found a part that holds itself"))
        return None
    inside = around | {id(node)}
    match node:
        case MappingNode():
            return _mapping(node, path, marked, inside)
        case SequenceNode():
            return [_plain(item, (*path, at), marked, inside) for at, item in enumerate(node.value)]
        case _:
            return _scalar(node)


def _mapping(node: MappingNode, path: Path, marked: Marked, around: frozenset[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        here = (*path, str(key.value) if isinstance(key, ScalarNode) else "?")
        if here[-1] in found:
            marked.faults.append(f"{marked.file}:{key.start_mark.line + 1}: {here[-1]}: expected once, found again")
        marked.lines.setdefault(here, key.start_mark.line + 1)
        found[str(here[-1])] = _plain(value, here, marked, around)
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
