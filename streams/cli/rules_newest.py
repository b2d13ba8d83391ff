"""The rules that new ones are compared with: those in force once all adoptions in the log are applied."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click

from events.errors import ConfigInvalid, TimelineError
from streams.cli.append import many
from streams.settings import Settings

if TYPE_CHECKING:
    from projections.store.reader import Reader
    from streams.reading.adoptions import Adopted, Look
    from streams.rules import InForce


class Base(NamedTuple):
    """What rules are compared with."""

    reader: "Reader"
    here: "InForce"
    end: int  # of the log below it no adoption is unread


class Unapplied(TimelineError):
    """Rules were adopted that no worker has applied yet: what is in force is not what will be."""


@contextmanager
def newest(settings: Settings, timeline: str | None, patience: float, *, alone: bool) -> Iterator[Base]:
    """The snapshots, once they hold every adoption of the timeline that is in the log now; that is waited for.

    Whether they lag behind otherwise is no matter: a log that is written to is always some records ahead.

    Args:
        settings: of the line.
        timeline: None: the only one there is.
        patience: seconds to wait for a worker at most.
        alone: whether the snapshots do where no broker is; that is said.

    Raises:
        Unapplied: there are adoptions that no worker applied in time.
        ConfigInvalid: no broker is there.
        NotFound, ConfigInvalid: as `in_force`.
    """
    from projections.store.reader import Reader
    from streams.reading.published import snapshots_of
    from streams.rules import in_force

    while True:
        with Reader(snapshots_of(settings)) as reader:
            here = in_force(reader, timeline)
            look = _look(settings, here, alone=alone)
            if not look.adopted:
                yield Base(reader, here, look.end)
                return
        _wait(settings, here, look, patience)


def adopted_since(settings: Settings, here: "InForce", start: int) -> "Look":
    """The adoptions of a timeline in the log from an offset on; where the log ends."""
    from streams.reading.adoptions import adoptions
    from streams.reading.published import broker_here

    topic = f"{settings.prefix}.events"
    return asyncio.run(adoptions(broker_here(settings), topic, here.partition, here.timeline, start))


def check_still(settings: Settings, base: Base) -> int:
    """Check that nobody adopted other rules while these were looked at: what was shown would not be what happens.

    Returns:
        Where the log ends by now.

    Raises:
        TimelineError: somebody did.
    """
    look = adopted_since(settings, base.here, base.end)
    if look.adopted:
        msg = (
            f"{base.here.timeline}: expected the rules in force to be those that these were compared with, found "
            f"{look.adopted[-1]} meanwhile (`tocsin rules history`); nothing was sent: apply again"
        )
        raise TimelineError(msg)
    return look.end


def _look(settings: Settings, here: "InForce", *, alone: bool) -> "Look":
    from streams.reading.adoptions import Look

    try:
        return adopted_since(settings, here, here.next_offset)
    except ConfigInvalid as error:
        if not alone:
            raise
        click.echo(f"compared with the snapshot alone, not with the end of the log: {error}", err=True)
        return Look(here.next_offset, [])


def _wait(settings: Settings, here: "InForce", look: "Look", patience: float) -> None:
    """Wait until a worker of this home has applied the last adoption of a look."""
    from streams.reading.waiting import StillBehind, wait_for

    last = look.adopted[-1]
    behind = f"one that is {many(look.end - here.next_offset, 'record')} behind"
    click.echo(f"{here.timeline}: waiting for a worker to apply {last}; the snapshot is {behind}", err=True)
    try:
        away = wait_for(settings, {last.partition: last.offset + 1}, patience)
    except StillBehind as error:
        raise _unapplied(here, last, f"{behind} after {patience:g} seconds", "start a worker (`tocsin up`)") from error
    if away:
        raise _unapplied(here, last, behind, "a worker of another home has the partition, apply there") from None


def _unapplied(here: "InForce", last: "Adopted", found: str, what: str) -> Unapplied:
    return Unapplied(
        f"{here.timeline}: expected a snapshot with the rules in force, {last}, found {found}; nothing was sent: {what}"
    )
