"""`tocsin alerts`: what people were told, as it stands, and every message of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from streams.cli.alert_words import span, told
from streams.cli.lists import Lists
from streams.cli.output import Column, field, show
from streams.cli.reads import as_known, of_timelines, reading, reads, some_of

if TYPE_CHECKING:
    from projections.store.reader import Reader

SEVERITIES = ("watch", "warning", "critical")
SHOWN = 8  # characters of an id; `why` takes the beginning of one
STATES = ("open", "resolved", "merged", "cancelled")


@click.group(cls=Lists)
def alerts() -> None:
    """The alerts: as they stand, every message of them, and the whole story of one. Without a verb: list.

    \b
    tocsin alerts --state open --severity critical
    tocsin alerts --messages --json
    tocsin alerts why 3f2a
    """  # noqa: D301 -- click reads the character, not the letters


@alerts.command("list")
@of_timelines
@some_of("--state", "states", "Only alerts in this state.", STATES)
@some_of("--severity", "severities", "Only alerts that reached this severity, and no higher.", SEVERITIES)
@click.option("--messages", is_flag=True, help="Every message that was told, not only where things stand.")
@as_known
@reads
def list_(*, reader: "Reader", as_json: bool, messages: bool, **chosen: Any) -> None:
    """The alerts as they stand, each with the incidents that are its evidence; those that are open first."""
    if messages:
        rows = [{**row.pop("body"), **row} for row in reader.rows("alert_messages", **chosen)]
        show(rows, MESSAGES, as_json=as_json)
    else:
        show(reader.rows("alerts", **chosen), ALERTS, as_json=as_json)


@alerts.command()
@click.argument("alert")
@of_timelines
@as_known
@lambda verb: reading(verb, "One JSON object.")
def why(*, reader: "Reader", as_json: bool, alert: str, timelines: Sequence[str] | None) -> int:
    """The story of an ALERT, by its id or the beginning of it: each message, what caused it, and who told that where.

    What `tocsin why alert` checks is checked here too: exit 1 if a message is not what the incidents behind it say.
    """
    from streams.cli.why import told_of

    return told_of(reader, alert, timelines, "story", as_json=as_json)


ALERTS = (
    Column("id", lambda row: row["alert_id"][:SHOWN]),
    field("state"),
    field("severity", style="bold"),
    Column("when", span),
    Column("what", told, wraps=True),
)
MESSAGES = (
    Column("known", lambda row: row["known_at"][:16].replace("T", " ")),
    field("kind", style="bold"),
    field("severity"),
    Column("when", span),
    Column("what", told, wraps=True),
)
