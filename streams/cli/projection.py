"""`tocsin projection`: have timelines told by what this code's newest version makes of their facts."""

import asyncio
from typing import TYPE_CHECKING

import click

from streams import clock
from streams.cli.asking import ask
from streams.cli.exits import OK
from streams.cli.words import WHO, WHY
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.projection import Lag

NOTHING = "nothing to adopt: the newest projection version is in force"


@click.group()
def projection() -> None:
    """What follows from the facts, by version of this code: an upgrade that says otherwise is adopted, not slipped in.

    \b
    tocsin projection adopt --timeline iraq-syria
    """  # noqa: D301 -- click reads the character, not the letters


@projection.command()
@click.option("--timeline", help="Only there; else in every timeline that is behind.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--who", type=WHO, default="operator", show_default=True, help="Who decided.")
@click.option("--why", type=WHY, help="And why; else what the version says otherwise.")
def adopt(*, timeline: str | None, yes: bool, who: str, why: str | None) -> int:
    """Adopt the newest projection version of this code where an older one is in force.

    What it says otherwise is told once: what is no episode any more is cancelled, what is open is raised late.

    \b
    tocsin projection adopt
    tocsin projection adopt --yes --who ana --why "the worker was upgraded"
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.reading.published import broker_here

    settings = load_settings()
    those = _lagging(settings, timeline)
    if not those:
        click.echo(NOTHING, err=True)
        return OK
    click.echo("\n".join(map(str, those)), err=True)
    if not yes:
        ask("Adopt?")
    asyncio.run(_send(settings, broker_here(settings), those, who, why))
    click.echo("adopted", err=True)
    return OK


async def adopt_here(settings: Settings, servers: str) -> None:
    """Adopt the newest version wherever the snapshots show an older one, as `tocsin up` does."""
    from projections.store.reader import NothingPublished, Unreadable

    try:
        those = _lagging(settings, None)
    except NothingPublished:
        those = []
    except Unreadable as why:
        click.echo(f"projection versions were not looked at: {why}", err=True)
        return
    click.echo("\n".join(map(str, those)) or NOTHING, err=True)
    if those:
        await _send(settings, servers, those, "tocsin up")


def _lagging(settings: Settings, timeline: str | None) -> "list[Lag]":
    from projections.store.reader import Reader
    from streams.projection import lagging
    from streams.reading.published import snapshots_of

    with Reader(snapshots_of(settings)) as reader:
        return lagging(reader, timeline)


async def _send(settings: Settings, servers: str, those: "Sequence[Lag]", who: str, why: str | None = None) -> None:
    from streams.projection import adoption
    from streams.topics import Topics
    from streams.writing.producer import producer

    events = [adoption(it, who, why or it.says, clock.now()) for it in those]
    async with producer(servers, Topics(settings.prefix), settings.partitions) as log:
        await log.send(events)
