"""What sources assert of the first theatre, against what the five documents itemise: counted by hand.

The ten attacks of the fact sheet from 17 October to 17 November 2023:

    inc-2023-10-17-base-1          17 October        Ain al-Asad, Iraq        on the first day
    inc-2023-10-17-base-2          17 October        unnamed base in Iraq     on the first day
    inc-2023-10-tanf               17 to 21 October  Al-Tanf, Syria           may be on the first day
    inc-2023-10-31-base-1          31 October        unnamed base in Iraq     unnamed
    inc-2023-10-31-base-2          31 October        unnamed base in Iraq     unnamed
    inc-2023-11-05-asad-mortar     5 November        Ain al-Asad, Iraq
    inc-2023-11-09-harir           9 November        Al-Harir, Iraq
    inc-2023-11-09-asad            9 November        Ain al-Asad, Iraq
    inc-2023-11-09-mosul           9 November        near Mosul, Iraq
    inc-2023-11-12-green-village   12/13 November    Green Village, Syria     claimed only

So of the 61 attacks asserted (29 in Iraq, 32 in Syria) ten are itemised (8 and 2): 51 are not (21 and 30).
US strikes in Syria: 27 October, 8 and 12 November; that of 8 November became known with the last document.
US wounded: the two of July 2021, and "several" (three at least) at Al-Tanf, known with the last document.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from seeds.loader import folder_of
from streams.cli.assertions import assertions, reconcile
from streams.writing.replay import theatre
from tests.published import publish

OUTSIDE = (None, None)
# assertion -> asserted (low, best, high), our best as known then and now
BY_HAND: dict[str, tuple[tuple[int | None, ...], tuple[int | None, int | None]]] = {
    "tal-1": ((3, 3, 3), (3, 3)),  # 7 July 2021: three are told of that day
    "tal-2": (
        (24, None, None),
        (5, 4),
    ),  # Iraq: rockets, second, embassy, Kurdistan; the one in the west until its merge
    "tal-3": ((None, 23, 23), (4, 5)),  # until 1 November: Al-Tanf was not known yet
    "tal-4": ((24, None, None), (0, 3)),
    "tal-5": ((1, 1, 1), (1, 1)),
    "tal-6": ((8501, 8501, None), OUTSIDE),
    "tal-7": ((24, 24, None), (0, 3)),
    "tal-8": ((3, 3, None), (1, 1)),  # bases in Iraq: Ain al-Asad; the others are not named
    "tal-9": ((1, 1, None), (0, 1)),  # bases in Syria: Al-Tanf
    "tal-10": ((10001, 10001, None), OUTSIDE),
    "tal-11": ((56, 56, None), (0, 3)),
    "tal-12": ((3, 3, 3), (2, 3)),
    "tal-13": ((2, 2, 2), OUTSIDE),  # who announces is no incident
    "tal-14": ((61, 61, 61), (10, 10)),
    "tal-15": ((29, 29, 29), (8, 8)),
    "tal-16": ((32, 32, 32), (2, 2)),
    "tal-17": ((60, 60, None), (3, 3)),
    "tal-18": ((3, 3, 3), (3, 3)),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the seeds are projected."""
    home = tmp_path_factory.mktemp("home")
    publish(home, theatre(folder_of("iraq-syria")))
    return home


def listed(home: Path, verb: Any, *arguments: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(verb, [*arguments, "--json"], env={"TOCSIN_HOME": str(home)}, catch_exceptions=False)
    assert done.exit_code == 0
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_every_assertion_is_held_against_what_was_counted_by_hand(home: Path) -> None:
    """Given the seeds, when reconciled, then asserted and our numbers, then and now, are those counted by hand."""
    rows = {(row["assertion"], row["believed"]): row for row in listed(home, reconcile)}
    found = {
        name: (
            tuple(rows[name, "now"]["asserted"][bound] for bound in ("low", "best", "high")),
            tuple((rows[name, when]["itemised"] or {"best": None})["best"] for when in ("then", "now")),
        )
        for name, _ in rows
    }

    assert found == BY_HAND


def test_ten_of_the_61_asserted_attacks_are_itemised(home: Path) -> None:
    """Given the total of 61, when asked for, then ten incidents by category as counted; 51 to 57 are not itemised."""
    row = listed(home, reconcile, "tal-14")[1]
    names = {name: {it["incident_id"] for it in found} for name, found in row["incidents"].items()}

    assert names == {
        "edge": {"inc-2023-10-17-base-1", "inc-2023-10-17-base-2", "inc-2023-10-tanf"},
        "unnamed": {"inc-2023-10-31-base-1", "inc-2023-10-31-base-2"},
        "claimed": {"inc-2023-11-12-green-village"},
        "itemised": {
            "inc-2023-11-05-asad-mortar",
            "inc-2023-11-09-harir",
            "inc-2023-11-09-asad",
            "inc-2023-11-09-mosul",
        },
    }
    assert row["gap"] == {"low": 51, "best": 51, "high": 57}
    assert [(it["reason"], it["least"]) for it in row["explanations"]] == [("not itemised here", 51)]


def test_what_no_incident_itemises_says_so(home: Path) -> None:
    """Given the dead in Gaza, when reconciled for people, then the metric is outside, and no number stands there."""
    done = CliRunner().invoke(reconcile, ["tal-6"], env={"TOCSIN_HOME": str(home)}, catch_exceptions=False)
    [line] = done.stdout.splitlines()[1:]

    assert line.split()[-10:] == "outside outside the metric is outside what the timeline itemises".split()  # noqa: SIM905


def test_assertions_are_listed_as_they_were_known(home: Path) -> None:
    """Given the days of the documents, when listed as known at each, then as many as the documents told until then."""
    days = ["2021-07-09T11:59Z", "2021-07-09T12:00Z", "2023-11-01", "2023-11-08", "2023-11-14", "2023-11-18"]

    assert [len(listed(home, assertions, "--as-known-at", day)) for day in days] == [0, 2, 6, 10, 13, 18]
    assert len(listed(home, assertions)) == 18


def test_an_assertion_names_its_document_and_place(home: Path) -> None:
    """Given the totals of attacks, when listed, then who says it, in which document, and where."""
    rows = {row["assertion"]: row for row in listed(home, assertions, "--metric", "attacks")}

    assert set(rows) == {"tal-1", "tal-2", "tal-3", "tal-14", "tal-15", "tal-16"}
    assert rows["tal-14"]["asserted_by"] == "Pentagon"
    assert (rows["tal-14"]["document"], rows["tal-14"]["places"]) == ("003_04e391e9412b19af", ["para 4"])
