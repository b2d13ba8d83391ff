"""What a check found."""

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"  # it works, and may not for long, or not as meant
    FAIL = "fail"  # it does not work


class Finding(NamedTuple):
    """What was looked at, how it is, what was found, and what to do if it is not well."""

    check: str
    verdict: Verdict
    found: str
    hint: str = ""


def well(check: str, found: str) -> Finding:
    return Finding(check, Verdict.OK, found)


def doubtful(check: str, found: str, hint: str) -> Finding:
    return Finding(check, Verdict.WARN, found, hint)


def broken(check: str, found: str, hint: str) -> Finding:
    return Finding(check, Verdict.FAIL, found, hint)
