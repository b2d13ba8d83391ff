"""Files of rule tests, read whole, or refused with everything that is wrong in any of them."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from events import marked
from events.errors import Faulty, one_line
from events.marked import LARGEST, At, Marked, Path
from events.plainly import Fault, faults
from projections.rules.misspelt import as_meant, hinted
from projections.rules.spec import Content
from projections.rules.templates import meant
from projections.rules.yaml_file import PLAINER, WRITTEN, few_enough
from seeds.forms import By
from streams.rule_files import read_rules, start_of
from streams.rule_tests import form
from streams.rule_tests.checking import Tests, checked

# What pydantic says, of files of tests -> what we say
PLAIN: Final = (
    *PLAINER,
    ("a valid array", "a list"),
    ("a valid boolean", "true or false"),
    ("an object", "fields, as in `name: value`"),
    (r"[^\x00-\x1f", "one line of text, without control characters"),
    ("string to have at least 1 character", "at least one character"),
)
# What may stand in a mapping, by where it stands: for each position in a list 0
MODELS: Final[dict[Path, type[BaseModel]]] = {
    (): form.TestFile,
    ("tests", 0): form.Case,
    ("tests", 0, "facts", 0): form.Fact,
    ("tests", 0, "facts", 0, "actor"): By,
    ("tests", 0, "expect", 0): form.Expected,
    ("tests", 0, "expect", 0, "episodes", 0): form.Episode,
    ("tests", 0, "expect", 0, "messages", 0): form.Message,
}
# The same, below a name that people give
NAMED: Final[dict[Path, type[BaseModel]]] = {
    ("tests", 0, "sites"): form.Site,
    ("tests", 0, "actors"): form.Actor,
}
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
    wrong = [(at, f"{path}:{at.line}:{at.column}: {what}") for at, what in it.faults]
    if not it.readable:
        raise Faulty(few_enough([said for _, said in sorted(wrong)]))
    as_meant(it, _names)
    file, found = _formed(it)
    wrong += [_said(path, it, fault) for fault in found if it.sure(fault.path)]
    draft = Tests(it.data, [fault.path for fault in found], it.unsure)
    rules, of_rules = _rules(path, it, draft)
    wrong += [_at(path, it, where, what) for where, what in checked(draft, rules)]
    faults_of_it = few_enough([said for _, said in sorted(wrong, key=itemgetter(0))])
    if file is None or rules is None or faults_of_it or of_rules:
        raise Faulty([*faults_of_it, *of_rules])
    return Sheet(path, file.tests, rules, it)


def _formed(it: Marked) -> tuple[form.TestFile | None, list[Fault]]:
    """The file as its form has it, or what does not fit it."""
    try:
        return form.TestFile.model_validate_json(json.dumps(it.data)), []
    except ValidationError as error:
        return None, faults(error)


def _text(path: FilePath) -> str:
    try:
        return start_of(path, LARGEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise Faulty(f"{path}:{line}:1: expected UTF-8, found byte {error.object[error.start]:#x}") from error


def _rules(path: FilePath, it: Marked, draft: Tests) -> tuple[list[Content] | None, list[str]]:
    """The rules that the tests are about, or what is wrong with them; neither, if it is not known which they are."""
    if not draft.sound("rules"):
        return None, []
    beside = path.parent / draft.said["rules"]
    if not os.path.exists(beside):  # noqa: PTH110  what no file can be called is not there either
        said = f"expected a file or a folder of rules, found no {beside}"
        return None, [_at(path, it, ("rules",), said)[1]]
    try:
        return read_rules(beside), []
    except Faulty as error:
        return None, error.faults


def _at(path: FilePath, it: Marked, where: Path, said: str) -> tuple[At, str]:
    at = it.place(where)
    return at, f"{path}:{at.line}:{at.column}: {one_line(said)}"


# -- what pydantic says, as we say it


def _said(path: FilePath, it: Marked, fault: Fault) -> tuple[At, str]:
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
    return at, f"{path}:{at.line}:{at.column}: {one_line(f'{field}expected {hinted(expected, found)}, found {found}')}"


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
        return ", ".join(map(str, data)) or "{}"
    if isinstance(data, list) and data:
        return "a list"
    return WRITTEN.get(fault.found, fault.found)


def _names(path: Path) -> list[str]:
    """The names that may stand in a mapping; none where they are free."""
    place = tuple(it if isinstance(it, str) else 0 for it in path)
    model = MODELS.get(place) or NAMED.get(place[:-1])
    return [known.alias or name for name, known in model.model_fields.items()] if model else []
