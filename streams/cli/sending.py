"""What verbs that append have in common: --wait, --patience, and the way into the log."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from streams.cli.append import many, say_outcome
from streams.cli.exits import OK
from streams.cli.reads import Verb, patient
from streams.settings import Settings

if TYPE_CHECKING:
    from events.log import Event, Written
    from streams.writing.producer import Stretch


def waits(verb: Verb) -> Verb:
    """The options --wait and --patience of a verb that appends."""
    wait = click.option("--wait", is_flag=True, help="Wait until it is applied. Exit 1 if any was rejected.")
    return wait(patient(verb))


def send(settings: Settings, events: "Sequence[Event]", what: str, patience: float | None) -> int:
    """Append events, say where they are, wait for their outcome if there is patience; the exit code."""
    return say_sent(settings, appended(settings, events), what, patience)


def appended(settings: Settings, events: "Sequence[Event]") -> "Sequence[Stretch]":
    """Append events; where they are."""
    return asyncio.run(_events(settings, events))


def send_again(settings: Settings, records: "Sequence[tuple[str, Written]]", patience: float | None) -> int:
    """Append records as they are, each with its timeline; as `send`."""
    return say_sent(
        settings, asyncio.run(_records(settings, records)), f"{many(len(records), 'record')} sent again", patience
    )


def say_sent(settings: Settings, stretches: "Sequence[Stretch]", what: str, patience: float | None) -> int:
    """Say where events are, wait for their outcome if there is patience; the exit code."""
    places = ", ".join(
        f"{it.partition}:{offset}" for it in stretches for offset in (it.start, it.end - 1)[: it.end - it.start]
    )
    click.echo(f"{what}: at {places}", err=True)
    return OK if patience is None else say_outcome(settings, stretches, patience)


async def _events(settings: Settings, events: "Sequence[Event]") -> "Sequence[Stretch]":
    async with _producer(settings) as log:
        return await log.send(events)  # type: ignore[no-any-return]


async def _records(settings: Settings, records: "Sequence[tuple[str, Written]]") -> "Sequence[Stretch]":
    async with _producer(settings) as log:
        return await log.send_records((log.home_of(timeline), record) for timeline, record in records)  # type: ignore[no-any-return]


def _producer(settings: Settings) -> Any:
    from streams.reading.published import broker_here
    from streams.topics import Topics
    from streams.writing.producer import producer

    return producer(broker_here(settings), Topics(settings.prefix), settings.partitions)
