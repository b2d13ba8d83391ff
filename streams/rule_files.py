"""Rules as they stand in files: one, or all of a folder together. Every fault of all of them is told at once."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from events.errors import ConfigInvalid, Faulty
from projections.rules.form import MOST_RULES
from projections.rules.spec import Content
from projections.rules.yaml_file import Look, look, too_large

LARGEST: Final = 2**18  # bytes of a file: more than a set of rules can have, and its faults are told within seconds
LARGEST_FOLDER: Final = 2**20  # bytes of all its files
ENDINGS: Final = (".yaml", ".yml")


def read_rules(path: Path) -> list[Content]:
    """The rules of a file, or of all files of a folder in the order of their names, each in its normal form.

    Raises:
        ConfigInvalid: it can not be read.
        Faulty: something in it is wrong; every fault is told, with file and place.
    """
    files = _few(path, rule_files(path)) if path.is_dir() else [path]
    found = {file: _look(file) for file in files}
    faults = [f"{file}:{fault}" for file, it in found.items() for fault in it.faults] + list(_twice(found))
    if faults:
        raise Faulty(faults)
    rules = [rule for it in found.values() for rule in it.rules]
    if said := too_large(rules):
        raise Faulty(f"{path}: {said}")
    return rules


def rule_files(folder: Path) -> list[Path]:
    """The files of rules in a folder, by name: neither hidden ones, nor those of tests, nor folders in it.

    Raises:
        ConfigInvalid: it can not be read.
        Faulty: one of them is a pipe, say, or there are none. That is no wish to have no rules: such a file says
            `rules: []`.
    """
    try:
        found = sorted(it for it in folder.iterdir() if it.suffix in ENDINGS and _counts(it))
    except OSError as error:
        raise ConfigInvalid(f"{folder}: {error.strerror}") from error
    if odd := [f"{it}: expected a file, found something else" for it in found if it.exists() and not it.is_file()]:
        raise Faulty(odd)
    if not found:
        raise Faulty(f"{folder}: expected files of rules, *.yaml or *.yml, found none")
    return found


def _few(folder: Path, files: list[Path]) -> list[Path]:
    """The files of a folder, if they are so few and small that all their faults are told within seconds."""
    if len(files) > MOST_RULES:
        raise Faulty(f"{folder}: expected at most {MOST_RULES} files, found {len(files)}")
    if (size := sum(map(_size, files))) > LARGEST_FOLDER:
        raise Faulty(f"{folder}: expected files of at most {LARGEST_FOLDER} bytes together, found {size}")
    return files


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # who reads it will say so
        return 0


def start_of(file: Path, most: int) -> bytes:
    """The first bytes of a file, one more than `most` if there are more. Nobody waits for a pipe that nobody writes to.

    Raises:
        ConfigInvalid: it can not be read.
    """
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            os.set_blocking(opened.fileno(), True)
            return opened.read(most + 1)
    except OSError as error:
        raise ConfigInvalid(f"{file}: {error.strerror}") from error


def _counts(file: Path) -> bool:
    return not file.name.startswith(".") and not file.stem.endswith("_test") and not file.is_dir()


def _look(file: Path) -> Look:
    try:
        raw = start_of(file, LARGEST)  # what is larger is not even read
        if len(raw) > LARGEST:
            return Look([], {}, [f"1:1: expected at most {LARGEST} bytes, found more"])
        return look(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return Look([], {}, [f"{line}:1: expected UTF-8, found byte {error.object[error.start]:#x}"])


def _twice(found: Mapping[Path, Look]) -> Iterator[str]:
    """The ids that a file before has."""
    first: dict[str, str] = {}
    for file, it in found.items():
        for name, at in it.ids.items():
            here = f"{file}:{at.line}:{at.column}"
            if first.setdefault(name, here) != here:
                yield f"{here}: id: expected one of its own, found {name} of {first[name]}"
