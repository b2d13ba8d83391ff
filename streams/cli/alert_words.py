"""An alert, or a message of one, in the words of people."""

from collections.abc import Sequence
from typing import Final

from events.errors import one_line
from projections.rules.durations import UNITS, written
from streams.cli.output import Object
from streams.cli.wording import when

SHOWN: Final = 3  # incidents in a line


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
    """The first of the incidents that make the value; the others are counted: a line is to be read."""
    told: Sequence[Object] = row["evidence"]["incidents"][:SHOWN]
    more = row["evidence"]["count"] - len(told)
    return " ".join([*(it["incident_id"] for it in told), *([f"and {more} more"] if more else [])])


def told(row: Object) -> str:
    """What an alert says: its summary, rule, value and evidence."""
    late = " (late)" if row["late"] else ""
    rule = row["rule"] if isinstance(row["rule"], str) else row["rule"]["id"]
    return f"{summary(row)}{late} [{rule}: {value(row)}] {evidence(row)}".strip()


def line(row: Object) -> str:
    """A message as one line, whatever its texts hold: it can not look like another one."""
    said = "  ".join([row["known_at"], f"{row['kind']:<9}", f"{row['severity']:<8}", span(row), told(row)])
    return one_line(said)


def span(row: Object) -> str:
    if row["ended_at"] is None:
        return f"since {row['opened_at'][:10]}"
    return when(row["opened_at"], row["ended_at"], "range")
