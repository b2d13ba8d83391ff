"""Any theatre: its files become events in one order, or every fault of every file is told."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from events import codec
from events.errors import Faulty, NotFound
from events.values import Value, iso
from seeds import files, forms
from seeds.loader import folder_of, load, parse
from seeds.sheet import Sheet

HARBOUR = Path(__file__).parent / "harbour"
TEXTS = {it.name: it.read_text() for it in HARBOUR.glob("*.yaml")}


# -- a second theatre


def test_another_theatre_becomes_events_as_the_first_one_does() -> None:
    """Given a theatre of lamps, when it is loaded, then its events come in the order in which they became known."""
    told = [(iso(it.recorded_at), it.fact.kind, it.fact.subject()) for it in load(HARBOUR)]

    assert told == [
        ("1999-03-02T12:00:00Z", "timeline.opened", None),
        ("1999-03-02T12:00:00Z", "document.registered", "log-1"),
        ("1999-03-02T12:00:00Z", "site.registered", "pier"),
        ("1999-03-02T12:00:00Z", "actor.registered", "guild"),
        ("1999-03-02T12:00:00Z", "actor.registered", "keeper"),
        ("1999-03-02T12:00:00Z", "incident.reported", "lamp-dim"),
        ("1999-03-02T12:00:00Z", "incident.reported", "lamp-out"),
        ("1999-03-03T08:00:00Z", "incident.reported", "lamp-dark"),
        ("1999-03-05T12:00:00Z", "document.registered", "log-2"),
        ("1999-03-05T12:00:00Z", "incident.reported", "lamp-out"),
        ("1999-03-05T12:00:00Z", "incident.corrected", "lamp-out"),
        ("1999-03-05T12:00:00Z", "statement.issued", "vow"),
        ("1999-03-06T08:00:00Z", "incidents.merged", "lamp-dim"),
        ("1999-03-07T08:00:00Z", "incidents.split", "lamp-dim"),
        ("1999-03-08T08:00:00Z", "incident.retracted", "lamp-dark"),
    ]


def test_what_a_form_leaves_out_is_left_out_of_the_event_and_null_is_null() -> None:
    """Given a report that only adds a weapon, and a correction that takes it back, then the events say just that."""
    told = [it.fact for it in load(HARBOUR) if it.fact.subject() == "lamp-out"]

    assert told[1].report.stated().keys() == {"weapons", "wounded"}  # type: ignore[attr-defined]
    assert told[2].changes.stated()["weapons"] is None  # type: ignore[attr-defined]


def test_words_that_other_yaml_readers_take_for_something_else_are_text() -> None:
    """Given the country NO, a note of "yes: 12:30" and an instant, then they are what is written there."""
    events = load(HARBOUR)

    assert next(it.fact.country for it in events if it.fact.kind == "site.registered") == "NO"  # type: ignore[attr-defined]
    assert [it.fact.note for it in events if it.fact.subject() == "lamp-dim"][0] == "yes: 12:30"  # noqa: RUF015
    assert iso(events[6].fact.report.occurred.earliest) == "1999-03-01T22:30:00Z"  # type: ignore[attr-defined]


def test_loading_twice_gives_the_same_events() -> None:
    """Given a theatre, when it is loaded again, then ids and bytes are the same: appending it again is harmless."""
    assert [codec.to_record(it) for it in load(HARBOUR)] == [codec.to_record(it) for it in load(HARBOUR)]


def test_an_edited_register_is_told_anew_and_an_edited_report_conflicts() -> None:
    """Given a site and a report that were edited, then the site is another event, the report the same, changed."""
    edited = parse({
        **TEXTS,
        "sites.yaml": TEXTS["sites.yaml"].replace("The pier", "The long pier"),
        "incidents.yaml": TEXTS["incidents.yaml"].replace("several", "dozens"),
    })  # fmt: skip

    changed = [(old, new) for old, new in zip(load(HARBOUR), edited, strict=True) if old != new]

    assert [(old.fact.kind, old.event_id == new.event_id) for old, new in changed] == [
        ("site.registered", False),
        ("incident.reported", True),
    ]


def test_theatres_are_found_by_path_and_ours_by_name() -> None:
    """Given a path, or the name of a theatre of ours, then its folder is found; else the choices are told."""
    assert folder_of(str(HARBOUR)) == HARBOUR
    assert folder_of("iraq-syria").name == "iraq-syria"
    with pytest.raises(NotFound, match="one of: iraq-syria; found 'atlantis'"):
        folder_of("atlantis")


# -- faults

FAULTS = {
    "no YAML": ("sites.yaml", "The pier,", "The pier: ,", "sites.yaml:2: expected YAML, found"),
    "unknown field": (
        "sites.yaml",
        "lat:",
        "latitude:",
        "sites.yaml:2: sites.0.latitude: expected no such field, found 60.4",
    ),
    "missing field": (
        "sites.yaml",
        "kind: jetty, ",
        "",
        "sites.yaml:2: sites.0.kind: expected this field, found nothing",
    ),
    "field twice": (
        "sites.yaml",
        "kind: jetty",
        "kind: jetty, kind: quay",
        "sites.yaml:2: expected kind once, found it again",
    ),
    "bad country": ("sites.yaml", "NO", "Norway", "sites.yaml:2: sites.0.country: expected string to match"),
    "number as text": (
        "sites.yaml",
        "60.4",
        "'60.4'",
        "sites.yaml:2: sites.0.lat: expected a valid number, found '60.4'",
    ),
    "site twice": (
        "sites.yaml",
        "sites:\n",
        "sites:\n  - {id: pier, name: P, kind: k, country: NO}\n",
        "sites.yaml:3: sites.1.id: expected once, found again: 'pier'",
    ),
    "unknown site": (
        "incidents.yaml",
        "02 , site: pier",
        "02 , site: peer",
        "incidents.yaml:10: incidents.1.reports.0.site: expected a site that is listed before, found 'peer'",
    ),
    "unknown actor": (
        "statements.yaml",
        "actor: keeper",
        "actor: nobody",
        "statements.yaml:2: statements.0.actor: expected an actor that is listed before, found 'nobody'",
    ),
    "unknown document": (
        "statements.yaml",
        "log-2",
        "log-9",
        "statements.yaml:2: statements.0.document: expected a document of documents.yaml, found 'log-9'",
    ),
    "unknown incident": (
        "statements.yaml",
        "lamp-out",
        "lamp-in",
        "statements.yaml:2: statements.0.incidents: expected an incident that was reported before, found 'lamp-in'",
    ),
    "member before its umbrella": (
        "actors.yaml",
        "  - {id: guild, name: The guild, kind: guild}\n",
        "",
        "actors.yaml:2: actors.0.member_of: expected an actor that is listed before, found 'guild'",
    ),
    "no time": (
        "incidents.yaml",
        "occurred: 1999-02 ",
        "occurred: February",
        "incidents.yaml:10: incidents.1.reports.0.occurred: expected a day, 'DAY to DAY', a month or an instant",
    ),
    "no such day": (
        "statements.yaml",
        "1999-03-04",
        "1999-02-30",
        "statements.yaml:2: statements.0.occurred: expected a day",
    ),
    "no quantity": (
        "incidents.yaml",
        "several",
        "a few",
        "incidents.yaml:4: incidents.0.reports.0.wounded.crew: expected a number or words like 'at least 14'",
    ),
    "two days that run backwards": (
        "incidents.yaml",
        "1999-02-27 to 1999-02-28",
        "1999-02-28 to 1999-02-27",
        "incidents.yaml:13: incidents.2.reports.0.occurred: expected a day",
    ),
    "first report without a site": (
        "incidents.yaml",
        "02 , site: pier,",
        "02 ,",
        "incidents.yaml:10: incidents.1.reports.0: expected the first report to become known (1999-03-02T12:00:00Z)",
    ),
    "two reports of one place": (
        "incidents.yaml",
        "log-2, places: [p. 3]",
        "log-1, places: [p. 1]",
        "incidents.yaml:5: incidents.0.reports.1: expected another place or document",
    ),
    "no report": (
        "incidents.yaml",
        "incidents:\n",
        "incidents:\n  - {id: lamp-gone, reports: []}\n",
        "incidents.yaml:2: incidents.0.reports: expected at least one report, found []",
    ),
    "nobody claims": (
        "incidents.yaml",
        "id: keeper, ",
        "",
        "incidents.yaml:7: incidents.0.corrections.0.changes.actor: expected an actor with attribution suspected",
    ),
    "site taken back": (
        "incidents.yaml",
        "weapons: null",
        "site: null",
        "incidents.yaml:7: incidents.0.corrections.0.changes: expected no null for what an incident must have",
    ),
    "neither document nor feed": (
        "statements.yaml",
        "document: log-2, ",
        "",
        "statements.yaml:2: statements.0: expected either a document or a feed",
    ),
    "feed without a time": (
        "incidents.yaml",
        'feed: radio, recorded_at: "1999-03-03T08:00:00Z", ',
        "feed: radio, ",
        "incidents.yaml:13: incidents.2.reports.0: expected recorded_at with a feed",
    ),
    "inferred without bounds": (
        "documents.yaml",
        "    earliest: 1999-03-04\n",
        "",
        "documents.yaml:5: documents.1: expected earliest and latest with",
    ),
    "published outside its bounds": (
        "documents.yaml",
        "1999-03-04",
        "1999-03-06",
        "documents.yaml:5: documents.1: expected earliest <= published <= latest",
    ),
    "opened too late": (
        "theatre.yaml",
        "clock: live",
        "opened_at: '2001-01-01T00:00:00Z'",
        "theatre.yaml:3: opened_at: expected an instant not after what became known first",
    ),
    "a clock of its own kind": (
        "theatre.yaml",
        "clock: live",
        "clock: sundial",
        "theatre.yaml:3: clock: expected 'live' or 'replayed', found 'sundial'",
    ),
    "empty file": ("theatre.yaml", TEXTS["theatre.yaml"], "", "theatre.yaml:1: expected an object, found None"),
    "an alias": (
        "sites.yaml",
        "sites:\n",
        "sites: &a\n  - *a\n",
        "sites.yaml:1: expected plain values, found &a",
    ),
}


@pytest.mark.parametrize(("file", "was", "now", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_with_file_line_and_field(file: str, was: str, now: str, said: str) -> None:
    """Given a theatre with one fault, when it is read, then the fault is told where it stands."""
    assert was in TEXTS[file]
    changed = {**TEXTS, file: TEXTS[file].replace(was, now, 1)}

    with pytest.raises(Faulty) as found:
        parse(changed)

    assert any(fault.startswith(said) for fault in found.value.faults), found.value.faults


def test_all_faults_of_all_files_are_told_at_once() -> None:
    """Given a fault in each of three files, when they are read, then three faults are told."""
    texts = {
        **TEXTS,
        "sites.yaml": TEXTS["sites.yaml"].replace("NO", "Norway"),
        "actors.yaml": TEXTS["actors.yaml"].replace("kind: person", "sort: person"),
        "lamps.yaml": "",
    }

    with pytest.raises(Faulty) as found:
        parse(texts)

    assert [fault.partition(":")[0] for fault in found.value.faults] == [
        "actors.yaml",
        "actors.yaml",
        "lamps.yaml",
        "sites.yaml",
    ]


def test_without_a_theatre_file_there_is_no_theatre() -> None:
    """Given a folder that lacks theatre.yaml, when it is read, then that is the fault."""
    with pytest.raises(Faulty, match=r"theatre\.yaml:1: expected this file, found none"):
        parse({"sites.yaml": TEXTS["sites.yaml"]})


def test_a_timeline_of_which_nothing_is_known_needs_an_instant_to_begin() -> None:
    """Given a theatre.yaml alone, then it needs `opened_at`; with it, it is opened and nothing else."""
    alone = "timeline: t\ntitle: T\n"

    with pytest.raises(Faulty, match=r"theatre\.yaml:1: opened_at"):
        parse({"theatre.yaml": alone})
    assert len(parse({"theatre.yaml": f"{alone}opened_at: 1999-01-01T00:00:00Z\n"})) == 1


@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_a_file_with_anything_wrong_is_told_and_nothing_else_happens(file: str, data: st.DataObject) -> None:
    """Given a theatre with any part of a file replaced by anything, then it loads, or its faults are told."""
    tree = yaml.safe_load(TEXTS[file])
    leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates()
    name = data.draw(st.sampled_from(sorted(tree)))
    tree[name] = data.draw(st.recursive(leaf, lambda it: st.lists(it, max_size=3) | st.dictionaries(st.text(), it)))

    try:
        found = [it.event_id for it in parse({**TEXTS, file: yaml.safe_dump(tree, allow_unicode=True)})]
    except Faulty as error:
        found = error.faults

    assert found


@given(st.text())
def test_any_text_is_data_or_a_fault(text: str) -> None:
    """Given any text, when it is read as YAML, then there is data or a fault with its line."""
    sheet = Sheet.of("any.yaml", text)

    assert sheet.faults == [] or all(fault.startswith("any.yaml:") for fault in sheet.faults)


def test_every_file_of_a_theatre_has_a_form() -> None:
    """Given the files that are read, then each is one that the documentation names."""
    assert list(files.Files.model_fields) == [
        "theatre", "documents", "sites", "actors", "incidents", "assertions", "statements", "postures",
    ]  # fmt: skip


def test_every_field_that_a_person_may_write_is_documented() -> None:
    """Given the forms of a theatre's files, then docs/theatres.md names each of their fields."""
    text = (Path(__file__).parents[2] / "docs/theatres.md").read_text(encoding="utf-8")
    written = {it for it in (vars(forms) | vars(files)).values() if isinstance(it, type) and issubclass(it, Value)}
    names = {field.alias or name for form in written for name, field in form.model_fields.items()}

    assert [name for name in sorted(names) if f"`{name}`" not in text and f"`{name}.yaml`" not in text] == []
