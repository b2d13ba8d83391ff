"""`tocsin rules apply`: from a file to the log, once it is known what that changes."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from events.errors import ConfigInvalid, TimelineError
from streams import clock
from streams.cli.append import many, say_outcome
from streams.cli.asking import ask, shown_first
from streams.cli.exits import FOUND, OK
from streams.cli.output import Object, reader_is_gone
from streams.cli.sending import appended, say_sent, waits
from streams.cli.words import WHO, WHY
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from events.log import Event
    from streams.cli.rules_newest import Base
    from streams.cli.rules_trial import Trial
    from streams.reading.adoptions import Adopted


class How(NamedTuple):
    """How rules are applied."""

    dry_run: bool
    yes: bool  # do not ask
    as_json: bool
    wait: bool
    patience: float  # seconds


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--who", type=WHO, help="Who decided.")
@click.option("--why", type=WHY, help="And why.")
@click.option("--timeline", help="Where; not needed where there is only one.")
@click.option("--dry-run", is_flag=True, help="Show all that, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; with --yes or --dry-run, for it does not ask.")
@waits
def apply(*, path: Path, timeline: str | None, who: str | None, why: str | None, **said: bool | float) -> int:
    """Adopt the rules of a file or a folder, and only these, if they differ from those in force.

    First they are checked, the rule tests beside them are run (of rules.yaml those in rules_test.yaml, of a folder all
    in it), and it is shown what would have been told otherwise, had they been in force from the beginning, and what
    their adoption itself would tell. Then somebody is asked. When a fault is found or a test fails nothing is sent, and
    the exit code is 1.

    Rules that were adopted and that no worker has applied yet are waited for, as long as --patience says; else nothing
    is sent, and the exit code is 1. It is 1, too, when others were adopted in the moment before these were sent.

    \b
    tocsin rules apply rules.yaml --who ana --why "a week was too short"
    tocsin rules apply rules.yaml --dry-run --json
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.cli.rules_newest import newest
    from streams.cli.rules_trial import differ, say_faults, show, tested, tried, warned
    from streams.rule_files import read_rules
    from streams.rules import adoption

    how = How(**said)  # type: ignore[arg-type]  # its names are those of the options
    _check(how, who=who, why=why)
    settings, wanted = load_settings(), read_rules(path)
    with newest(settings, timeline, how.patience, alone=how.dry_run) as base:
        trial = warned(differ(base.here, wanted), base.reader, wanted)
        if not trial.changes.lines():
            return _nothing(trial, how)
        _check_somebody_is_there(needed=not (how.dry_run or how.yes))
        event = adoption(base.here, wanted, who or "nobody", why or "a dry run", clock.now())
        with shown_first():
            trial = tested(trial, path, show=not how.as_json)
            if trial.good:
                trial = tried(trial, settings, base, event, wanted)
                (say_faults if how.as_json else show)(trial)
    if not trial.good or how.dry_run:
        click.echo(f"nothing was sent{': a dry run' if trial.good else ''}", err=True)
        return _nothing(trial, how)
    if not how.yes:
        ask("Adopt?")
    return _adopt(settings, base, event, trial, how)


def _check(how: How, **decided: str | None) -> None:
    for name, it in decided.items():
        if not (it or how.dry_run):
            raise click.UsageError(f"Missing option '--{name}'.")
    if how.as_json and not (how.yes or how.dry_run):
        raise click.UsageError("expected --yes or --dry-run with --json, which does not ask")


def _check_somebody_is_there(*, needed: bool) -> None:
    """Check it before minutes are spent on what nobody will answer.

    Raises:
        ConfigInvalid: nobody is.
    """
    if needed and not sys.stdin.isatty():
        raise ConfigInvalid("expected somebody to ask, found no terminal: --yes does not ask, --dry-run only shows")


def _nothing(trial: "Trial", how: How) -> int:
    """The exit code where nothing is sent."""
    if how.as_json:
        _print(trial, None)
    return OK if trial.good else FOUND


def _adopt(settings: Settings, base: "Base", event: "Event", trial: "Trial", how: How) -> int:
    """Send an adoption, unless another came before it; say where it is, and which others came in that moment."""
    from streams.cli.rules_newest import adopted_since, check_still
    from streams.reading.adoptions import Adopted

    start = check_still(settings, base)
    if how.as_json and reader_is_gone():
        raise TimelineError("nothing was sent: nobody reads what it would change")
    [place] = stretches = appended(settings, [event])
    own = Adopted(place.partition, place.start, event)
    others = [it for it in adopted_since(settings, base.here, start).adopted if it.offset < own.offset]
    said = say_sent(settings, stretches, f"{many(len(own.rules.rules), 'rule')} adopted", None)
    different = _say_others(own, others)
    if how.as_json:
        _print(trial, {**own.as_object(), "others": [it.as_object() for it in others]})
    if how.wait:
        said = say_outcome(settings, stretches, how.patience)
    return FOUND if different else said


def _say_others(own: "Adopted", others: "Sequence[Adopted]") -> bool:
    """Say what was adopted just before; whether it was something else."""
    different = [it for it in others if it.rules.content_hash != own.rules.content_hash]
    if different:
        click.echo(
            f"these replace {different[-1]} a moment before, with which they were not compared: what is told may be "
            "other than what was shown (`tocsin rules history`)",
            err=True,
        )
    elif others:
        click.echo(f"they are the same as {others[-1]}, a moment before: they change nothing", err=True)
    return bool(different)


def _print(trial: "Trial", adopted: Object | None) -> None:
    from streams.cli.rules_trial import as_object

    click.echo(json.dumps({**as_object(trial), "adopted": adopted}, ensure_ascii=False))
