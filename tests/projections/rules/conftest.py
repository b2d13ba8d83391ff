"""Small blocks and little slack, so that short histories cross many of them and lead back behind it."""

import pytest

from projections.rules import begin
from projections.rules.lines import Line
from projections.rules.spans import Spans
from projections.rules.track import Track
from tests.projections.rules.histories import PROVE


@pytest.fixture(autouse=True, scope="session")
def _small_blocks() -> None:
    """Blocks of two to four change points; two instants of slack."""
    Spans.block = 2
    Track.few = 0
    Line.part = 2
    begin.SLACK = 2  # type: ignore[misc]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`make prove`: the properties only, first those of which an ordinary run takes most examples: the cheap."""
    if PROVE is None:
        return
    proven = [it for it in items if _examples(it)]
    config.hook.pytest_deselected(items=[it for it in items if not _examples(it)])
    items[:] = sorted(proven, key=_examples, reverse=True)


def _examples(item: pytest.Item) -> int:
    return int(getattr(getattr(item, "obj", None), "examples", 0))
