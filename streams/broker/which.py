"""Which broker: the one the settings name, the embedded one that runs in this home, or one started for now."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.broker.embedded import EmbeddedKafka, running
from streams.settings import Settings


def folder_of(settings: Settings) -> Path:
    """Where the embedded Kafka of a home keeps its data."""
    return settings.home / "kafka"


def embedded(settings: Settings) -> EmbeddedKafka:
    """The embedded Kafka of a home, not started."""
    return EmbeddedKafka(folder_of(settings), cache=settings.cache)


@contextmanager
def broker_of(settings: Settings) -> Iterator[str]:
    """The address of the broker to use; one that is started for this is stopped at the end.

    Raises:
        BrokerUnavailable, BrokerFailed: no embedded Kafka can be had, or it does not start.
    """
    if address := settings.broker or running(folder_of(settings)):
        yield address
    else:
        with embedded(settings) as kafka:
            yield kafka.bootstrap
