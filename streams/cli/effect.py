"""What an event would change, shown before it is told; then the question, and the log."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from streams.cli.alerts import MESSAGES
from streams.cli.asking import ask, shown_first
from streams.cli.exits import FOUND, OK
from streams.cli.output import Column, Object, field, heading, table
from streams.cli.sending import send
from streams.cli.wording import spread
from streams.settings import Settings

if TYPE_CHECKING:
    from events.log import Event
    from projections.store.trial import Effect


class How(NamedTuple):
    """How something is told."""

    dry_run: bool
    yes: bool  # neither show nor ask
    patience: float | None  # seconds to wait for the outcome; None: do not wait


def tell(settings: Settings, event: "Event", partition: int, how: How) -> int:
    """Show what an event would change, ask, append it; the exit code."""
    if how.dry_run or not how.yes:
        effect = effect_of(settings, [event], partition)
        with shown_first():
            show_effect(effect)
        if effect.faults or how.dry_run:
            return FOUND if effect.faults else OK
        ask("Append?")
    what = event.fact.subject()
    return send(settings, [event], f"{event.fact.kind} {what} appended", how.patience)


def effect_of(settings: Settings, events: "Sequence[Event]", partition: int) -> "Effect":
    """The effect of events on the newest snapshot of their partition."""
    from projections.store.reader import published
    from projections.store.trial import effect
    from streams.reading.published import snapshots_of

    [snapshot] = [it for it in published(snapshots_of(settings)) if it.partition == partition]
    return effect(snapshot, events)


def show_effect(effect: "Effect") -> None:
    """Print what events would change."""
    for fault in effect.faults:
        click.echo(f"it would be rejected: {fault}", err=True)
    if effect.duplicates:
        click.echo("it was told before: nothing would change", err=True)
    if rows := list(compared(effect.before, effect.after)):
        heading("tallies")
        table(rows, TALLIES)
    if messages := [{**row["body"], **row} for row in effect.messages]:
        heading("alerts")
        table(messages, MESSAGES)
    if effect.applied and not rows and not messages:
        click.echo("no tally and no alert would change", err=True)


def compared(before: Sequence[Object], after: Sequence[Object]) -> list[Object]:
    """The tallies that differ, each as it is and as it would be; None where there is none."""
    cells = {(it["site"], it["class"]): it for it in (*before, *after)}
    was, now = ({(it["site"], it["class"]): it for it in those} for those in (before, after))
    return [
        {"site": site, "class": kind, "before": was.get((site, kind)), "after": now.get((site, kind))}
        for site, kind in sorted(cells)
    ]


def _change(name: str) -> Column:
    def text(row: Object) -> str:
        old, new = (_shown(it, name) for it in (row["before"], row["after"]))
        return new if old == new else f"{old} → {new}"

    return Column(name, text, right=True)


def _shown(tally: Object | None, name: str) -> str:
    if tally is None:
        return "-" if name != "incidents" else "0"
    return str(tally[name]) if name == "incidents" else spread(tally[name])


TALLIES = (field("site", style="bold"), field("class"), _change("incidents"), _change("wounded"), _change("killed"))
