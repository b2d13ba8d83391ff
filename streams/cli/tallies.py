"""`tocsin tallies` and `tocsin counters`: our own sums over standing incidents, by site and by period."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from streams.cli.output import Column, Object, field, show
from streams.cli.reads import as_known, of_classes, of_timelines, reads, some_of
from streams.cli.wording import bar, spread

if TYPE_CHECKING:
    from projections.store.reader import Reader

DIMENSIONS = ("all", "country", "site", "actor", "attribution", "weapon")
PERIODS = ("day", "week", "month", "total")


@click.command()
@of_timelines
@some_of("--site", "sites", "Only this site.")
@some_of("--kind", "site_kinds", "Only this kind of site, as in base or embassy.")
@of_classes
@some_of("--country", "countries", "Only sites in this country (ISO 3166-1 alpha-2).")
@as_known
@reads
def tallies(*, reader: "Reader", as_json: bool, site_kinds: list[str] | None, **chosen: Any) -> None:
    """Standing incidents per site and class: how many, by whom, at what cost, first and last.

    \b
    tocsin tallies --kind base --class attack
    tocsin tallies --country SY --json
    """  # noqa: D301 -- click reads the character, not the letters
    rows = reader.rows("tallies", kinds=site_kinds, **chosen)
    show(rows, tally_columns(rows), as_json=as_json)


@click.command()
@click.option(
    "--by", type=click.Choice(PERIODS), default="month", show_default=True, help="Periods; weeks begin on Monday."
)
@click.option("--dimension", type=click.Choice(DIMENSIONS), default="all", show_default=True, help="Counted by what.")
@some_of("--key", "keys", "Only this country, site, actor …; may be repeated, as all of these.")
@of_timelines
@of_classes
@as_known
@reads
def counters(*, reader: "Reader", as_json: bool, **chosen: Any) -> None:
    """The escalation counters: standing incidents and their toll, period by period.

    \b
    tocsin counters --by week --class attack
    tocsin counters --by total --dimension weapon --json
    """  # noqa: D301 -- click reads the character, not the letters
    if chosen["keys"] and chosen["dimension"] == "all":
        raise click.UsageError("expected --key with a dimension other than all")
    rows = reader.rows("counters", **chosen)
    show(rows, counter_columns(rows), as_json=as_json)


def attribution(row: Object) -> str:
    """On what grounds incidents are laid at somebody's door: the counts that are not zero."""
    return ", ".join(f"{many} {ground}" for ground, many in row["attribution"].items() if many)


def tally_columns(rows: Sequence[Object]) -> list[Column]:
    """The columns of tallies; the timeline only where there are several."""
    return _timeline(rows) + list(TALLIES)


def counter_columns(rows: Sequence[Object]) -> list[Column]:
    """The columns of counters, with a bar to the scale of these rows."""
    most = max((row["incidents"] for row in rows), default=1)
    shown = _timeline(rows) + ([_PERIOD] if any(row["period"] for row in rows) else [])
    shown += [field("class")] + ([field("key", rows[0]["dimension"])] if any(row["key"] for row in rows) else [])
    return [*shown, *COUNTED, Column("", lambda row: bar(row["incidents"], most))]


def _timeline(rows: Sequence[Object]) -> list[Column]:
    return [field("timeline")] if len({row["timeline"] for row in rows}) > 1 else []


_PERIOD = Column("from", lambda row: row["period"] or "")
COUNTED = (
    field("incidents", right=True, style="bold"),
    Column("wounded", lambda row: spread(row["wounded"]), right=True),
    Column("killed", lambda row: spread(row["killed"]), right=True),
)
TALLIES = (
    field("site", style="bold"),
    field("country"),
    field("class"),
    *COUNTED,
    Column("first", lambda row: (row["first_occurred"] or "")[:10]),
    Column("last", lambda row: (row["last_occurred"] or "")[:10]),
    Column("attribution", attribution, wraps=True),
)
