"""Logs: one form for all, and only on stderr."""

import json
import logging
import threading
from asyncio import CancelledError
from collections.abc import Iterator

import pytest
import structlog
from aiokafka.errors import GroupCoordinatorNotAvailableError

from streams.logs import set_up_logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers, root.level, threading.excepthook
    yield
    threading.excepthook = hook
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def test_our_lines_and_those_of_libraries_have_one_form(capsys: pytest.CaptureFixture[str]) -> None:
    """Given no terminal, when we and a library log, then every line on stderr is JSON with the same keys."""
    set_up_logs()

    structlog.get_logger("ours").info("batch applied", rows=3, offset=7)
    logging.getLogger("aiokafka.consumer").warning("Heartbeat failed for group %s", "g")
    logging.getLogger("faust").error("crashed", exc_info=ValueError("why"))

    out, err = capsys.readouterr()
    ours, theirs, crash = (json.loads(line) for line in err.splitlines())
    assert out == ""
    assert {"event", "level", "logger", "timestamp"} <= ours.keys() & theirs.keys()
    assert (ours["event"], ours["rows"], ours["offset"]) == ("batch applied", 3, 7)
    assert theirs["event"] == "Heartbeat failed for group g"
    assert crash["exception"][0]["exc_value"] == "why"


def test_what_nobody_needs_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """Given the default level, when libraries chat or a connection attempt fails once more, then nothing is said."""
    set_up_logs()

    logging.getLogger("mode").info("starting")
    logging.getLogger("aiokafka").error("Unable connect to %s", "127.0.0.1:1")
    structlog.get_logger("ours").debug("detail")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [([0.0, 0.1, 2.0], 0), ([0.0, 4.0, 8.0, 12.0, 13.0], 2), ([0.0, 60.0, 120.0], 0)],
    ids=["a first start", "a group that stays away", "now and then"],
)
def test_a_group_that_is_being_made_does_not_alarm(
    seconds: list[float], shown: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given a coordinator that is not there yet, when that is told, then it is shown once it lasts ten seconds."""
    set_up_logs()
    library = logging.getLogger("aiokafka.consumer.group_coordinator")
    said = ("Group Coordinator Request failed: %s", (GroupCoordinatorNotAvailableError(),))

    for second in seconds:
        record = library.makeRecord(library.name, logging.ERROR, "", 0, *said, None)
        record.created = 1_700_000_000 + second
        library.handle(record)

    assert capsys.readouterr().err.count("GroupCoordinatorNotAvailableError") == shown


def test_a_thread_that_ends_says_why_in_a_line_unless_it_was_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    """Given threads that end with an error and by being stopped, then stderr has one JSON line, and no traceback."""
    set_up_logs()

    def ends(error: BaseException) -> None:
        raise error

    for error in (CancelledError(), ValueError("why")):
        thread = threading.Thread(target=ends, args=[error], name="client")
        thread.start()
        thread.join()

    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["event"], line["thread"], line["exception"][0]["exc_value"]) == ("a thread ended", "client", "why")


def test_people_get_lines_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    """Given the console form, when something is logged, then it is a line of words with keys."""
    set_up_logs(form="console")

    structlog.get_logger("ours").warning("lagging", partition=2)

    line = capsys.readouterr().err
    assert "lagging" in line
    assert "partition=2" in line
    assert not line.startswith("{")
