"""`tocsin rebuild`: the projection anew from the log, beside a worker that goes on, which then takes it into use."""

import asyncio
import time
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.asking import ask
from streams.cli.exits import FOUND, OK
from streams.cli.output import Object, field, show
from streams.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from projections.store.rebuilt import Rebuild
    from streams.settings import Settings

PATIENCE_S: Final = 120.0
COLUMNS: Final = (
    field("partition", right=True),
    field("table", style="bold"),
    field("result"),
    field("published"),
    field("rebuilt"),
)


@click.command()
@click.option("--yes", is_flag=True, help="Take the new files into use without asking.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of objects: every table, as published and anew.")
@click.pass_context
def rebuild(ctx: click.Context, *, yes: bool, as_json: bool) -> None:
    """Make the projection anew from the log, show what is different, and take it into use.

    A worker that runs goes on meanwhile and takes the new file between two batches; nothing is sent twice. Without a
    worker the new file is put in place at once. Each table is compared as of the newest snapshot.

    \b
    tocsin rebuild            shows the difference, then asks
    tocsin rebuild --yes      for scripts; exit 1 if a worker refused or did not come in time
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.settings import load_settings

    settings = load_settings()
    lives = sorted(settings.home.glob("p*.duckdb"))
    if not lives:
        raise click.UsageError(f"{settings.home} holds no partition: a worker makes its files from the log by itself")
    those = asyncio.run(_rebuilt(settings, lives, as_json=as_json))
    try:
        if not yes:
            ask("Take into use?")
        told = [_taken(live, it) for live, it in zip(lives, those, strict=True)]
    finally:
        for it in those:
            it.give_up()
    for line, _ in told:
        click.echo(line, err=True)
    ctx.exit(OK if all(well for _, well in told) else FOUND)


async def _rebuilt(settings: "Settings", lives: list[Path], *, as_json: bool) -> "list[Rebuild]":
    """Files that hold all that the log has now; the tables beside those that are published are shown."""
    from projections.store.rebuilt import Rebuild
    from streams.reading.published import broker_here, log_ends

    servers = broker_here(settings)
    ends = await log_ends(servers, f"{settings.prefix}.events")
    rows: list[Object] = []
    those: list[Rebuild] = []
    with progress("rebuilding", sum(ends.get(int(it.stem[1:]), 0) for it in lives), least=5_000) as advance:
        for live in lives:
            those.append(Rebuild(live, int(live.stem[1:]), len(ends)))
            rows += await _one(settings, servers, those[-1], advance)
    show(rows if as_json else [row for row in rows if row["result"] != "same"], COLUMNS, as_json=as_json)
    different = sum(row["result"] != "same" for row in rows)
    click.echo(f"{different} of {len(rows)} tables are different from what is published", err=True)
    return those


async def _one(settings: "Settings", servers: str, it: "Rebuild", advance: "Callable[[int], None]") -> list[Object]:
    from projections.store.reader import Unreadable
    from projections.store.verify.snapshot import Snapshot
    from streams.reading.published import snapshots_of

    rows: list[Object] = []
    try:
        with Snapshot(snapshots_of(settings) / f"p{it.partition}.duckdb") as published:
            await _follow(settings, servers, it, advance, published.next_offset)
            rows = [_row(it.partition, *table) for table in await asyncio.to_thread(it.tables, published)]
    except Unreadable as why:
        click.echo(f"nothing to compare partition {it.partition} with: {why}", err=True)
    await _follow(settings, servers, it, advance)
    return rows


async def _follow(
    settings: "Settings", servers: str, it: "Rebuild", advance: "Callable[[int], None]", upto: int | None = None
) -> None:
    """Apply the log from where the file is up to an offset, else to the end that it has now."""
    from aiokafka import TopicPartition

    from streams import turns
    from streams.collector import calm_collector
    from streams.decoder import Decoder
    from streams.reading.log import applied, pieces

    part = TopicPartition(f"{settings.prefix}.events", it.partition)
    turns.share_out(turns.FAR + 1)  # nobody waits for anything else here
    with calm_collector(), Decoder() as decoder:
        async with aclosing(pieces(servers, part, it.next_offset, upto)) as those:
            async for count in applied(those, decoder.read, it.follow):
                advance(count)


def _row(partition: int, table: str, published: str, rebuilt: str) -> Object:
    result = "same" if published == rebuilt else "different"
    return {"partition": partition, "table": table, "result": result, "published": published, "rebuilt": rebuilt}


def _taken(live: Path, it: "Rebuild") -> tuple[str, bool]:
    """Offer a file and wait until it is in place; what became of it, and whether that is well."""
    from projections.store.rebuilt import swap_if_free

    offset, waiting = it.next_offset, it.offer()
    number, until = waiting.stat().st_ino, time.monotonic() + PATIENCE_S
    while waiting.exists() and time.monotonic() < until:
        if swap_if_free(live, waiting):
            return f"{live.name}: rebuilt up to offset {offset}; no worker has it open, it is in place", True
        time.sleep(0.2)
    if waiting.exists():
        return f"{live.name}: expected its worker to take {waiting.name}, found it waiting; it is taken later", False
    if live.stat().st_ino != number:
        return f"{live.name}: its worker refused the rebuilt file; its log says why", False
    return f"{live.name}: rebuilt up to offset {offset}; its worker has taken it into use", True
