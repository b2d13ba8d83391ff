"""Whether the broker is away, as long as somebody wants to know."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from streams.worker.away import tell_of_outages


@pytest.fixture
async def servers() -> AsyncIterator[str]:
    """Somebody who takes connections, and says nothing."""
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as there:
        yield f"127.0.0.1:{there.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("steps", range(16))
async def test_looking_ends_when_it_is_told_to_whatever_it_is_about(servers: str, steps: int) -> None:
    """Given a look that is so many steps on its way, when it is cancelled, then it ends, and nothing waits for it."""
    looking = asyncio.create_task(tell_of_outages(servers, lambda: None))
    for _ in range(steps):
        await asyncio.sleep(0)

    looking.cancel()

    done, _ = await asyncio.wait([looking], timeout=1)
    looking.cancel()
    assert done == {looking}
