"""What a rule asks of an incident: the closed model of `where` and `not`. Pure."""

from typing import Literal

from pydantic import Field

from events.values import Attribution, Country, Id, Line, Value
from projections.rules.values import AnyOf


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
    attribution: AnyOf[Attribution] | None = None
    """On what ground that actor is named; `none` where none is."""
    weapon: AnyOf[Id] | None = None
    """With what; any of the weapons of the incident."""
    outcome: AnyOf[Id] | None = None
    """What came of it, as it was reported: hit, intercepted."""
    confidence: AnyOf[Literal["low", "medium", "high"]] | None = None
    """How sure the source is of its account."""
