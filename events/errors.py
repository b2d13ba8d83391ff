"""Errors, classed by who must act: the sender of a record, the operator of the line or at start, or whoever asked."""

import re
from enum import StrEnum
from typing import Self

NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # control characters, lone surrogates
UNSEEN = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")  # show a text as another, or backwards
_SPELT = re.compile(f"{NO_TEXT.pattern}|{UNSEEN.pattern}")


def one_line(text: str) -> str:
    """The text with every character that ends a line, can not be stored or is not seen, written as an escape."""
    return _SPELT.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class TimelineError(Exception):
    """Anything of ours that went wrong; its text is one line fit for a person."""


class Reason(StrEnum):
    """Why a record was set aside."""

    MALFORMED = "malformed"  # the bytes are no event of the catalogue
    UNKNOWN_TYPE = "unknown-type"  # an event, but of no type or version we know
    TOMBSTONE = "tombstone"  # no value: nothing can be deleted here
    OVERSIZED = "oversized"  # beyond the limit of an event
    INAPPLICABLE = "inapplicable"  # an event, but it does not fit what is known before it
    CONFLICTING = "conflicting"  # the id of an applied event with other content


class EventRejected(TimelineError):
    """One record is bad and its sender must act; it becomes a row in `rejected`, the line goes on."""

    reason: Reason = Reason.MALFORMED

    def __init__(self, expected: str, found: str, field: str | None = None, reason: Reason | None = None) -> None:
        self.expected, self.found, self.field = expected, found, field
        self.reason = reason or type(self).reason
        super().__init__(one_line(f"{f'{field}: ' if field else ''}expected {expected}, found {found}"))

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, str | None, Reason]]:
        """Go to another process whole: records may be read there."""
        return type(self), (self.expected, self.found, self.field, self.reason)

    def plain(self) -> Self:
        """The same without its history: a traceback holds on to every record of a batch."""
        self.__cause__ = self.__context__ = None
        return self.with_traceback(None)


class MalformedEvent(EventRejected):
    """The bytes are no event of the catalogue."""


class Inapplicable(EventRejected):
    """The event does not fit what is known before it in the log."""

    reason = Reason.INAPPLICABLE


class Conflicting(EventRejected):
    """The id of an applied event came again with other content."""

    reason = Reason.CONFLICTING


class ProjectionHalted(TimelineError):
    """Tables or log can not be trusted; nothing was written; the operator must act (exit 3)."""


class OffsetGap(ProjectionHalted):
    """A batch does not begin at the checkpoint."""


class LogChanged(ProjectionHalted):
    """The log is not the one this file was built from."""


class ConfigInvalid(TimelineError):
    """A setting or an argument is wrong, or something is not there yet; every fault is listed, on a line (exit 2)."""

    def __init__(self, faults: list[str] | str) -> None:
        self.faults = [one_line(it) for it in ([faults] if isinstance(faults, str) else faults)]
        super().__init__("\n".join(self.faults))


class Faulty(ConfigInvalid):
    """A file of rules or of a theatre was checked, and is wrong; every fault is listed (exit 1)."""


class NotFound(TimelineError):
    """What a question names is not there, or is more than one thing; every such name is listed (exit 1)."""

    def __init__(self, faults: list[str] | str) -> None:
        super().__init__(faults if isinstance(faults, str) else "\n".join(faults))
