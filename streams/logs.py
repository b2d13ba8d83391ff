"""Logs: JSON lines for machines, aligned lines for people at a terminal; always on stderr, data alone goes to stdout.

Faust, mode and aiokafka log through the standard library; their lines come out in the same form as ours.
"""

import logging
import sys
import threading
from asyncio import CancelledError
from typing import Literal

import structlog
from structlog.dev import plain_traceback
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

_QUIET = ("aiokafka", "faust", "mode", "asyncio")  # their warnings and worse are enough

_REPEATED = {
    "aiokafka": (
        "Unable connect",
        "Sending username and password in the clear",  # for every connection; `tocsin doctor` says so once
        "Unable to update metadata",
        "NodeNotReadyError",
        "is either not started or not valid",
        "Got error produce response",  # and it tries again; what it gives up on is an error
    ),
    "faust": ("Crashed reason=",),
    "mode": ("Crashed reason=",),
}

# What is so for a moment while a group or the first topic of a Kafka is made, and an error only when it stays so.
_PASSING = "CoordinatorNotAvailableError"
_PASSES_S = 10.0

# without the values of local variables: they may be megabytes, and nobody's business
_TRACEBACKS = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def set_up_logs(level: str = "info", form: Literal["auto", "json", "console"] = "auto") -> None:
    """Send every log line of this process to stderr, in one form. Again is allowed: the last call counts."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(as_json=form == "json" or (form == "auto" and not sys.stderr.isatty())))
    handler.addFilter(_is_news)
    handler.addFilter(_Lasting())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_ended


def _thread_ended(it: threading.ExceptHookArgs) -> None:
    """Say what ended a thread, unless it was told to stop: a Kafka client that waits for a broker ends with that."""
    if it.exc_value is not None and not isinstance(it.exc_value, CancelledError | SystemExit):
        said = structlog.get_logger("threads")
        said.error("a thread ended", thread=getattr(it.thread, "name", None), exc_info=it.exc_value)


def _is_news(record: logging.LogRecord) -> bool:
    """False for what the libraries say again and again.

    aiokafka tells of every single try to reach a broker: whoever waits for one says so once. Every one of Faust's
    services tells, with its traceback, that it crashed: the worker says so once, at the end.
    """
    library = record.name.partition(".")[0]
    return not any(text in record.getMessage() for text in _REPEATED.get(library, ()))


class _Lasting:
    """Lets what passes by itself through only once it has been said again and again for some seconds."""

    def __init__(self) -> None:
        self._began = self._last = float("-inf")  # of the newest run of it; seconds

    def __call__(self, record: logging.LogRecord) -> bool:
        """Whether to show a line: any other one, or one that has lasted."""
        if not record.name.startswith("aiokafka") or _PASSING not in record.getMessage():
            return True
        if record.created - self._last > _PASSES_S:
            self._began = record.created
        self._last = record.created
        return record.created - self._began >= _PASSES_S


def _formatter(*, as_json: bool) -> logging.Formatter:
    last: list[Processor] = (
        [_TRACEBACKS, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain_traceback)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    )
