"""`tocsin diff`: what was learned between two days, by who told it, and what followed of it."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from streams.cli.alert_words import summary
from streams.cli.output import Column, Object, field, heading, print_json, table
from streams.cli.reads import Then, of_timelines, reads_any_time
from streams.cli.wording import spoken, spread, when

if TYPE_CHECKING:
    from projections.store.reader import Reader


@click.command()
@click.option(
    "--known", nargs=2, type=Then(), required=True, help="From what was known then, to then: instants, or ends of days."
)
@of_timelines
@reads_any_time
def diff(*, reader: "Reader", as_json: bool, known: tuple[int, int], timelines: Sequence[str] | None) -> None:
    """What was learned between two instants: incidents by source, then the tallies and alerts that changed.

    Incidents are added, corrected, merged, split, withdrawn, or told again with nothing new.

    \b
    tocsin diff --known 2023-10-31 2023-11-10
    tocsin diff --known 2023-11-10T00:00Z 2023-11-10T13:00Z --json
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.reading.learned import learned

    if known[0] > known[1]:
        raise click.UsageError("expected the earlier one first in --known")
    rows = learned(reader, *known, timelines)
    if as_json:
        print_json([{name: value for name, value in row.items() if name[0] != "_"} for row in rows])
    elif rows:
        _print(rows)
    else:
        click.echo("nothing", err=True)


def _print(rows: Sequence[Object]) -> None:
    incidents = sorted((row for row in rows if row["about"] == "incident"), key=_sources)
    for sources, told in groupby(incidents, _sources):
        heading(f"incidents, by {sources}")
        table(list(told), INCIDENTS)
        click.echo()
    for about, title, columns in (("tally", "tallies", TALLIES), ("alert", "alerts", ALERTS)):
        if those := [row for row in rows if row["about"] == about]:
            heading(title)
            table(those, columns)
            click.echo()


def changed(row: Object) -> str:
    """What is another now, from what to what; of what was added, what it says."""
    new = row["changes"][0] in {"added", "raised"}
    shown = {name: (_shown(name, was), _shown(name, now)) for name, (was, now) in _in_words(row["fields"]).items()}
    if new:
        return ", ".join(f"{name} {now}" for name, (_, now) in shown.items() if now)
    return ", ".join(f"{name} {was or '-'} → {now or '-'}" for name, (was, now) in shown.items() if was != now)


def _in_words(fields: Object) -> Object:
    """The fields that a table shows: an interval is one, and where a row stands already is left out."""
    parts = ("occurred_from", "occurred_until", "precision")
    shown = {name: it for name, it in fields.items() if name not in (*parts, "merged_into", "retracted")}
    if any(name in fields for name in parts):
        sides = [{name: fields.get(name, [None, None])[side] for name in parts} for side in (0, 1)]
        shown["occurred"] = [when(*(it[name] for name in parts)) or _plain(it["occurred_from"]) for it in sides]
    if fields.get("merged_into", [None, None])[1]:
        shown["is"] = fields["merged_into"]
    return shown


def _shown(name: str, value: Any) -> str:
    if name in {"wounded", "killed"}:
        return spread(value).removeprefix("-") if value else ""
    if name == "quantities":
        return ", ".join(_amounts(value or {}))
    return _plain(value)[:10] if name.endswith("_at") else _plain(value)


def _amounts(said: Object) -> list[str]:
    """Every quantity of an incident, named."""
    parts = [
        f"{spoken(it)} {party} {what}" for what in ("killed", "wounded") for party, it in (said.get(what) or {}).items()
    ]
    return parts + [f"{spoken(said[what])} {what}" for what in ("munitions", "targets") if said.get(what)]


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "+".join(map(str, value))
    return "" if value is None else str(value)


def _sources(row: Object) -> str:
    return ", ".join(row["sources"]) or "nobody"


INCIDENTS = (
    Column("", lambda row: ", ".join(row["changes"]), style="bold"),
    field("incident_id", "incident"),
    Column("what", changed, wraps=True),
)
TALLIES = (
    field("site", style="bold"),
    field("class"),
    Column("what", changed, wraps=True),
    Column("by", _sources, wraps=True),
)
ALERTS = (
    Column("", lambda row: ", ".join(row["changes"]), style="bold"),
    Column("alert", summary, wraps=True),
    Column("what", changed, wraps=True),
    Column("by", _sources, wraps=True),
)
