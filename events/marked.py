"""YAML text as plain data that remembers where each part stands. Pure.

Only what JSON knows is read into other types than text: YAML 1.1 would read the country NO as false, 12:30 as a number.
Anchors, aliases, merge keys and tags are refused: what a file says stands where it says it. The text is gone through
once, and data is made of it on the way: nothing follows an alias, or nests too deep.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple

import yaml

LARGEST: Final = 2**20  # bytes
DEEPEST: Final = 8  # a rule needs five, an incident six
_BREAK: Final = re.compile(r"\r\n|[\n\r]")
# No text: what YAML takes for none, and what nobody sees but shows text as another, or backwards. Zero-width joiners
# are text, Persian and emojis need them.
_UNSEEN: Final = (
    "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e"
    "\\u2060-\\u206f\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff\\U000e0000-\\U000e007f"
)
_UNTOLD: Final = re.compile(f"[{_UNSEEN}]")
_ESCAPED: Final = re.compile(f"[\\r{_UNSEEN}]")  # as itself it ends a line
MOST_CHARACTERS: Final = 100  # that are told one by one
_UNREAD: Final = "\ufffd"
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
    readable: bool = True  # the data is the text's, but for what is unsure; keys may come twice
    values: dict[Path, At] = field(default_factory=dict)
    keys: dict[Path, At] = field(default_factory=dict)
    unsure: set[Path] = field(default_factory=set)  # parts of which a fault is told that leaves open what they say
    faults: list[tuple[At, str]] = field(default_factory=list)

    def place(self, path: Path, *, of_key: bool = False) -> At:
        """Where a part stands, or the nearest part around it that there is."""
        if of_key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, At(1, 1))

    def sure(self, path: Path) -> bool:
        """Whether it is known what the text says there."""
        return not self.unsure or not any(path[:end] in self.unsure for end in range(len(path) + 1))


def read(text: str) -> Marked:
    """The data of a text, or what keeps it from being read."""
    marked = Marked()
    if (size := len(text.encode(errors="replace"))) > LARGEST:
        marked.faults.append((At(1, 1), f"expected at most {LARGEST} bytes, found {size}"))
        marked.readable = False
        return marked
    marked.faults += _characters(text)
    _Reading(marked, _UNTOLD.sub(_UNREAD, text)).run()
    return marked


def _characters(text: str) -> Iterator[tuple[At, str]]:
    """The characters of a text that may not be there."""
    lines, found, at = [0, *(it.end() for it in _BREAK.finditer(text))], _UNTOLD.finditer(text), At(1, 1)
    for it in islice(found, MOST_CHARACTERS):
        line = bisect_right(lines, it.start())
        at = At(line, it.start() - lines[line - 1] + 1)
        yield at, _said(it[0])
    if more := sum(1 for _ in found):
        yield at, f"expected text, found {more} more such characters after it"


def _said(character: str) -> str:
    return f"expected text, found the character U+{ord(character):04X}"


class _Stop(Exception):
    """No more is read; the fault and its place."""


class _Reading:
    """One pass over a text, in which another character stands for each of those that may not be there."""

    def __init__(self, marked: Marked, text: str) -> None:
        self._loader: Any = yaml.SafeLoader(text)
        self._marked, self._events = marked, self._nodes()
        self._torn = bool(marked.faults)

    def run(self) -> None:
        """Read the data, or tell why it can not be read."""
        marked = self._marked
        try:
            for it in self._events:  # one node; what follows it is a fault
                marked.data = self._value(it, ())
        except yaml.MarkedYAMLError as error:
            self._tell(error.problem_mark, f"expected YAML, found: {error.problem or error.context}")
        except (ValueError, OverflowError):  # \UFFFFFFFF; %YAML with a version of 5,000 digits
            self._tell(self._loader.get_mark(), "expected YAML, found a number beyond all limits")
        except _Stop as stop:
            self._tell(*stop.args)
        else:
            return
        marked.readable = False

    def _nodes(self) -> Iterator[Any]:
        """The parts of a text: values, and the ends of lists and mappings."""
        depth = documents = 0
        while self._loader.check_event():
            it = self._loader.get_event()
            depth += isinstance(it, yaml.CollectionStartEvent) - isinstance(it, yaml.CollectionEndEvent)
            documents += isinstance(it, yaml.DocumentStartEvent)
            if depth > DEEPEST:
                raise _Stop(it.start_mark, f"expected at most {DEEPEST} levels of nesting, found more")
            if documents > 1:
                raise _Stop(it.start_mark, "expected one document, found another")
            if isinstance(it, yaml.NodeEvent | yaml.CollectionEndEvent):
                yield it

    def _value(self, it: Any, path: Path) -> Any:
        self._marked.values[path] = _at(it.start_mark)
        self._refuse(it, path)
        if isinstance(it, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(it, yaml.SequenceStartEvent):
            return [self._value(item, (*path, place)) for place, item in enumerate(self._until_end())]
        return _scalar(it, self._text(it, path))

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in self._until_end():
            name = self._name(key, path)
            if name is None:
                self._skip(next(self._events))
                continue
            here = (*path, name)
            if name in found:
                self._tell(key.start_mark, f"expected {name} once, found it again")
            self._marked.keys[here] = _at(key.start_mark)
            found[name] = self._value(next(self._events), here)
        return found

    def _name(self, key: Any, path: Path) -> str | None:
        """The name that a key is; None: it is none."""
        self._refuse(key, path)
        if isinstance(key, yaml.ScalarEvent):
            name = self._text(key, path)
            if name != "<<" or key.style is not None:
                return name
            self._tell(key.start_mark, "expected plain values, found the merge key <<")
            self._marked.unsure.add(path)
        elif not isinstance(key, yaml.AliasEvent):
            self._tell(key.start_mark, "expected a name, found a list or mapping")
            self._skip(key)
        return None

    def _refuse(self, it: Any, path: Path) -> None:
        """Tell what YAML can do and we do not read."""
        if it.anchor is not None:
            sign = "*" if isinstance(it, yaml.AliasEvent) else "&"
            self._tell(it.start_mark, f"expected plain values, found {sign}{it.anchor}")
        if (tag := getattr(it, "tag", None)) is not None:
            self._tell(it.start_mark, f"expected plain values, found the tag {tag}")
        if isinstance(it, yaml.AliasEvent) or tag is not None:
            self._marked.unsure.add(path)

    def _text(self, it: Any, path: Path) -> str:
        """What is written there; of characters that may not be, escapes are told and the part is left open."""
        if isinstance(it, yaml.AliasEvent):
            return ""
        escaped = dict.fromkeys(_ESCAPED.findall(it.value)) if it.style == '"' else ()
        for character in escaped:
            self._tell(it.start_mark, _said(character))
        text = _ESCAPED.sub(_UNREAD, it.value) if escaped else str(it.value)
        if escaped or (self._torn and _UNREAD in text):
            self._marked.unsure.add(path)
        return text

    def _until_end(self) -> Iterator[Any]:
        """What comes before the end of the list or mapping that is read."""
        for it in self._events:
            if isinstance(it, yaml.CollectionEndEvent):
                return
            yield it

    def _skip(self, it: Any) -> None:
        """Read over a value."""
        if isinstance(it, yaml.CollectionStartEvent):
            for inner in self._until_end():
                self._skip(inner)

    def _tell(self, mark: Any, said: str) -> None:
        self._marked.faults.append((_at(mark), said))


def _scalar(it: Any, text: str) -> Any:
    if isinstance(it, yaml.ScalarEvent) and it.style is not None:  # quoted
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _at(mark: Any) -> At:  # yaml's own types know two kinds of marks
    return At(mark.line + 1, mark.column + 1) if mark else At(1, 1)
