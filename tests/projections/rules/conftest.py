"""Small blocks and little slack, so that short histories cross many of them and lead back behind it."""

import pytest

from projections.rules import begin
from projections.rules.spans import Spans


@pytest.fixture(autouse=True, scope="session")
def _small_blocks() -> None:
    """Blocks of two to four change points; two instants of slack."""
    Spans.block = 2
    begin.SLACK = 2  # type: ignore[misc]
