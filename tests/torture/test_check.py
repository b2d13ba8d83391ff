"""The checker finds what it must find: each kind of fault, planted."""

from dataclasses import replace
from typing import Any

import pytest

from tests.torture.check import Kept, Seen, faults, tally

FILE = Kept(0, 4, {"events": "3 rows 5f", "rejected": "1 rows 0c"}, [0, 1, 2, 3])
WIRE = {("t.alerts", 0): ["m1", "m2", "m3"], ("t.events.dlq", 0): ["d1"]}
EXACT = Seen({"home/p0": FILE}, WIRE, {0: 4})


def with_file(**changes: Any) -> Seen:
    return replace(EXACT, files={"home/p0": replace(FILE, **changes)})


def with_wire(*alerts: str) -> Seen:
    return replace(EXACT, wire={**WIRE, ("t.alerts", 0): list(alerts)})


def test_an_exact_line_has_no_faults() -> None:
    """Given files and wire as the fold has them, when compared, then nothing is wrong."""
    assert faults(EXACT, EXACT) == []


@pytest.mark.parametrize(
    ("found", "kind", "count"),
    [
        (with_file(offsets=[0, 1, 3]), "lost", 1),
        (with_file(offsets=[0, 1, 2, 2, 3]), "doubled", 1),
        (with_file(contents={**FILE.contents, "events": "3 rows 60"}), "table", 1),
        (with_file(contents={"events": "3 rows 5f"}), "table", 1),
        (with_file(contents={**FILE.contents, "more": "0 rows 0"}), "table", 1),
        (with_file(checkpoint=3), "behind", 1),
        (replace(EXACT, files={}), "behind", 4),
        (with_wire("m1", "m3"), "missing", 1),
        (with_wire(), "missing", 3),
        (with_wire("m1", "m2", "m2", "m3", "m3"), "twice", 2),
        (with_wire("m1", "m2", "m3", "x"), "foreign", 1),
        (with_wire("m2", "m1", "m3"), "disordered", 1),
        (replace(EXACT, wire={**WIRE, ("t.alerts.watch", 0): ["m1"]}), "foreign", 1),
        (replace(EXACT, wire={("t.alerts", 0): WIRE["t.alerts", 0]}), "missing", 1),
    ],
    ids=[
        *("a lost event", "a doubled event", "another hash", "a table less", "a table more", "not at the end"),
        *("no file", "a message less", "no message", "messages twice", "a message of nobody's", "another order"),
        *("another topic", "no dead letter"),
    ],
)
def test_every_planted_fault_is_found_and_no_other(found: Seen, kind: str, count: int) -> None:
    """Given one thing that is not as it must be, when compared, then it is counted as what it is."""
    assert {name: n for name, n in tally(faults(EXACT, found)).items() if n} == {kind: count}


def test_dead_letters_are_counted_apart_from_alerts() -> None:
    """Given a dead letter twice, when tallied, then no alert is said to be."""
    found = faults(EXACT, replace(EXACT, wire={**WIRE, ("t.events.dlq", 0): ["d1", "d1"]}))

    assert tally(found, letters=True)["twice"] == 1
    assert sum(tally(found, letters=False).values()) == 0
