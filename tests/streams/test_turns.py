"""How long a thread keeps Python to itself."""

import sys
from collections.abc import Iterator

import pytest

from streams import turns


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize(("behind", "seconds"), [(0, 0.005), (turns.FAR, 0.005), (turns.FAR + 1, 0.02)])
def test_turns_are_long_only_while_much_is_to_be_applied(behind: int, seconds: float) -> None:
    """Given a line so far behind its log, when turns are shared out, then only one that is far behind has long ones."""
    turns.share_out(behind)

    assert sys.getswitchinterval() == pytest.approx(seconds)
