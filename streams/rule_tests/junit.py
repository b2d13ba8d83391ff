"""Results as JUnit XML, which CI systems show. Pure."""

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from events.errors import NO_TEXT
from streams.rule_tests.running import Failure, Result


def junit(results: Sequence[Result]) -> str:
    """One suite for each file, one case for each test."""
    root = ET.Element("testsuites", _counts(results))
    for file, those in groupby(results, lambda it: it.file):
        found = list(those)
        suite = ET.SubElement(root, "testsuite", {"name": file, **_counts(found)})
        for it in found:
            case = ET.SubElement(suite, "testcase", {"name": it.name, "classname": file, "file": file})
            if it.failures:
                attributes = {"message": f"{len(it.failures)} not as expected", "type": "expectation"}
                ET.SubElement(case, "failure", attributes).text = _text(it)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(results: Sequence[Result]) -> dict[str, str]:
    failed = sum(bool(it.failures) for it in results)
    return {"tests": str(len(results)), "failures": str(failed), "errors": "0"}


def _text(it: Result) -> str:
    lines = "\n".join(line for failure in it.failures for line in lines_of(it.file, failure))
    return "\n".join(NO_TEXT.sub("?", line) for line in lines.splitlines())


def lines_of(file: str, failure: Failure) -> list[str]:
    """A failure for people: where, what, and the diff."""
    return [f"{file}:{failure.place}: {failure.said}", *(f"  {it}" for it in failure.diff)]
