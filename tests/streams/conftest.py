"""The line of a test: fresh topics, workers of its own over the store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.broker.embedded import EmbeddedKafka
from streams.topics import Topics
from tests.streams.line import Line, Store, ended
from tests.streams.real_store import REAL


@pytest.fixture
def store() -> Store:
    """What the workers are made of: the real fold, as a user starts it."""
    return REAL


@pytest.fixture
async def line(kafka: EmbeddedKafka, topics: Topics, tmp_path: Path, store: Store) -> AsyncIterator[Line]:
    """Two partitions on the shared broker; the topics exist."""
    fresh = Line(kafka.bootstrap, topics, tmp_path / "home", store)
    await fresh.open()
    with ended(fresh):
        yield fresh
