"""What adopting rules changes, tried and shown before it is done: the difference, the tests, the past, what is told."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from streams.cli.append import many
from streams.cli.output import Object, heading, table

if TYPE_CHECKING:
    from events.log import Event
    from projections.rules.comparing import Comparison
    from projections.rules.spec import Content
    from projections.store.reader import Reader
    from projections.store.trial import Effect
    from streams.backtesting.running import Tried
    from streams.cli.rules_names import Warned
    from streams.cli.rules_newest import Base
    from streams.rule_tests.running import Result
    from streams.rules import InForce
    from streams.settings import Settings

SHOWN: Final = 40  # alerts of each kind


class Trial(NamedTuple):
    """What was found out about rules; what came after a fault was not looked at."""

    timeline: str
    changes: "Comparison"
    warnings: "Sequence[Warned]" = ()
    tests: "Sequence[Result]" = ()
    past: "Tried | None" = None
    effect: "Effect | None" = None

    @property
    def good(self) -> bool:
        """Whether the rules could be adopted."""
        return not (self.effect and self.effect.faults) and not any(it.failures for it in self.tests)


def differ(here: "InForce", wanted: "Sequence[Content]") -> Trial:
    """In what rules are others than those in force, which is said."""
    from projections.rules.comparing import compare

    changes = compare(here.rules, wanted)
    if lines := changes.lines():
        click.echo("\n".join([f"{here.timeline}:", *(f"  {it}" for it in lines)]), err=True)
    else:
        these = "this rule is" if len(wanted) == 1 else f"these {len(wanted)} rules are"
        click.echo(f"{here.timeline}: {these} in force already", err=True)
    return Trial(here.timeline, changes)


def warned(it: Trial, reader: "Reader", wanted: "Sequence[Content]") -> Trial:
    """With the names that nothing bears, which are said."""
    from streams.cli.rules_names import unborne, warn

    found = unborne(reader, it.timeline, wanted)
    warn(found)
    return it._replace(warnings=found)


def tested(it: Trial, path: Path, *, show: bool) -> Trial:
    """With the tests beside rules; those that fail are shown. Where there are none, that is said."""
    from streams.cli.rules_test import run_tests
    from streams.rule_tests.reading import tests_beside

    found = tests_beside(path)
    if not found:
        click.echo("no tests beside it", err=True)
        return it
    return it._replace(tests=run_tests(found, show=lambda one: show and bool(one.failures)))


def tried(it: Trial, settings: "Settings", base: "Base", event: "Event", wanted: "Sequence[Content]") -> Trial:
    """With what would have been told otherwise, and with what the adoption itself would tell."""
    from streams.cli.effect import effect_of
    from streams.cli.rules_backtest import tried_on

    past = tried_on(base.reader, it.timeline, wanted, against=True)
    return it._replace(past=past, effect=effect_of(settings, [event], base.here.partition))


def show(it: Trial) -> None:
    """Print what was tried, for people; that it would be rejected on stderr."""
    from streams.cli.alerts import MESSAGES
    from streams.cli.rules_backtest import show_alerts, show_summaries

    assert it.past is not None  # noqa: S101
    assert it.effect is not None  # noqa: S101
    show_summaries(it.past)
    show_alerts(it.past, SHOWN)
    say_faults(it)
    heading(f"told at once: {many(len(it.effect.messages), 'message')}")
    if messages := _messages(it)[:SHOWN]:
        table(messages, MESSAGES)
    if more := len(it.effect.messages) - len(messages):
        click.echo(f"and {many(more, 'message')} more", err=True)


def say_faults(it: Trial) -> None:
    """Say why it would be rejected, if it would be."""
    for fault in it.effect.faults if it.effect else ():
        click.echo(f"it would be rejected: {fault}", err=True)


def as_object(it: Trial) -> Object:
    """All of it, for programs. What was not looked at is null, for the rules are in force already or a test failed."""
    from streams.backtesting.report import report
    from streams.rule_tests.telling import object_of

    return {
        "timeline": it.timeline,
        "changes": it.changes._asdict(),
        "warnings": [one._asdict() for one in it.warnings],
        "tests": [object_of(one) for one in it.tests],
        "past": it.past and report(it.past),
        "faults": it.effect and it.effect.faults,
        "told": it.effect and _messages(it),
    }


def _messages(it: Trial) -> list[Object]:
    return [{**row["body"], **row} for row in it.effect.messages] if it.effect else []
