"""`tocsin rules`: check rules in files, adopt them, and see what is in force, and what was."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from events.errors import Faulty
from streams import clock
from streams.cli.append import many, say_outcome
from streams.cli.asking import ask
from streams.cli.exits import FOUND, OK
from streams.cli.output import Column, Object, field, print_json, show
from streams.cli.reads import as_known, of_timelines, patient, reads
from streams.cli.rules_backtest import backtest
from streams.cli.rules_explain import explain, named
from streams.cli.rules_test import test
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from events.log import Event
    from projections.store.reader import Reader
    from streams.rules import InForce
    from streams.writing.producer import Stretch

PATH = click.Path(exists=True, path_type=Path)


@click.group()
def rules() -> None:
    """What is worth telling: rules live in the log, a file of them is how they get there.

    \b
    tocsin rules check rules.yaml
    tocsin rules apply rules.yaml --who ana --why "a week was too short"
    tocsin rules explain site-under-repeated-attack ain-al-asad
    """  # noqa: D301 -- click reads the character, not the letters


rules.add_command(test)
rules.add_command(explain)
rules.add_command(backtest)


@rules.command()
@click.argument("path", type=PATH)
def check(path: Path) -> int:
    """Check a file of rules, or all in a folder; every fault with file, line and column. Exit 1 when there is one."""
    from projections.rules.spec import content_hash
    from streams.rule_files import read_rules

    try:
        found = read_rules(path)
    except Faulty as error:
        click.echo(str(error), err=True)
        return FOUND
    click.echo(f"{many(len(found), 'rule')}, content hash {content_hash(found)}", err=True)
    return OK


@rules.command("list")
@of_timelines
@as_known
@reads
def list_(*, reader: "Reader", as_json: bool, timelines: Sequence[str] | None) -> None:
    """The rules in force, in the order in which they are evaluated."""
    show(reader.rows("rules", timelines=timelines, rules=None), RULES, as_json=as_json)


@rules.command("show")
@click.argument("rule")
@of_timelines
@as_known
@reads
def show_(*, reader: "Reader", as_json: bool, rule: str, timelines: Sequence[str] | None) -> None:
    """One RULE in force, as a file would say it, every default filled in. Exit 1 when there is none."""
    found = named(reader, rule, timelines)
    if as_json:
        print_json(found)
    else:
        click.echo(_as_file([row["content"] for row in found]), nl=False)


@rules.command()
@of_timelines
@as_known
@reads
def history(*, reader: "Reader", as_json: bool, timelines: Sequence[str] | None) -> None:
    """Who adopted which rules, when and why, and what that changed; the newest last."""
    from streams.rules import history as adoptions

    show(adoptions(reader, timelines), HISTORY, as_json=as_json)


@rules.command()
@click.argument("path", type=PATH)
@click.option("--who", required=True, help="Who decided.")
@click.option("--why", required=True, help="And why.")
@click.option("--timeline", help="Where; not needed where there is only one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--wait", is_flag=True, help="Wait until it is applied. Exit 1 if it was rejected.")
@patient
def apply(*, path: Path, timeline: str | None, yes: bool, wait: bool, patience: float, **said: str) -> int:
    """Adopt the rules of a file or a folder, and only these, if they differ from those in force."""
    from projections.rules.comparing import compare
    from streams.reading.published import broker_here
    from streams.rule_files import read_rules
    from streams.rules import adoption

    settings, wanted = load_settings(), read_rules(path)
    here = _in_force(settings, timeline)
    changes = compare(here.rules, wanted).lines()
    if not changes:
        these = "this rule is" if len(wanted) == 1 else f"these {len(wanted)} rules are"
        click.echo(f"{here.timeline}: {these} in force already", err=True)
        return OK
    click.echo("\n".join([f"{here.timeline}:", *(f"  {it}" for it in changes)]), err=True)
    if not yes:
        ask("Adopt?")
    event = adoption(here, wanted, said["who"], said["why"], clock.now())
    stretches = asyncio.run(_send(settings, broker_here(settings), event))
    click.echo(f"{many(len(wanted), 'rule')} adopted", err=True)
    return say_outcome(settings, stretches, patience) if wait else OK


def _in_force(settings: Settings, timeline: str | None) -> "InForce":
    from projections.store.reader import Reader
    from streams.reading.published import snapshots_of
    from streams.rules import in_force

    with Reader(snapshots_of(settings)) as reader:
        return in_force(reader, timeline)


async def _send(settings: Settings, servers: str, event: "Event") -> "Sequence[Stretch]":
    from streams.topics import Topics
    from streams.writing.producer import producer

    async with producer(servers, Topics(settings.prefix), settings.partitions) as log:
        return await log.send([event])


def _as_file(contents: Sequence[Any]) -> str:
    import yaml

    return yaml.safe_dump({"rules": list(contents)}, sort_keys=False, allow_unicode=True, width=120)


def _window(row: Object) -> str:
    window = row["content"]["window"]
    return f"since {window['since']}" if isinstance(window, dict) else str(window)


def _measure(row: Object) -> str:
    measure = row["content"]["measure"]
    return measure if isinstance(measure, str) else " ".join(map(str, *measure.items()))


def _levels(row: Object) -> str:
    levels = row["content"]["levels"]
    return ", ".join(f"{name} {levels[name]}" for name in ("watch", "warning", "critical") if name in levels)


def _changes(row: Object) -> str:
    changed = [f"{name} ({', '.join(fields)})" for name, fields in row["changed"].items()]
    told = {"new": row["new"], "changed": changed, "gone": row["gone"]}
    found = [f"{word} {', '.join(names)}" for word, names in told.items() if names]
    return "; ".join([*found, *["another order"] * row["reordered"]]) or "nothing"


RULES = (
    field("timeline"),
    field("rule", style="bold"),
    Column("by", lambda row: ", ".join(row["content"]["by"]) or "all"),
    Column("measure", _measure),
    Column("window", _window),
    Column("levels", _levels),
    Column("adopted", lambda row: row["adopted_at"][:10]),
    Column("title", lambda row: row["title"], wraps=True),
)
HISTORY = (
    field("timeline"),
    field("recorded_at", "recorded"),
    field("who", style="bold"),
    Column("rules", lambda row: str(len(row["rules"])), right=True),
    Column("changes", _changes, wraps=True),
    Column("why", lambda row: row["why"], wraps=True),
)
