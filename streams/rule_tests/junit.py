"""Results as JUnit XML, which CI systems show. Pure."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final
from xml.etree import ElementTree as ET

from events.errors import one_line
from streams.rule_tests.running import Result
from streams.rule_tests.telling import Wrong, lines_of, wrong

NO_XML: Final = dict.fromkeys((0xFFFE, 0xFFFF), "?")  # text to us, none to XML


def junit(results: Sequence[Result], faults: Sequence[str] = ()) -> str:
    """One suite for each file: a case for each test, or one for all that is wrong with the file."""
    amiss = sorted(map(wrong, faults), key=lambda it: it.file)
    bad = {file: list(those) for file, those in groupby(amiss, lambda it: it.file)}
    root = ET.Element("testsuites", _counts(results, len(bad)))
    for file, found in groupby(results, lambda it: it.file):
        _tests(root, _fit(file), list(found))
    for file, those in bad.items():
        _faults(root, _fit(file) or "files", those)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _tests(root: ET.Element, file: str, results: Sequence[Result]) -> None:
    suite = ET.SubElement(root, "testsuite", {"name": file, **_counts(results)})
    for it in results:
        case = _case(suite, it.name, file, it.seconds)
        if it.failures:
            text = "\n".join(_fit(line) for failure in it.failures for line in lines_of(it.file, failure))
            said = {"message": f"{len(it.failures)} not as expected", "type": "expectation"}
            ET.SubElement(case, "failure", said).text = text


def _faults(root: ET.Element, file: str, those: Sequence[Wrong]) -> None:
    suite = ET.SubElement(root, "testsuite", {"name": file, **_counts((), 1)})
    said = {"message": _fit(those[0].said), "type": "fault"}
    text = "\n".join(_fit(":".join(filter(None, [it.file, it.place, f" {it.said}"]))) for it in those)
    ET.SubElement(_case(suite, "what is written in it", file, 0.0), "error", said).text = text


def _case(suite: ET.Element, name: str, file: str, seconds: float) -> ET.Element:
    return ET.SubElement(
        suite, "testcase", {"name": _fit(name), "classname": file, "file": file, "time": f"{seconds:.3f}"}
    )


def _counts(results: Sequence[Result], errors: int = 0) -> dict[str, str]:
    failed = sum(bool(it.failures) for it in results)
    return {
        "tests": str(len(results) + errors),
        "failures": str(failed),
        "errors": str(errors),
        "time": f"{sum(it.seconds for it in results):.3f}",
    }


def _fit(text: str) -> str:
    """A line that every reader of XML takes."""
    return one_line(text).translate(NO_XML)
