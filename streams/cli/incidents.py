"""`tocsin incidents`: what is believed to have happened, now or as known at some time."""

from typing import TYPE_CHECKING, Any

import click

from streams.cli.output import Column, Object, field, show
from streams.cli.reads import as_known, occurred, of_classes, of_timelines, reads, some_of
from streams.cli.wording import spoken, toll, when

if TYPE_CHECKING:
    from projections.store.reader import Reader


@click.command()
@of_timelines
@some_of("--site", "sites", "Only at this site.")
@some_of("--country", "countries", "Only in this country (ISO 3166-1 alpha-2).")
@of_classes
@some_of("--actor", "actors", "Only by this actor.")
@occurred
@click.option("--all", "everything", is_flag=True, help="Also those that were retracted or merged.")
@as_known
@reads
def incidents(*, reader: "Reader", as_json: bool, **chosen: Any) -> None:
    """The standing incidents, in the order in which they happened, as they are believed to have been.

    \b
    tocsin incidents --site ain-al-asad --all
    tocsin incidents --class attack --as-known-at 2023-10-31 --json
    """  # noqa: D301 -- click reads the character, not the letters
    show(reader.rows("incidents", **chosen), INCIDENTS, as_json=as_json)


def standing(row: Object) -> str:
    """Whether an incident counts, and if not, why."""
    if row["merged_into"]:
        return f"is {row['merged_into']}"
    return "retracted" if row["retracted"] else "future" if row["future"] else ""


def harm(row: Object) -> str:
    """Wounded, killed, with how much, and how it ended."""
    said = row["quantities"] or {}
    parts = [*toll(said.get("killed"), "killed"), *toll(said.get("wounded"), "wounded")]
    parts += [f"{spoken(said[what])} {what}" for what in ("munitions", "targets") if said.get(what)]
    return ", ".join([*parts, *([row["outcome"]] if row["outcome"] else [])])


def _who(row: Object) -> str:
    return f"{row['actor'] or '?'} ({row['attribution']})" if row["attribution"] != "none" or row["actor"] else ""


INCIDENTS = (
    Column("when", lambda row: when(row["occurred_from"], row["occurred_until"], row["precision"])),
    field("site", style="bold"),
    field("country"),
    field("class"),
    Column("by", _who),
    Column("with", lambda row: ", ".join(row["weapons"])),
    Column("harm", harm, wraps=True),
    field("incident_id", "incident"),
    Column("", standing),
)
