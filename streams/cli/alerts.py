"""`tocsin alerts`: what people were told, as it stands, and every message of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from projections.rules.durations import UNITS, written
from streams.cli.lists import Lists
from streams.cli.output import Column, Object, field, show
from streams.cli.reads import as_known, of_timelines, reading, reads, some_of
from streams.cli.wording import when

if TYPE_CHECKING:
    from projections.store.reader import Reader

SEVERITIES = ("watch", "warning", "critical")
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


def summary(row: Object) -> str:
    """What an alert is about, in the words of its rule."""
    said = row["annotations"].get("summary")
    return str(said or " ".join([row["title"] if "title" in row else row["rule"]["title"], group(row)])).strip()


def group(row: Object) -> str:
    """Which group of its rule an alert is about."""
    return ", ".join(row["group"].values())


def value(row: Object) -> str:
    """The greatest value, and the threshold it reached; what was told of it, if that is another."""
    now, said = amount(row["value"]), amount(row["told_value" if "told_value" in row else "value"])
    threshold = in_unit(row["value"], row["threshold"])
    return f"{now} ≥ {threshold}{'' if now == said else f', told {said}'}"


def amount(value: Object) -> str:
    """A value as it was held against the threshold."""
    bound = value.get("bound", "best")
    number = in_unit(value, value[bound])
    return f"at least {number}" if bound in value.get("at_least", ()) else number


def in_unit(value: Object, number: int) -> str:
    """A number in the unit of a value."""
    return written(number * UNITS["s"]) if value.get("unit") == "s" else str(number)


def evidence(row: Object) -> str:
    """The incidents that make the value."""
    told: Sequence[Object] = row["evidence"]["incidents"]
    more = row["evidence"]["count"] - len(told)
    return " ".join([*(it["incident_id"] for it in told), *([f"and {more} more"] if more else [])])


def told(row: Object) -> str:
    """What an alert says: its summary, rule, value and evidence."""
    late = " (late)" if row["late"] else ""
    rule = row["rule"] if isinstance(row["rule"], str) else row["rule"]["id"]
    return f"{summary(row)}{late} [{rule}: {value(row)}] {evidence(row)}".strip()


def line(row: Object) -> str:
    """A message as one line."""
    return "  ".join([row["known_at"], f"{row['kind']:<9}", f"{row['severity']:<8}", _span(row), told(row)])


def _span(row: Object) -> str:
    if row["ended_at"] is None:
        return f"since {row['opened_at'][:10]}"
    return when(row["opened_at"], row["ended_at"], "range")


ALERTS = (
    field("state"),
    field("severity", style="bold"),
    Column("when", _span),
    Column("what", told, wraps=True),
)
MESSAGES = (
    Column("known", lambda row: row["known_at"][:16].replace("T", " ")),
    field("kind", style="bold"),
    field("severity"),
    Column("when", _span),
    Column("what", told, wraps=True),
)
