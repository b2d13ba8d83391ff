"""`tocsin rules explain`: why a group of a rule has the value it has."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from events.errors import NotFound
from streams.cli.reads import Then, as_known, of_timelines, reading
from streams.cli.tree import print_tree

if TYPE_CHECKING:
    from projections.store.reader import Reader

ROWS: Final = 20  # incidents shown of each list
EXAMPLES: Final = 3  # groups that a slip names
# what rules group by -> what it is called
NAMES: Final = {"site_kind": "kind of site", "admin1": "province", "member_of": "actor"}


@click.command()
@click.argument("rule")
@click.argument("group", nargs=-1)
@click.option("--at", type=Then(), help="Then: an instant, or a day, which is its end; the clock, unless it is said.")
@click.option(
    "--rows", type=click.IntRange(1), default=ROWS, show_default=True, help="Show at most so many incidents of a list."
)
@of_timelines
@as_known
@lambda verb: reading(verb, "One JSON object.")
def explain(*, reader: "Reader", as_json: bool, rule: str, group: Sequence[str], at: int | None, **chosen: Any) -> None:
    """Why a GROUP of a RULE has its value: what adds to it, which near misses are left out and why, how far levels are.

    GROUP is the values of what the rule groups by, in its order (`tocsin rules list` says which), with commas or
    spaces between; none, for a rule of the whole timeline. It is shown as it is known
    now, at any time, unless --as-known-at says as of when.

    \b
    tocsin rules explain site-under-repeated-attack ain-al-asad
    tocsin rules explain site-under-repeated-attack ain-al-asad --at 2023-11-12
    tocsin rules explain wave-of-attacks --as-known-at 2023-11-09 --json
    """  # noqa: D301 -- click reads the character, not the letters
    from projections.store.explaining import Asked, clock_of, explained
    from streams.cli.explaining import told

    row = only(reader, rule, chosen["timelines"])
    then = clock_of(reader, row) if at is None else at
    asked = Asked(row, _group(reader, row, group), then, chosen["rows"])
    found = explained(reader, asked)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        print_tree(told(found))


def named(reader: "Reader", rule: str, timelines: Sequence[str] | None) -> list[dict[str, Any]]:
    """A rule that is in force, in every timeline in which it is.

    Raises:
        NotFound: it is in none.
    """
    from streams.cli.names import meant

    found = reader.rows("rules", timelines=timelines, rules=[rule])
    if not found:
        known = {it["rule"]: [it["title"]] for it in reader.rows("rules", timelines=timelines, rules=None)}
        when = (
            "is in force" if reader.known_at is None else "was in force then; `tocsin rules history` says when it was"
        )
        raise NotFound(f"no rule {rule!r} {when}{meant(rule, known) if known else ''}")
    return found


def only(reader: "Reader", rule: str, timelines: Sequence[str] | None) -> dict[str, Any]:
    """A rule that is in force in one timeline."""
    found = named(reader, rule, timelines)
    if len(found) > 1:
        raise click.UsageError(f"{rule} is in force in {', '.join(it['timeline'] for it in found)}: say --timeline")
    return found[0]


def _group(reader: "Reader", row: dict[str, Any], said: Sequence[str]) -> tuple[str, ...]:
    """The values of a group, each a name that is known."""
    from streams.cli.names import check_name

    by: list[str] = row["content"]["by"]
    values = said
    if len(said) != len(by) or any(it.endswith(",") for it in said):  # as in `IQ, claimed`, which is how tables show it
        values = [it.strip() for one in said for it in one.split(",") if it.strip()]
    if len(values) != len(by):
        raise click.UsageError(_expected(reader, row, by, values))
    for name, value in zip(by, values, strict=True):
        check_name(reader, NAMES.get(name, name), value, row["timeline"])
    return tuple(values)


def _expected(reader: "Reader", row: dict[str, Any], by: Sequence[str], values: Sequence[str]) -> str:
    where = {name: row[name] for name in ("partition", "timeline", "rule")}
    known = [",".join(it["group"]) for it in reader.rows("groups", **where)[:EXAMPLES]] if by else []
    wanted = (
        f"a group of {row['rule']}: its {', '.join(by)}" if by else f"no group: {row['rule']} is of the whole timeline"
    )
    return f"expected {wanted}; found {', '.join(values) or 'none'}" + (
        f"; as in {', or '.join(known)}" if known else ""
    )
