"""`tocsin timeline`: what was told, by document, as it became known."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from streams.cli.output import Column, Object, heading, print_json, table
from streams.cli.reads import as_known, occurred, of_classes, of_timelines, reads, some_of
from streams.cli.wording import spoken, toll, when

if TYPE_CHECKING:
    from projections.store.reader import Reader


@click.command()
@of_timelines
@some_of("--site", "sites", "Only what happened at this site.")
@of_classes
@some_of("--kind", "kinds", "Only this kind of event, as in incident.reported or statement.issued.")
@occurred
@click.option("--all", "everything", is_flag=True, help="Also what was registered, and ticks of the clock.")
@as_known
@reads
def timeline(*, reader: "Reader", as_json: bool, **chosen: Any) -> None:
    """What was told, grouped by document, in the order in which it became known.

    \b
    tocsin timeline --site ain-al-asad --from 2023-10-17 --to 2023-11-01
    tocsin timeline --kind incident.corrected --json
    """  # noqa: D301 -- click reads the character, not the letters
    rows = reader.rows("timeline", **chosen)
    if as_json:
        print_json(rows)
    else:
        print_timeline(rows)


def print_timeline(rows: Sequence[Object]) -> None:
    """Print the events document by document."""
    for number, (_, told) in enumerate(groupby(rows, _source)):
        entries = list(told)
        if number:
            click.echo()
        heading(_title(entries))
        table(entries, COLUMNS, titles=False)
    if not rows:
        click.echo("nothing", err=True)


def _source(row: Object) -> tuple[str | None, ...]:
    return row["timeline"], row["document"], row["feed"], row["known_at"][:10]


def _title(entries: Sequence[Object]) -> str:
    """Whose words these are, and when they became known."""
    first = entries[0]
    source = first["document"] or first["feed"]
    published = f", published {'about ' if first['inferred'] else ''}{first['published']}" if first["published"] else ""
    title = f" “{first['title']}”" if first["title"] else ""
    return f"{first['known_at'][:10]}  {source}{title}{published}  ({first['timeline']}, {_many(entries)})"


def _many(entries: Sequence[Object]) -> str:
    return f"{len(entries)} events" if len(entries) > 1 else "1 event"


def what(row: Object) -> str:
    """What an event did, as one word: of a statement its kind."""
    thing, _, did = row["kind"].partition(".")
    return str(row["statement_kind"] or (thing if thing == "posture" else did))


def told(row: Object) -> str:
    """An event in one line: what, where and by whom; the rest; its id, and the place in the document."""
    head, rest = " ".join(filter(None, _head(row))), "; ".join(filter(None, _rest(row)))
    places = "; ".join([row["subject"] or row["timeline"], *row["places"]])
    return " ".join(filter(None, [": ".join(filter(None, [head, rest])), f"[{places}]", _fate(row)]))


def _head(row: Object) -> list[str]:
    where = f"at {row['site']}" if row["site"] else f"in {row['country']}" if row["country"] else ""
    who = row["actor"] or row["who"] or ""
    ground = f"({row['attribution']})" if row["attribution"] not in {None, "none"} else ""
    if row["class"]:
        return [row["class"], where, f"by {who}" if who else "", ground]
    return [who, where]


def _rest(row: Object) -> list[str]:
    return [_corrected(row), *_circumstances(row), *_claimed(row), row["summary"] or ""]


def _corrected(row: Object) -> str:
    return f"{', '.join(row['corrected'])} corrected" if row["corrected"] else ""


def _circumstances(row: Object) -> list[str]:
    """Of an incident: with what, at what cost, how it ended."""
    counted = [f"{spoken(row[name])} {name}" for name in ("munitions", "targets") if row[name]]
    cost = toll(row["wounded"], "wounded") + toll(row["killed"], "killed")
    return [", ".join(row["weapons"] or ()), *counted, *cost, row["outcome"] or ""]


def _claimed(row: Object) -> list[str]:
    """Of a total or a level: what, and how many. Of a merge or a claim: which incidents."""
    said = " ".join(filter(None, [row["metric"], spoken(row["total"]), row["level"]]))
    others = " + ".join(row["incidents"] or ())
    return [said, f"{'with' if row['kind'] == 'incidents.merged' else 'about'} {others}" if others else ""]


def _fate(row: Object) -> str:
    """What became of an incident that does not count any more."""
    if row["stands"] is not False:
        return ""
    return "[retracted]" if row["retracted"] else f"[part of {row['merged_into']}]"


COLUMNS = (
    Column("occurred", lambda row: when(row["occurred_from"], row["occurred_until"], row["precision"])),
    Column("what", what, style="bold"),
    Column("told", told, wraps=True),
)
