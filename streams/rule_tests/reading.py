"""Files of rule tests, read whole, or refused with everything that is wrong in any of them."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from events import marked
from events.errors import Faulty, one_line
from events.marked import LARGEST, Marked, Path
from events.plainly import Fault, faults
from projections.rules.spec import Content
from projections.rules.templates import meant
from projections.rules.yaml_file import PLAINER, WRITTEN, few_enough
from seeds.forms import By
from streams.rule_files import read_rules, start_of
from streams.rule_tests import form
from streams.rule_tests.staging import told

# What pydantic says, of files of tests -> what we say
PLAIN: Final = (
    *PLAINER,
    ("a valid array", "a list"),
    ("an object", "fields, as in `name: value`"),
    (r"[^\x00-\x1f", "one line of text, without control characters"),
    ("string to have at least 1 character", "at least one character"),
)
PATTERNS: Final = ("*_test.yaml", "*_test.yml")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sound file of tests: its tests, the rules they are about, and where everything stands."""

    path: FilePath
    tests: Sequence[form.Case]
    rules: Sequence[Content]
    marked: Marked

    def place(self, test: int, path: Path = ()) -> str:
        """Where a part of a test stands, as line:column."""
        at = self.marked.place(("tests", test, *path))
        return f"{at.line}:{at.column}"


def read_tests(paths: Sequence[FilePath]) -> list[Sheet]:
    """All files of tests that are named, or stand somewhere in a folder that is.

    Raises:
        ConfigInvalid: one can not be read.
        Faulty: something is wrong in them, or in the rules they are about; every fault is told, with file and place.
    """
    found, wrong = [], []
    for path in dict.fromkeys(it for named in paths for it in _files(named)):
        try:
            found.append(_read(path))
        except Faulty as error:
            wrong += error.faults
    if wrong:
        raise Faulty(list(dict.fromkeys(wrong)))
    return found


def tests_beside(path: FilePath) -> list[FilePath]:
    """The files of tests that belong to rules: of a file, NAME_test beside it; of a folder, all in it."""
    if path.is_dir():
        return sorted(it for pattern in PATTERNS for it in path.rglob(pattern) if not os.path.isdir(it))  # noqa: PTH112  one may not be asked
    named = (path.with_name(pattern.replace("*", path.stem)) for pattern in PATTERNS)
    return [it for it in named if it.is_file()]


def _files(path: FilePath) -> list[FilePath]:
    if not path.is_dir():
        return [path]
    found = tests_beside(path)
    if not found:
        raise Faulty(f"{path}: expected files of tests, {' or '.join(PATTERNS)}, found none")
    return found


def _read(path: FilePath) -> Sheet:
    it = marked.read(_text(path))
    said = [f"{path}:{at.line}:{at.column}: {what}" for at, what in sorted(it.faults)]
    try:
        file = form.TestFile.model_validate_json(json.dumps(it.data)) if it.readable else None
    except ValidationError as error:
        said += [_said(path, it, fault) for fault in faults(error) if it.sure(fault.path)]
        raise Faulty(few_enough(said)) from error
    if file is None or said:
        raise Faulty(few_enough(said))
    rules = _rules(path, it, file.rules)
    if said := [_at(path, it, where, what) for where, what in _checked(file, rules)]:
        raise Faulty(few_enough(said))
    return Sheet(path, file.tests, rules, it)


def _text(path: FilePath) -> str:
    try:
        return start_of(path, LARGEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise Faulty(f"{path}:{line}:1: expected UTF-8, found byte {error.object[error.start]:#x}") from error


def _rules(path: FilePath, it: Marked, named: str) -> list[Content]:
    beside = path.parent / named
    if not os.path.exists(beside):  # noqa: PTH110  what no file can be called is not there either
        raise Faulty(_at(path, it, ("rules",), f"expected a file or a folder of rules, found no {beside}"))
    return read_rules(beside)


def _at(path: FilePath, it: Marked, where: Path, said: str) -> str:
    at = it.place(where)
    return f"{path}:{at.line}:{at.column}: {one_line(said)}"


# -- what the form alone can not say


def _checked(file: form.TestFile, rules: Sequence[Content]) -> Iterator[tuple[Path, str]]:
    by = {rule["id"]: rule["by"] for rule in rules}
    names = dict[str, int]()
    for number, case in enumerate(file.tests):
        here: Path = ("tests", number)
        if names.setdefault(case.name, number) != number:
            yield (*here, "name"), f"name: expected one of its own, found {case.name!r} again"
        yield from (((*here, "rule"), said) for said in _unknown(case.rule, by))
        for list_ in ("facts", "expect"):
            yield from (((*here, list_, at, "known"), said) for at, said in _disorder(getattr(case, list_)))
        yield from (((*here, *path), said) for path, said in (*_untold(case), *_strange(case, by)))


def _disorder(those: Sequence[form.Fact | form.Expected]) -> Iterator[tuple[int, str]]:
    for at, (one, other) in enumerate(pairwise(those), 1):
        if other.known < one.known:
            yield at, "known: expected the order in which it became known, found it before the one above"


def _untold(case: form.Case) -> Iterator[tuple[Path, str]]:
    """Facts that can not be told so."""
    first = set[str]()
    for at, fact in enumerate(case.facts):
        try:
            told(fact, first)
        except ValidationError as error:
            yield from ((("facts", at), f"expected {it.expected}, found {it.found}") for it in faults(error))


def _strange(case: form.Case, by: Mapping[str, Sequence[str]]) -> Iterator[tuple[Path, str]]:
    """Rules and groups that are expected and can not be."""
    for number, expected in enumerate(case.expect):
        for list_ in ("episodes", "messages"):
            for at, it in enumerate(getattr(expected, list_) or ()):
                here: Path = ("expect", number, list_, at)
                yield from (((*here, "rule"), said) for said in _unknown(it.rule, by))
                groups = by.get(it.rule or case.rule or "")
                if it.group is not None and groups is not None and set(it.group) != set(groups):
                    wanted = ", ".join(groups) or "nothing: the rule has no by"
                    yield (*here, "group"), f"group: expected {wanted}, found {', '.join(it.group) or 'nothing'}"


def _unknown(rule: str | None, by: Mapping[str, Any]) -> Iterator[str]:
    if rule is not None and rule not in by:
        yield f"rule: expected one of {', '.join(by)}, found {rule}{meant(rule, list(by))}"


# -- what pydantic says, as we say it


def _said(path: FilePath, it: Marked, fault: Fault) -> str:
    where, expected, found = fault.path, _plainly(fault.expected), _found(it.data, fault)
    if of_key := where[-1:] == ("[key]",):
        where = where[:-1]
    inner = where[2:] if where[:1] == ("tests",) else where
    if expected == "no such field":
        of_key, name = True, str(where[-1])
        names = _names(where[:-1])
        expected, found, inner = f"one of {', '.join(names)}", f"{name}{meant(name, names)}", inner[:-1]
    at = it.place(where, of_key=of_key)
    field = f"{'.'.join(map(str, inner))}: " if inner else ""
    return f"{path}:{at.line}:{at.column}: {one_line(f'{field}expected {expected}, found {found}')}"


def _plainly(expected: str) -> str:
    return next((ours for theirs, ours in PLAIN if theirs in expected), expected)


def _found(data: Any, fault: Fault) -> str:
    """What stands there, as YAML has it: of a mapping its names."""
    try:
        for step in fault.path:
            data = data[step]
    except (LookupError, TypeError):  # nothing stands there, or it is a key
        data = None
    if isinstance(data, Mapping):
        return ", ".join(map(str, data)) or "nothing"
    if isinstance(data, list) and data:
        return "a list"
    return WRITTEN.get(fault.found, fault.found)


def _names(path: Path) -> list[str]:
    """The names that may stand in a mapping."""
    models: dict[tuple[str, ...], type[BaseModel]] = {
        (): form.TestFile,
        ("tests",): form.Case,
        ("tests", "facts"): form.Fact,
        ("tests", "facts", "actor"): By,
        ("tests", "expect"): form.Expected,
        ("tests", "expect", "episodes"): form.Episode,
        ("tests", "expect", "messages"): form.Message,
    }
    names = tuple(it for it in path if isinstance(it, str))
    model = form.Site if names[:2] == ("tests", "sites") else models[names]
    return [known.alias or name for name, known in model.model_fields.items()]
