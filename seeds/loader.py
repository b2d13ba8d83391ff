"""A theatre folder as events. `parse` is pure; `load` reads the files for it."""

import json
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import ValidationError

from events.errors import Faulty, NotFound
from events.log import Event
from seeds.checks import Known
from seeds.files import Files
from seeds.sheet import Sheet
from seeds.telling import said_plainly, told

THEATRES: Final = FilePath(__file__).parent
BESIDE: Final = ("rules", "rules_test")  # files of a theatre that are not read here


def folder_of(theatre: str) -> FilePath:
    """The folder of a theatre: a path, or the name of one that comes with tocsin.

    Raises:
        NotFound: there is no such folder.
    """
    for folder in (FilePath(theatre), THEATRES / theatre):
        if (folder / "theatre.yaml").is_file():
            return folder
    ours = ", ".join(sorted(it.parent.name for it in THEATRES.glob("*/theatre.yaml")))
    raise NotFound(f"expected a folder with a theatre.yaml, or one of: {ours}; found {theatre!r}")


def load(folder: FilePath) -> list[Event]:
    """The events of a theatre folder, in the order in which they became known.

    Raises:
        Faulty: every fault of every file, as `file:line: field: expected …, found …`.
    """
    return parse({it.name: it.read_text(encoding="utf-8", errors="replace") for it in sorted(folder.glob("*.y*ml"))})


def parse(texts: Mapping[str, str]) -> list[Event]:
    """The events of a theatre, from the texts of its files by name.

    Raises:
        Faulty: as `load`.
    """
    sheets = {name.removesuffix(".yaml"): Sheet.of(name, text) for name, text in texts.items()}
    placed, wrong = told(_files(sheets), sheets)
    known = Known()
    for event, draft in placed:
        wrong += [sheets[draft.file].fault((*draft.path, *path), said) for path, said in known.take(event)]
    if wrong:
        raise Faulty(wrong)
    return [event for event, _ in placed]


def _files(sheets: Mapping[str, Sheet]) -> Files:
    expected = {*Files.model_fields, *BESIDE}
    names = ", ".join(sorted(expected))
    wrong = [f"{it.file}:1: expected one of {names}" for name, it in sheets.items() if name not in expected]
    found: dict[str, Any] = {}
    for name in Files.model_fields.keys() & sheets.keys():
        try:
            found[name] = _form(name, sheets[name])
        except Faulty as error:
            wrong += error.faults
    if "theatre" not in sheets:
        wrong.append("theatre.yaml:1: expected this file, found none")
    if wrong:
        raise Faulty(sorted(wrong))
    return Files(**found)


def _form(name: str, sheet: Sheet) -> Any:
    """The form of a file. Read as JSON, in which a number is never taken for a day."""
    if sheet.faults:
        raise Faulty(sheet.faults)
    form = Files.model_fields[name].annotation
    assert form is not None  # noqa: S101 -- each is a class
    try:
        return form.model_validate_json(json.dumps(sheet.marked.data))
    except ValidationError as error:
        raise Faulty(said_plainly(sheet, (), error)) from error
