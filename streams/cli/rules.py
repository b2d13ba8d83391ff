"""`tocsin rules`: check rules in files, adopt them, and see what is in force, and what was."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from events.errors import Faulty
from projections.rules.words import Status
from streams.cli.append import many
from streams.cli.exits import FOUND, OK
from streams.cli.output import Column, Object, field, print_json, show
from streams.cli.reads import as_known, of_timelines, reads
from streams.cli.rules_apply import apply
from streams.cli.rules_backtest import backtest
from streams.cli.rules_explain import explain, named
from streams.cli.rules_test import test

if TYPE_CHECKING:
    from projections.store.reader import Reader

PATH = click.Path(exists=True, path_type=Path)


@click.group()
def rules() -> None:
    """What is worth telling: rules live in the log, a file of them is how they get there.

    \b
    tocsin rules check rules.yaml
    tocsin rules apply rules.yaml --who ana --why "a week was too short"
    tocsin rules explain site-under-repeated-attack ain-al-asad
    """  # noqa: D301 -- click reads the character, not the letters


rules.add_command(apply)
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
        contents = [row["content"] for row in found]  # of several timelines; those that are equal are one rule
        click.echo(_as_file([it for place, it in enumerate(contents) if it not in contents[:place]]), nl=False)


@rules.command()
@of_timelines
@as_known
@reads
def history(*, reader: "Reader", as_json: bool, timelines: Sequence[str] | None) -> None:
    """Who adopted which rules, when and why, and what that changed; the newest last."""
    from streams.rules import history as adoptions

    show(adoptions(reader, timelines), HISTORY, as_json=as_json)


def _as_file(contents: Sequence[Any]) -> str:
    """Rules as a file of them says them, each field where its reference has it."""
    import yaml

    from projections.rules.spec import in_order

    rules = [in_order(it) for it in contents]
    return yaml.safe_dump({"rules": rules}, sort_keys=False, allow_unicode=True, width=120)


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
    new = [f"{it} (renamed? {row['renamed'][it]})" if it in row["renamed"] else it for it in row["new"]]
    told = {"new": new, "changed": changed, "gone": row["gone"]}
    found = [f"{word} {', '.join(names)}" for word, names in told.items() if names]
    return "; ".join([*found, *["another order"] * row["reordered"]]) or "nothing"


RULES = (
    field("timeline"),
    field("rule", style="bold"),
    Column("by", lambda row: ", ".join(row["content"]["by"]) or "all"),
    Column("measure", _measure),
    Column("window", _window),
    Column("levels", _levels, wraps=True),
    Column("status", lambda row: row["content"].get("status", Status.STABLE)),
    Column("adopted", lambda row: row["adopted_at"][:10]),
    Column("title", lambda row: row["title"], wraps=True),
)
HISTORY = (
    field("timeline"),
    field("recorded_at", "recorded"),
    field("who", style="bold"),
    Column("rules", lambda row: str(len(row["rules"])), right=True),
    Column("why", lambda row: row["why"], wraps=True),
    Column("changes", _changes, wraps=True),
)
