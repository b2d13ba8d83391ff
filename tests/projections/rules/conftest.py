"""Small blocks and little slack, so that short histories cross many of them and lead back behind it."""

import pytest

from projections.rules import begin
from projections.rules.begin import WHOLE
from projections.rules.model import FOREVER
from projections.rules.track import Track


@pytest.fixture(autouse=True, scope="session")
def _small_blocks() -> None:
    """Blocks of two to four change points; two instants of slack."""
    Track.__init__.__defaults__ = (-FOREVER, (), WHOLE, 2)
    begin.SLACK = 2  # type: ignore[misc]
