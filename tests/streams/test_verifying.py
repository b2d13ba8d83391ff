"""The wire against the file: what the relay may never do, and that it is seen when it does."""

import pytest

from projections.store.verify.outgoing import Sent
from streams.verifying.wire import differences

FILE = [Sent(3, 0, "m1", "aa"), Sent(3, 1, "m2", "bb"), Sent(7, 0, "m3", "cc")]
ONE, TWO, THREE = FILE


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (FILE, []),
        ([ONE, THREE], [("offset 3/1", "once", "not on the wire")]),
        ([ONE, TWO, TWO, THREE], [("offset 3/1", "once", "2 times")]),
        ([TWO, ONE, THREE], [("offset 3/0", "in the order of the log", "after offset 3/1")]),
        ([*FILE, Sent(8, 0, "m4", "dd")], [("offset 8/0", "no such message", "m4")]),
        ([*FILE, Sent(-1, 0, None, "dd")], [("offset -1/0", "no such message", "None")]),
        ([ONE, TWO._replace(hash="xx"), THREE], [("offset 3/1", "m2 with value bb", "m2 with value xx")]),
        ([ONE, TWO._replace(name="m9"), THREE], [("offset 3/1", "m2 with value bb", "m9 with value bb")]),
        ([], [(f"offset {it.offset}/{it.seq}", "once", "not on the wire") for it in FILE]),
    ],
    ids=["sound", "lost", "doubled", "swapped", "invented", "a stranger's", "other words", "another's name", "nothing"],
)
def test_each_message_stands_once_in_order_and_as_it_is_in_the_file(
    wire: list[Sent], said: list[tuple[str, str, str]]
) -> None:
    """Given a file and a wire, when they are compared, then each difference is told with its place."""
    found = differences("alerts", FILE, wire)

    assert [(it.where.removeprefix("alerts, the message of "), it.expected, it.found) for it in found] == said
