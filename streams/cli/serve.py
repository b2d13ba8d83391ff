"""`tocsin broker`: the embedded Kafka in the foreground."""

import signal
import threading

import click

from events.errors import ConfigInvalid
from streams.broker.errors import BrokerGone
from streams.broker.which import embedded
from streams.settings import load_settings


@click.command()
def broker() -> None:
    """Run the embedded Kafka until ctrl-C; its address is the first line on stdout.

    Every verb that is called in the same folder finds it.
    """
    settings = load_settings()
    if settings.broker:
        raise ConfigInvalid(f"TOCSIN_BROKER names a broker already: {settings.broker}")
    ended = threading.Event()
    with embedded(settings) as kafka:
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: ended.set())
        click.echo(kafka.bootstrap)
        while not ended.wait(0.5):
            if not kafka.is_alive():
                raise BrokerGone(f"Kafka died; {kafka.log} says why")
