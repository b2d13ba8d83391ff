"""Small blocks, so that short histories cross many of them."""

import pytest

from projections.rules.model import FOREVER
from projections.rules.track import Track


@pytest.fixture(autouse=True, scope="session")
def _small_blocks() -> None:
    """Blocks of two to four change points."""
    Track.__init__.__defaults__ = (-FOREVER, (), 2)
