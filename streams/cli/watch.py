"""`tocsin watch`: the alert messages as they come."""

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

import click

from streams.cli.alert_words import line
from streams.cli.alerts import SEVERITIES
from streams.cli.output import reader_is_gone

if TYPE_CHECKING:
    from streams.reading.watching import Until


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="The topic of this severity instead of all messages.")
@click.option("--from-beginning", is_flag=True, help="Begin with the first message there is.")
@click.option("--count", type=click.IntRange(1), help="End after so many messages.")
@click.option("--until-idle", "idle", type=click.FloatRange(0), help="End after so many seconds without a message.")
def watch(*, as_json: bool, severity: str | None, from_beginning: bool, count: int | None, idle: float | None) -> None:
    """Follow the alert messages, one line each, until ctrl-C. A Kafka that goes away is told of, and waited for.

    When nobody reads what it prints any more, as after `| head`, it ends too.

    \b
    tocsin watch --severity critical
    tocsin watch --from-beginning --until-idle 2 --json
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.reading.published import broker_here
    from streams.reading.watching import Until
    from streams.settings import load_settings
    from streams.topics import Topics

    settings = load_settings()
    names = Topics(settings.prefix)
    topic = names.alerts_of(severity) if severity else names.alerts
    servers = broker_here(settings)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            _print(servers, topic, Until(count, idle, reader_is_gone), from_beginning=from_beginning, as_json=as_json)
        )


async def _print(servers: str, topic: str, until: "Until", *, from_beginning: bool, as_json: bool) -> None:
    from streams.reading.watching import messages
    from streams.worker.away import tell_of_outages

    telling = asyncio.create_task(tell_of_outages(servers, lambda: None))  # silence must not pass for peace
    try:
        async with contextlib.aclosing(messages(servers, topic, until, from_beginning=from_beginning)) as following:
            async for message in following:
                click.echo(json.dumps(message, ensure_ascii=False) if as_json else line(message))
    finally:
        telling.cancel()
