"""How tests went, and what is wrong with files, as lines and as plain values. Pure."""

import re
from typing import Any, Final, NamedTuple

from streams.rule_tests.running import Failure, Result

_PLACED: Final = re.compile(r"(?P<file>.+?):(?P<place>\d+:\d+): (?P<said>.*)", re.DOTALL)


class Wrong(NamedTuple):
    """What is wrong with a file of tests or of rules: no test of it ran."""

    file: str  # nothing where no file is named
    place: str  # line:column, or nothing
    said: str


def wrong(fault: str) -> Wrong:
    """The parts of a fault that is told as one line."""
    if it := _PLACED.fullmatch(fault):
        return Wrong(it["file"], it["place"], it["said"])
    file, colon, said = fault.partition(": ")
    return Wrong(file, "", said) if colon else Wrong("", "", fault)


def lines_of(file: str, failure: Failure) -> list[str]:
    """A failure for people: where, what, and the diff."""
    return [f"{file}:{failure.place}: {failure.said}", *(f"  {it}" for it in failure.diff)]


def object_of(it: Result) -> dict[str, Any]:
    """How a test went."""
    return _object(it.file, it.place, it.name, it.failures)


def object_of_fault(fault: str) -> dict[str, Any]:
    """A fault in the same fields, as of a test that has no name."""
    file, place, said = wrong(fault)
    return _object(file, place, None, [Failure(place, said, [])])


def _object(file: str, place: str, test: str | None, failures: list[Failure]) -> dict[str, Any]:
    failed = [it._asdict() for it in failures]
    return {"file": file, "place": place, "test": test, "ok": not failures, "failures": failed}
