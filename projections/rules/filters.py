"""What a rule asks of an incident: the closed model of `where` and `not`. Pure."""

from typing import Annotated, Final, Literal

from pydantic import Field

from events.values import Attribution, Country, Id, Line, Value
from projections.rules.model import Amounts, Filter
from projections.rules.values import AnyOf, Comparison

BY_PARTY: Final = ("wounded", "killed")
QUANTITIES: Final = ("munitions", "targets", *BY_PARTY)
ByParty = Annotated[dict[Id, Comparison], Field(min_length=1, max_length=20)]


class Fields(Value, use_attribute_docstrings=True):
    """What an incident must be like, or must not be like: a field that is left out does not matter."""

    incident_class: AnyOf[Id] | None = Field(default=None, alias="class")
    """What kind of incident it is, as in `class: attack`; one value, or a list that means any of them."""
    site: AnyOf[Id] | None = None
    """Where it happened: the id of a site."""
    country: AnyOf[Country] | None = None
    """The country of its site, as in ISO 3166: IQ."""
    admin1: AnyOf[Line] | None = None
    """The province, governorate or state of its site, as it is registered."""
    site_kind: AnyOf[Id] | None = None
    """The kind of its site, as it is registered: base."""
    actor: AnyOf[Id] | None = None
    """Who is said to have done it: the id of an actor."""
    member_of: AnyOf[Id] | None = None
    """Who is said to have done it, by umbrella: one of these actors, or one that belongs to it, however far below."""
    attribution: AnyOf[Attribution] | None = None
    """On what ground that actor is named; `none` where none is."""
    weapon: AnyOf[Id] | None = None
    """With what; any of the weapons of the incident."""
    outcome: AnyOf[Id] | None = None
    """What came of it, as it was reported: hit, intercepted."""
    confidence: AnyOf[Literal["low", "medium", "high"]] | None = None
    """How sure the source is of its account."""
    munitions: Comparison | None = None
    """How many munitions: a comparison such as ">= 3", of the rule's bound; none holds of what is not known."""
    targets: Comparison | None = None
    """How many targets: a comparison such as "> 1"."""
    wounded: ByParty | None = None
    """How many were wounded, by party: `{us: ">= 3"}`; of several parties, all must hold."""
    killed: ByParty | None = None
    """How many were killed, by party: `{civilian: ">= 1"}`; of several parties, all must hold."""

    def any_of(self) -> Filter:
        """The fields that must have any of some values."""
        wanted = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={*QUANTITIES})
        return tuple((name, frozenset(values)) for name, values in wanted.items())

    def amounts(self) -> Amounts:
        """The quantities that must compare so."""
        said = self.model_dump(include={*QUANTITIES}, exclude_none=True)
        named = [
            *((name, said[name]) for name in QUANTITIES if isinstance(said.get(name), str)),
            *((f"{name}.{party}", it) for name in BY_PARTY for party, it in said.get(name, {}).items()),
        ]
        return tuple((name, *_parts(it)) for name, it in named)


def _parts(comparison: str) -> tuple[str, int]:
    operator, number = comparison.split(" ")
    return operator, int(number)
