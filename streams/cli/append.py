"""`tocsin append`: events from a file, or from stdin, to the log."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO, TYPE_CHECKING

import click

from streams import clock
from streams.cli.exits import FOUND, OK
from streams.cli.progress import progress
from streams.cli.reads import patient
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from streams.writing.lines import Line
    from streams.writing.producer import Stretch

FAULTS_SHOWN = 50  # a file of the wrong kind is all faults


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--skip-invalid", is_flag=True, help="Send what is valid, and leave out the rest.")
@click.option(
    "--wait", is_flag=True, help="Wait until it is applied; say what became of it. Exit 1 if any was rejected."
)
@patient
def append(*, file: str, skip_invalid: bool, wait: bool, patience: float) -> int:
    """Append events: FILE has one CloudEvents JSON object a line; - is stdin.

    Everything is checked first. When lines are no events, they are shown (the first 50), nothing is sent
    and the exit code is 1. Appending the same event again is harmless: it counts once.

    \b
    tocsin append events.ndjson --wait
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.reading.published import broker_here
    from streams.writing.lines import rereadable

    settings, now = load_settings(), clock.now()
    servers = broker_here(settings)
    with rereadable(file) as source:
        faults = _check(source, file, now)
        if faults and not skip_invalid:
            click.echo(f"{many(faults, 'line')} invalid, nothing was sent (--skip-invalid sends the rest)", err=True)
            return FOUND
        stretches = asyncio.run(_send(settings, servers, source, now))
    sent = sum(it.end - it.start for it in stretches)
    skipped = f", {many(faults, 'line')} skipped" if faults else ""
    click.echo(f"{many(sent, 'event')} appended{skipped}", err=True)
    return say_outcome(settings, stretches, patience) if wait else OK


def _check(source: IO[bytes], name: str, now: datetime) -> int:
    """Show the first lines that are no events; how many there are in all."""
    faults = 0
    for line in _lines(source, now, "checking"):
        if line.fault is not None:
            faults += 1
            if faults <= FAULTS_SHOWN:
                click.echo(f"{name}:{line.number}: {line.fault}", err=True)
    if faults > FAULTS_SHOWN:
        click.echo(f"and {faults - FAULTS_SHOWN} more", err=True)
    return faults


def _lines(source: IO[bytes], now: datetime, label: str) -> "Iterator[Line]":
    from streams.writing.lines import lines

    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    with progress(label, size) as advance:
        yield from lines(source, now, advance)


async def _send(settings: Settings, servers: str, source: IO[bytes], now: datetime) -> "Sequence[Stretch]":
    from streams.topics import Topics
    from streams.writing.producer import producer

    async with producer(servers, Topics(settings.prefix), settings.partitions) as log:
        return await log.send(line.event for line in _lines(source, now, "sending") if line.event is not None)


def say_outcome(settings: Settings, stretches: "Sequence[Stretch]", patience: float) -> int:
    """Wait until these records are applied and say what became of them; the exit code."""
    from projections.store.reader import Reader
    from streams.reading.published import snapshots_of
    from streams.reading.waiting import wait_for
    from streams.writing.outcome import outcome_of

    there = wait_for(settings, {it.partition: it.end for it in stretches}, patience)
    if away := [it for it in stretches if it.partition in there]:
        click.echo(_away(away), err=True)
    if len(away) == len(stretches):
        return OK
    with Reader(snapshots_of(settings)) as reader:
        found = outcome_of(reader, [it for it in stretches if it not in away])
    click.echo(", ".join(f"{count} {name}" for name, count in found._asdict().items()), err=True)
    if found.conflicting:
        click.echo("conflicting: their ids were told before with other content; what was said first stands", err=True)
    if bad := found.conflicting + found.rejected:
        click.echo(f"`tocsin rejected` says why of {'this one' if bad == 1 else f'these {bad}'}", err=True)
    return FOUND if bad else OK


def _away(stretches: "Sequence[Stretch]") -> str:
    partitions = ", ".join(map(str, sorted({it.partition for it in stretches})))
    count = many(sum(it.end - it.start for it in stretches), "event")
    return f"{count} in partition {partitions}, which a worker of another home has: ask there what became of them"


def many(count: int, thing: str) -> str:
    """A number of things in words."""
    return f"{count} {thing}{'' if count == 1 else 's'}"
