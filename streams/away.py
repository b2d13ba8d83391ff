"""The broker is away: which errors say so, and how long to wait between two tries."""

from collections.abc import Iterator

from aiokafka.errors import KafkaError

from streams.broker.errors import BrokerSilent

FIRST_WAIT = 0.25  # seconds
LONGEST_WAIT = 5.0


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
