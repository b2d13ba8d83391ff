"""Looking at single records: what is left behind when no broker answers."""

import asyncio
import gc
from typing import Any

import pytest

from streams.broker.errors import BrokerSilent
from streams.reading.watching import Until, messages


async def noise() -> list[str]:
    """What the loop is told of while somebody follows a topic of a broker that is not there."""
    said: list[str] = []

    def hear(_: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
        said.append(told["message"])

    asyncio.get_running_loop().set_exception_handler(hear)
    with pytest.raises(BrokerSilent):
        await anext(messages("127.0.0.1:1", "tocsin.alerts", Until(), from_beginning=True))
    gc.collect()
    return said


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_unreachable_broker_is_one_error_and_no_noise() -> None:
    """Given no broker, when its messages are followed, then BrokerSilent is raised and no client is left open."""
    assert asyncio.run(noise()) == []
