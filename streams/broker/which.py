"""Which broker: the one the settings name, the embedded one that runs in this home, or one started for now."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from events.errors import ConfigInvalid
from streams.broker.embedded import EmbeddedKafka, running
from streams.broker.locks import held
from streams.settings import Settings


def folder_of(settings: Settings) -> Path:
    """Where the embedded Kafka of a home keeps its data."""
    return settings.home / "kafka"


def embedded(settings: Settings) -> EmbeddedKafka:
    """The embedded Kafka of a home, not started."""
    return EmbeddedKafka(folder_of(settings), cache=settings.cache)


def none_answers(settings: Settings) -> ConfigInvalid:
    """What to say where no broker is named and none in this home answers: none runs, or one was begun a moment ago."""
    if held(folder_of(settings) / "lock"):
        return ConfigInvalid(
            f"a Kafka was begun in {settings.home}, and does not answer: it is starting, or ending; try again"
        )
    return ConfigInvalid(f"no Kafka runs in {settings.home}: `tocsin up` starts one, TOCSIN_BROKER names another")


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
