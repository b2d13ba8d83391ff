"""The first theatre: what five documents tell, counted by hand."""

from collections import Counter
from datetime import date
from typing import TypeVar

import pytest

from events import codec
from events.log import Event
from events.model import (
    ActorRegistered,
    DocumentRegistered,
    Fact,
    IncidentCorrected,
    IncidentReported,
    IncidentsMerged,
    PostureChanged,
    SiteRegistered,
    StatementIssued,
    TallyAsserted,
    TimelineOpened,
)
from events.values import iso
from seeds.loader import folder_of, load

FIRST, SECOND, THIRD, FOURTH, FIFTH = (
    "004_1061284f8022c502",
    "000_a32cf492ad84e1a9",
    "002_dca7d12df0272a91",
    "001_4baa8668a4f169ec",
    "003_04e391e9412b19af",
)


T = TypeVar("T", bound=Fact)


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """Every event of the theatre."""
    return load(folder_of("iraq-syria"))


def of(events: list[Event], fact: type[T]) -> list[T]:
    """The facts of one type, in order."""
    return [it.fact for it in events if isinstance(it.fact, fact)]


def test_the_theatre_holds_all_that_the_documents_tell(events: list[Event]) -> None:
    """Given the theatre, then it has as many of each thing as were counted in the documents."""
    told = Counter(type(it.fact) for it in events)

    assert told == {
        TimelineOpened: 1,
        DocumentRegistered: 5,
        SiteRegistered: 19,
        ActorRegistered: 21,
        IncidentReported: 34,  # 27 incidents; seven times a further document tells of one
        IncidentCorrected: 2,
        IncidentsMerged: 1,
        StatementIssued: 26,
        PostureChanged: 8,
        TallyAsserted: 18,
    }
    assert len({it.incident for it in of(events, IncidentReported)}) == 27


def test_every_document_has_a_title_of_its_own(events: list[Event]) -> None:
    """Given the theatre, then a reader of the timeline finds a title with each document, no two the same."""
    titles = [it.title for it in of(events, DocumentRegistered)]

    assert all(titles)
    assert len(set(titles)) == 5


def test_every_document_tells_its_share(events: list[Event]) -> None:
    """Given the theatre, then each document is the source of as many events as were counted in it."""
    told = Counter(it.fact.source.document for it in events if it.fact.source.document)

    assert told == {FIRST: 14, SECOND: 20, THIRD: 20, FOURTH: 18, FIFTH: 16}


def test_what_a_document_tells_became_known_at_noon_of_its_day(events: list[Event]) -> None:
    """Given the documents' days, then everything a document tells has that day's noon as its recorded time."""
    known = {it.fact.source.document: iso(it.recorded_at) for it in events if it.fact.source.document}

    assert known == {
        FIRST: "2021-07-09T12:00:00Z",
        SECOND: "2023-11-01T12:00:00Z",
        THIRD: "2023-11-08T12:00:00Z",
        FOURTH: "2023-11-14T12:00:00Z",
        FIFTH: "2023-11-18T12:00:00Z",
    }


def test_days_that_were_inferred_say_so_and_from_what(events: list[Event]) -> None:
    """Given the documents, then all but the first have an inferred day, with its ground and its bounds."""
    documents = of(events, DocumentRegistered)

    assert [(it.inferred, it.earliest, it.latest) for it in documents] == [
        (False, None, None),
        (True, date(2023, 10, 31), date(2023, 11, 4)),
        (True, date(2023, 11, 7), date(2023, 11, 9)),
        (True, date(2023, 11, 13), date(2023, 11, 16)),
        (True, date(2023, 11, 17), date(2023, 11, 21)),
    ]
    assert all(it.basis for it in documents)


def test_every_fact_of_a_document_names_its_place(events: list[Event]) -> None:
    """Given what documents tell, then each event says in which paragraph."""
    nowhere = [it for it in events if it.fact.source.document and not it.fact.source.places]

    assert nowhere == []


def test_incidents_by_class_site_and_country_are_those_counted_by_hand(events: list[Event]) -> None:
    """Given the first report of each incident, then classes, and the attacks in each place, are as counted."""
    first = {it.incident: it.report for it in reversed(of(events, IncidentReported))}

    assert Counter(it.incident_class for it in first.values()) == {"attack": 17, "us-strike": 5, "context": 5}
    assert Counter(it.site for it in first.values() if it.incident_class == "attack") == {
        "iq-base-unnamed": 7,
        "ain-al-asad": 2,
        "al-harir": 1,
        "al-tanf": 1,
        "green-village": 1,
        "mosul-patrol": 1,
        "sy-unnamed": 1,
        "iq-west": 1,
        "iq-kurdistan": 1,
        "us-embassy-baghdad": 1,
    }


def test_what_was_wrong_is_corrected_by_the_document_that_knew_better(events: list[Event]) -> None:
    """Given the last document, then it corrects the dead of 7 October and the place of an attack of 17 October."""
    corrected = {it.incident: (it.source.document, it.changes) for it in of(events, IncidentCorrected)}
    (dead, place) = corrected["inc-2023-10-07-israel"], corrected["inc-2023-10-17-base-1"]

    assert dead[0] == place[0] == FIFTH
    assert dead[1].killed is not None
    assert (dead[1].killed["israel"].low, dead[1].killed["israel"].high) == (1200, None)
    assert place[1].stated() == {"site": "ain-al-asad"}


def test_the_attack_in_the_west_is_merged_by_nobody_s_document(events: list[Event]) -> None:
    """Given the merge, then it was recorded by curation, a day after the document."""
    (event,) = [it for it in events if isinstance(it.fact, IncidentsMerged)]

    assert iso(event.recorded_at) == "2021-07-10T12:00:00Z"
    assert (event.fact.source.feed, event.fact.subject()) == ("curation", "inc-2021-07-07-rockets")
    assert of(events, IncidentsMerged)[0].merged == ("inc-2021-07-west",)


def test_what_is_known_of_the_first_strike_grows_with_the_documents(events: list[Event]) -> None:
    """Given the strike at Albukamal, then the first document has neither day nor place, the last one has both."""
    first, last = (it.report for it in of(events, IncidentReported) if it.incident == "inc-2023-10-27-albukamal")

    assert first.occurred is not None
    assert last.occurred is not None
    assert (first.site, first.occurred.precision) == ("sy-unnamed", "range")
    assert (last.site, iso(last.occurred.earliest)) == ("albukamal", "2023-10-27T00:00:00Z")


def test_totals_are_kept_as_their_sources_said_them(events: list[Event]) -> None:
    """Given the last document's totals, then 61 attacks are 29 and 32, and the wounded are at least 60."""
    total = {it.assertion: (it.total.low, it.total.high, it.scope.country) for it in of(events, TallyAsserted)}

    assert total["tal-14"] == (61, 61, None)
    assert total["tal-15"] == (29, 29, "IQ")
    assert total["tal-16"] == (32, 32, "SY")
    assert total["tal-17"] == (60, None, None)
    assert total["tal-4"] == (24, None, None)  # dozens


def test_every_event_can_be_sent_and_read(events: list[Event]) -> None:
    """Given every event, when it is written as a record or a line and read, then it is the same; no id comes twice."""
    assert [codec.from_record(codec.to_record(it)) for it in events] == events
    assert [codec.from_json(codec.to_json(it)) for it in events] == events
    assert len({it.event_id for it in events}) == 135
