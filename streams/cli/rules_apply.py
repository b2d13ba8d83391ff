"""`tocsin rules apply`: from a file to the log, once it is known what that changes."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from events.errors import ConfigInvalid, TimelineError
from streams import clock
from streams.cli.append import many
from streams.cli.asking import ask, shown_first
from streams.cli.exits import FOUND, OK
from streams.cli.output import heading, table
from streams.cli.sending import send, waits
from streams.cli.words import WHO, WHY
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from events.log import Event
    from projections.rules.spec import Content
    from projections.store.reader import Reader
    from streams.rules import InForce

SHOWN: Final = 40  # alerts of each kind


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--who", type=WHO, help="Who decided.")
@click.option("--why", type=WHY, help="And why.")
@click.option("--timeline", help="Where; not needed where there is only one.")
@click.option("--dry-run", is_flag=True, help="Show all that, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@waits
def apply(  # noqa: PLR0913  # one for each option
    *, path: Path, timeline: str | None, dry_run: bool, yes: bool, wait: bool, patience: float, **decided: str | None
) -> int:
    """Adopt the rules of a file or a folder, and only these, if they differ from those in force.

    First they are checked, the rule tests beside them are run (of rules.yaml those in rules_test.yaml, of a folder all
    in it), and it is shown what would have been told otherwise, had they been in force from the beginning, and what
    their adoption itself would tell. Then somebody is asked. When a fault is found or a test fails nothing is sent, and
    the exit code is 1.

    \b
    tocsin rules apply rules.yaml --dry-run
    tocsin rules apply rules.yaml --who ana --why "a week was too short"
    """  # noqa: D301 -- click reads the character, not the letters
    from projections.store.reader import Reader
    from streams.reading.published import snapshots_of
    from streams.rule_files import read_rules
    from streams.rules import adoption, in_force

    if not dry_run:
        _check_decided(**decided)
    settings, wanted = load_settings(), read_rules(path)
    with Reader(snapshots_of(settings)) as reader:
        here = in_force(reader, timeline)
        if not _differ(here, wanted):
            return OK
        _check_somebody_is_there(needed=not (dry_run or yes))
        event = adoption(here, wanted, decided["who"] or "nobody", decided["why"] or "a dry run", clock.now())
        with shown_first():
            good = _tests_pass(path) and _shown(settings, reader, here, event, wanted)
    if not good or dry_run:
        click.echo(f"nothing was sent{': a dry run' if good else ''}", err=True)
        return OK if good else FOUND
    if not yes:
        ask("Adopt?")
    _check_still(settings, here)
    return send(settings, [event], f"{many(len(wanted), 'rule')} adopted", patience if wait else None)


def _check_decided(**said: str | None) -> None:
    for name, it in said.items():
        if not it:
            raise click.UsageError(f"Missing option '--{name}'.")


def _check_somebody_is_there(*, needed: bool) -> None:
    """Check it before minutes are spent on what nobody will answer.

    Raises:
        ConfigInvalid: nobody is.
    """
    if needed and not sys.stdin.isatty():
        raise ConfigInvalid("expected somebody to ask, found no terminal: --yes does not ask, --dry-run only shows")


def _check_still(settings: Settings, here: "InForce") -> None:
    """Check that nobody adopted other rules while these were looked at: what was shown would not be what happens.

    Raises:
        TimelineError: somebody did.
    """
    from projections.store.reader import Reader
    from streams.reading.published import snapshots_of
    from streams.rules import in_force

    with Reader(snapshots_of(settings)) as reader:
        now = in_force(reader, here.timeline).adopted_offset
    if now != here.adopted_offset:
        msg = (
            f"{here.timeline}: expected the rules in force to be those that these were compared with, found others, "
            f"adopted meanwhile at offset {now} (`tocsin rules history`); nothing was sent: apply again"
        )
        raise TimelineError(msg)


def _differ(here: "InForce", wanted: "Sequence[Content]") -> bool:
    """Whether rules are others than those in force; says in what."""
    from projections.rules.comparing import compare

    changes = compare(here.rules, wanted).lines()
    if changes:
        click.echo("\n".join([f"{here.timeline}:", *(f"  {it}" for it in changes)]), err=True)
    else:
        these = "this rule is" if len(wanted) == 1 else f"these {len(wanted)} rules are"
        click.echo(f"{here.timeline}: {these} in force already", err=True)
    return bool(changes)


def _tests_pass(path: Path) -> bool:
    """Run the tests beside rules; those that fail are shown. Where there are none, that is said."""
    from streams.cli.rules_test import run_tests
    from streams.rule_tests.reading import tests_beside

    found = tests_beside(path)
    if not found:
        click.echo("no tests beside it", err=True)
        return True
    results = run_tests(found, show=lambda it: bool(it.failures))
    return not any(it.failures for it in results)


def _shown(settings: Settings, reader: "Reader", here: "InForce", event: "Event", wanted: "Sequence[Content]") -> bool:
    """Show what would be, or would have been, told otherwise; whether it could be adopted."""
    from streams.cli.alerts import MESSAGES
    from streams.cli.effect import effect_of
    from streams.cli.rules_backtest import show_alerts, show_summaries, tried_on
    from streams.rules import timeline_of

    found = tried_on(reader, here.timeline, wanted, against=True)
    show_summaries(found)
    show_alerts(found, SHOWN)
    effect = effect_of(settings, [event], timeline_of(reader, here.timeline)["partition"])
    for fault in effect.faults:
        click.echo(f"it would be rejected: {fault}", err=True)
    heading(f"told at once: {many(len(effect.messages), 'message')}")
    if messages := [{**row["body"], **row} for row in effect.messages[:SHOWN]]:
        table(messages, MESSAGES)
    if more := effect.messages[SHOWN:]:
        click.echo(f"and {many(len(more), 'message')} more", err=True)
    return not effect.faults
