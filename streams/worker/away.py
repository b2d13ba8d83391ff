"""The broker is away: which errors say so, how long to wait between two tries, and what the log says meanwhile."""

import asyncio
from collections.abc import Callable, Iterator

import structlog
from aiokafka.errors import KafkaError

from streams.broker.errors import BrokerSilent

FIRST_WAIT = 0.25  # seconds
LONGEST_WAIT = 5.0
LOOK_EVERY = 2.0

log = structlog.get_logger()


def is_away(error: BaseException) -> bool:
    """Whether an error is over once the broker is back."""
    if isinstance(error, KafkaError):
        return bool(error.retriable)
    return isinstance(error, BrokerSilent | ConnectionError | TimeoutError)


def waits() -> Iterator[float]:
    """Seconds to wait before each next try, for ever."""
    wait = FIRST_WAIT
    while True:
        yield wait
        wait = min(2 * wait, LONGEST_WAIT)


async def tell_of_outages(servers: str, reached: Callable[[], None]) -> None:
    """Log when none of the servers can be reached any more, and when one is back, for ever.

    `reached` is called each time that one is.

    The Kafka clients wait by themselves, but what they say of it is a line of theirs for every single try.
    """
    away = False
    while True:
        silent = await _is_silent(servers)
        if not silent:
            reached()
        if silent != away:
            away = silent
            if away:
                log.warning("waiting for the broker", servers=servers)
            else:
                log.info("the broker is back", servers=servers)
        await asyncio.sleep(LOOK_EVERY)


async def _is_silent(servers: str) -> bool:
    for server in servers.split(","):
        host, _, port = server.rpartition(":")
        try:
            async with asyncio.timeout(LOOK_EVERY):  # `wait_for` of Python 3.11 loses a cancel that comes at its end
                _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, TimeoutError):
            continue
        writer.close()
        return False
    return True
