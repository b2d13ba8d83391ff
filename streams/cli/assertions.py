"""`tocsin assertions` and `tocsin reconcile`: totals that sources claim, and our incidents against them."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from streams.cli.output import Column, Object, field, show
from streams.cli.reads import as_known, of_timelines, reads, some_of
from streams.cli.wording import spoken

if TYPE_CHECKING:
    from projections.store.reader import Reader

ROWS = 200  # incidents named of one category


@click.command()
@of_timelines
@some_of("--metric", "metrics", "Only this metric, as in attacks.")
@as_known
@reads
def assertions(*, reader: "Reader", as_json: bool, **chosen: Any) -> None:
    """Totals that sources claim, in the order in which they became known. They are never added to ours.

    \b
    tocsin assertions --metric attacks
    tocsin assertions --as-known-at 2023-11-09 --json
    """  # noqa: D301 -- click reads the character, not the letters
    show(reader.rows("assertions", **chosen), ASSERTIONS, as_json=as_json)


@click.command()
@click.argument("assertion", nargs=-1)
@of_timelines
@some_of("--metric", "metrics", "Only this metric, as in attacks.")
@reads
def reconcile(*, reader: "Reader", as_json: bool, assertion: Sequence[str], **chosen: Any) -> None:
    """Asserted totals against our own incidents, as known when each was asserted (then) and now.

    Our best number is what the counters say; the lower one leaves out incidents that the source may not have counted,
    the upper one takes in all that it may have counted. With ids, JSON also names the incidents (200 of a category).

    \b
    tocsin reconcile
    tocsin reconcile tal-14 --json
    """  # noqa: D301 -- click reads the character, not the letters
    wanted = list(assertion) or None
    rows = [_held(row) for row in reader.rows("reconciliation", assertions=wanted, **chosen)]
    if as_json and wanted:
        found = reader.rows("considered", assertions=wanted, timelines=chosen["timelines"], rows=ROWS)
        rows = [{**row, "incidents": _named(row, found)} for row in rows]
    show(rows if as_json else _beside(rows), RECONCILED, as_json=as_json)


def _held(row: Object) -> Object:
    """A row of the reconciliation with gap and explanations."""
    from projections.assertions import CATEGORIES, bounds, explanations, gap

    asserted, ours = bounds(row), bounds(row, "our_")
    categories = {name: row[name] for name in CATEGORIES}
    itemisable = row["measure"] is not None
    about = {name: value for name, value in row.items() if name not in {*_numbers(), *CATEGORIES}}
    return {
        **about,
        "itemisable": itemisable,
        "asserted": {**asserted._asdict(), "qualifier": row["qualifier"]},
        "itemised": ours._asdict() if itemisable else None,
        "gap": gap(asserted, ours)._asdict() if itemisable else None,
        "categories": categories,
        "explanations": [it._asdict() for it in explanations(asserted, ours, categories)] if itemisable else [],
    }


def _numbers() -> list[str]:
    return ["qualifier", *(f"{whose}{bound}" for whose in ("", "our_") for bound in ("low", "best", "high"))]


def _named(row: Object, found: Sequence[Object]) -> dict[str, list[Object]]:
    """The incidents of a row by category."""
    keys = ("partition", "timeline", "assertion", "believed")
    named: dict[str, list[Object]] = {}
    for it in found:
        if all(it[key] == row[key] for key in keys):
            shown = {name: it[name] for name in ("incident_id", "version", "counted")}
            named.setdefault(it["category"], []).append(shown)
    return named


def _beside(rows: Sequence[Object]) -> list[Object]:
    """One row an assertion: as things are now, with what was known then beside it."""
    pairs = groupby(rows, key=lambda it: (it["partition"], it["timeline"], it["assertion"]))
    found = []
    for _, pair in pairs:
        both = {it["believed"]: it for it in pair}
        found.append({**both["now"], "then": both["then"]["itemised"]})
    return found


def scope(row: Object) -> str:
    """Where and by whom a total is meant."""
    said = [row["country"], row["site"], row["actor"] and f"by {row['actor']}"]
    return " ".join(filter(None, said))


def period(row: Object) -> str:
    return f"{row['since']}…{row['as_of']}" if row["since"] != row["as_of"] else str(row["since"])


def ours(numbers: Object | None) -> str:
    """Our number for a total: the best one, and between which bounds it lies where they differ."""
    if numbers is None:
        return "outside"
    low, best, high = numbers["low"], numbers["best"], numbers["high"]
    return str(best) if low == best == high else f"{best} ({low}…{'?' if high is None else high})"


def explained(row: Object) -> str:
    """What would explain the gap, in words."""
    if not row["itemisable"]:
        return "the metric is outside what the timeline itemises"
    return "; ".join(filter(None, map(_words, row["explanations"])))


def _words(it: Object) -> str:
    """An explanation, and for how much of the gap it stands."""
    least, best, most = it["least"], it["best"], it["most"]
    if least:
        return f"{it['reason']}: {least if least == most else f'at least {least}'}"
    share = f"about {best}" if best else f"up to {most}" if most is not None else ""
    return ": ".join(filter(None, [it["reason"], share]))


def source(row: Object) -> str:
    """Who tells it and where in it."""
    return "; ".join(filter(None, [row["document"] or row["feed"], *row["places"]]))


ASSERTIONS = (
    field("assertion", style="bold"),
    field("metric"),
    Column("total", lambda row: spoken(row["total"]), right=True),
    Column("scope", scope),
    Column("days", period),
    Column("said by", lambda row: row["asserted_by"] or ""),
    Column("known", lambda row: row["known_at"][:10]),
    Column("source", source, wraps=True),
)
RECONCILED = (
    field("assertion", style="bold"),
    field("metric"),
    Column("scope", scope),
    Column("days", period),
    Column("asserted", lambda row: spoken(row["asserted"]), right=True),
    Column("ours then", lambda row: ours(row["then"]), right=True),
    Column("ours now", lambda row: ours(row["itemised"]), right=True, style="bold"),
    Column("gap", lambda row: "" if row["gap"] is None else f"{row['gap']['best']:+d}", right=True),
    Column("what would explain it", explained, wraps=True),
)
