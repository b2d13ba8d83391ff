"""The files of a theatre, each a form of its own."""

from pydantic import Field

from events.model import Counts
from events.values import Id, Value
from seeds import forms


class Documents(Value):
    """documents.yaml."""

    documents: tuple[forms.Document, ...]


class Sites(Value):
    """sites.yaml."""

    sites: tuple[forms.Site, ...]


class Actors(Value):
    """actors.yaml."""

    actors: tuple[forms.Actor, ...]


class Incidents(Value):
    """incidents.yaml."""

    incidents: tuple[forms.Incident, ...]
    merges: tuple[forms.Merge, ...] = ()
    splits: tuple[forms.Split, ...] = ()
    retractions: tuple[forms.Retraction, ...] = ()


class Assertions(Value):
    """assertions.yaml."""

    metrics: dict[Id, Counts] = Field(default={})  # what each counts; of one that is not here no incidents speak
    assertions: tuple[forms.Assertion, ...]


class Statements(Value):
    """statements.yaml."""

    statements: tuple[forms.Statement, ...]


class Postures(Value):
    """postures.yaml."""

    postures: tuple[forms.Posture, ...]


class Files(Value):
    """A theatre, file by file; only theatre.yaml must be there."""

    theatre: forms.Theatre
    documents: Documents = Documents(documents=())
    sites: Sites = Sites(sites=())
    actors: Actors = Actors(actors=())
    incidents: Incidents = Incidents(incidents=())
    assertions: Assertions = Assertions(assertions=())
    statements: Statements = Statements(statements=())
    postures: Postures = Postures(postures=())
