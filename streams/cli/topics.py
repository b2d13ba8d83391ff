"""`tocsin topics`: what topics there are; make them."""

import asyncio
from typing import Final

import click

from streams import topics as log_topics
from streams.broker.which import broker_of
from streams.cli.append import many
from streams.cli.output import Column, Object, field, show
from streams.reading.published import broker_here
from streams.settings import load_settings


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON array of objects.")
@click.pass_context
def topics(ctx: click.Context, *, as_json: bool) -> None:
    """The topics, their partitions and settings.

    \b
    tocsin topics
    tocsin topics create --partitions 4
    """  # noqa: D301 -- click reads the character, not the letters
    if ctx.invoked_subcommand is None:
        _show(as_json=as_json)


@topics.command()
@click.option("--partitions", type=click.IntRange(1, 1000), help="Fixed for ever; as they are, or 1, when not given.")
def create(partitions: int | None) -> None:
    """Make the topics that are missing, check those that exist."""
    settings = load_settings()
    names = log_topics.Topics(settings.prefix)
    with broker_of(settings) as bootstrap:
        count = asyncio.run(log_topics.create(bootstrap, names, partitions or settings.partitions))
    click.echo(f"{len(names.configs())} topics, {many(count, 'partition')} each", err=True)


def _show(*, as_json: bool) -> None:
    settings = load_settings()
    names = log_topics.Topics(settings.prefix)
    found = asyncio.run(log_topics.describe(broker_here(settings), names))
    rows = [{"topic": topic.name, "partitions": topic.partitions, **_chosen(topic, names)} for topic in found]
    if not rows:
        click.echo("no topics yet: `tocsin topics create` makes them", err=True)
    if rows or as_json:
        show(rows, COLUMNS, as_json=as_json)


def _chosen(topic: log_topics.Topic, names: log_topics.Topics) -> dict[str, str]:
    """Of all settings of a topic those that we choose."""
    return {key: topic.config[key] for key in names.configs()[topic.name]}


def _kept(row: Object) -> str:
    """How much of a topic is kept."""
    if row["cleanup.policy"] == "compact":
        return "the newest of each key"
    limits = [f"{name}={row[name]}" for name in ("retention.ms", "retention.bytes") if row[name] != "-1"]
    return ", ".join(limits) or "everything"


def _largest(row: Object) -> str:
    """What a record may have; nothing where we leave it to the broker."""
    return f"{int(size):,} bytes" if (size := row.get("max.message.bytes")) else ""


COLUMNS: Final = (
    field("topic", style="bold"),
    field("partitions", right=True),
    Column("keeps", _kept),
    Column("a record is at most", _largest, right=True),
)
