"""Names in rules that nothing in the data bears: a slip, or what is still to come. So they are only warned of."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from streams.cli.names import unknown
from streams.cli.words import readable

if TYPE_CHECKING:
    from projections.rules.spec import Content
    from projections.store.reader import Reader

# field of `where` and `not` -> what its values, or their keys, are called; the others are not free
KINDS: Final = {
    "class": "class",
    "site": "site",
    "country": "country",
    "admin1": "province",
    "site_kind": "kind of site",
    "actor": "actor",
    "member_of": "actor",
    "weapon": "weapon",
    "outcome": "outcome",
    "wounded": "party",
    "killed": "party",
}


class Warned(NamedTuple):
    """A name that nothing bears, in a rule."""

    rule: str
    field: str  # such as where.site
    name: str
    said: str  # with those that may be meant


def unborne(reader: "Reader", timeline: str, rules: "Sequence[Content]") -> list[Warned]:
    """The names that nothing in a timeline bears, in the order of the rules."""
    named = [it for rule in rules for it in _named(rule)]
    wanted: dict[str, list[str]] = {}
    for *_, kind, name in named:
        wanted.setdefault(kind, []).append(name)
    said = {kind: unknown(reader, kind, names, [timeline], standing=True) for kind, names in wanted.items()}
    return [Warned(rule, field, name, said[kind][name]) for rule, field, kind, name in named if name in said[kind]]


def _named(rule: "Content") -> Iterator[tuple[str, str, str, str]]:
    """The names in a rule: its id, the field, what it names, the name."""
    for part in ("where", "not"):
        fields: dict[str, Any] = rule[part]
        for field, kind in KINDS.items():
            yield from ((rule["id"], f"{part}.{field}", kind, name) for name in fields.get(field, ()))
    match rule["measure"]:
        case {"sum": str(summed)} if "." in summed:
            yield rule["id"], "measure.sum", "party", summed.partition(".")[2]


def warn(those: Sequence[Warned]) -> None:
    """Say which names nothing bears."""
    for it in those:
        click.echo(readable(f"warning: rule {it.rule}: {it.field}: {it.said}"), err=True)
