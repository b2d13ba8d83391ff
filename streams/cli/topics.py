"""`tocsin topics`: what topics there are; make them."""

import asyncio
import json

import click

from streams import topics as log_topics
from streams.broker.which import broker_of
from streams.cli.append import many
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
    with broker_of(settings) as bootstrap:
        found = asyncio.run(log_topics.describe(bootstrap, names))
    rows = [{"topic": topic.name, "partitions": topic.partitions, **_chosen(topic, names)} for topic in found]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo(
            "  ".join(
                [f"{row['topic']:<24}", f"{row['partitions']:>3} partition{'' if row['partitions'] == 1 else 's'}"]
            )
        )
    if not rows:
        click.echo("no topics yet: tocsin topics create", err=True)


def _chosen(topic: log_topics.Topic, names: log_topics.Topics) -> dict[str, str]:
    """Of all settings of a topic those that we choose."""
    return {key: topic.config[key] for key in names.configs()[topic.name]}
