"""`tocsin why`: where a number comes from, down to who said what, where; and whether its parts add up to it."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from events.errors import NotFound
from streams.cli.exits import FOUND, OK
from streams.cli.reads import Moment, Verb, as_known, of_classes, of_timelines, reading
from streams.cli.tallies import DIMENSIONS
from streams.cli.tree import Branch, print_tree

if TYPE_CHECKING:
    from projections.provenance import Object
    from projections.store.reader import Reader

ROWS = 100  # incidents shown of one question


@click.group()
def why() -> None:
    """Where a number comes from: incidents, versions, and who said what, where. Exit 1 if it does not add up.

    \b
    tocsin why tally al-tanf
    tocsin why counter country IQ --class attack --from 2023-10-01 --to 2023-11-01
    tocsin why alert 3f2a
    tocsin why incident inc-2021-07-07-rockets --json
    tocsin why tally al-tanf --as-known-at 2023-11-09
    """  # noqa: D301 -- click reads the character, not the letters


def opens(verb: Verb) -> Verb:
    """What every verb here has in common."""
    return as_known(of_timelines(reading(verb, "One JSON object.")))


_rows = click.option(
    "--rows",
    type=click.IntRange(1),
    default=ROWS,
    show_default=True,
    help="Show at most so many incidents; all are summed.",
)


@why.command()
@click.argument("site")
@of_classes
@_rows
@opens
def tally(*, reader: "Reader", as_json: bool, site: str, rows: int, **chosen: Any) -> int:
    """The tallies of a SITE: each incident that counts there and what it adds, held against what is stored."""
    from projections.store.provenance import Cells, why_tally
    from streams.cli.provenance import cells

    found = why_tally(reader, site, Cells("site", site, **chosen), rows)
    return answer(found, lambda: cells(found, site), as_json=as_json)


@why.command()
@click.argument("dimension", type=click.Choice(DIMENSIONS))
@click.argument("key", default="")
@of_classes
@click.option("--day", type=Moment(), help="Only this day of occurrence.")
@click.option("--from", "since", type=Moment(), help="Only what occurred on this day or later.")
@click.option("--to", "before", type=Moment(), help="Only what occurred before this day.")
@_rows
@opens
def counter(*, reader: "Reader", as_json: bool, day: str | None, rows: int, **chosen: Any) -> int:
    """A counter by DIMENSION and KEY: each incident that counts there, held against what is stored, day by day.

    \b
    tocsin why counter country IQ --class attack --from 2023-10-01 --to 2023-11-01
    tocsin why counter weapon drone --day 2023-11-09
    tocsin why counter all
    """  # noqa: D301 -- click reads the character, not the letters
    from projections.store.provenance import Cells, why_counter
    from streams.cli.provenance import cells

    asked = Cells(**{**chosen, **_days(day, chosen["since"], chosen["before"])})
    if (asked.dimension == "all") is bool(asked.key):
        raise click.UsageError("expected a KEY with, and only with, a dimension other than all")
    found = why_counter(reader, asked, rows)
    return answer(found, lambda: cells(found, f"{asked.dimension} {asked.key}".strip()), as_json=as_json)


@why.command()
@click.argument("alert")
@opens
def alert(*, reader: "Reader", as_json: bool, alert: str, timelines: Sequence[str] | None) -> int:
    """An ALERT, by its id or the beginning of it: what was told, each message held against the incidents behind it."""
    return told_of(reader, alert, timelines, "check", as_json=as_json)


@why.command()
@click.argument("incident")
@opens
def incident(*, reader: "Reader", as_json: bool, incident: str, timelines: Sequence[str] | None) -> int:
    """An INCIDENT, by its id or the beginning of it: its versions, who told them, and what was merged into it."""
    from projections.store.provenance import why_incident
    from streams.cli.provenance import incident_told

    incident = incident.strip()
    found = why_incident(reader, incident, timelines)
    if found is None:
        raise _unknown("incident", incident, "tocsin timeline")
    return answer(found, lambda: [incident_told(found["incident"])], as_json=as_json)


def told_of(reader: "Reader", alert: str, timelines: Sequence[str] | None, how: str, *, as_json: bool) -> int:
    """Print an alert as a check of its messages or as a story; the exit code says whether they hold."""
    from projections.store.provenance import why_alert
    from streams.cli.provenance import alert_told
    from streams.cli.story import story

    alert = alert.strip().lower()  # as ids of alerts are, and as they are not always copied
    found = why_alert(reader, alert, timelines)
    if found is None:
        raise _unknown("alert", alert, "tocsin alerts --json")
    tell = story if how == "story" else alert_told
    return answer(found, lambda: [tell(found)], as_json=as_json)


def answer(found: "Object", trees: Callable[[], Sequence[Branch]], *, as_json: bool) -> int:
    """Print what was found; the exit code says whether it adds up."""
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for number, tree in enumerate(shown := trees()):
            if number:
                click.echo()
            print_tree(tree)
        if not shown:
            click.echo("no standing incident is counted there", err=True)
    return OK if found["agrees"] else FOUND


def _unknown(what: str, name: str, where: str) -> NotFound:
    return NotFound(f"expected the id of an {what} or its beginning, found {name!r}, which is none; see `{where}`")


def _days(day: str | None, since: str | None, before: str | None) -> dict[str, str | None]:
    """From which day, and before which."""
    from datetime import date, timedelta

    if day is None:
        return {"since": since and since[:10], "before": before and before[:10]}
    if since or before:
        raise click.UsageError("expected --day, or --from and --to, found both")
    return {"since": day[:10], "before": (date.fromisoformat(day[:10]) + timedelta(days=1)).isoformat()}
