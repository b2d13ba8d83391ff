"""Rules that look at umbrellas: an actor that is registered anew changes what stands, as a site does."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.log import Event
from projections.apply import apply_batch
from projections.rules import yaml_file
from projections.rules.compiling import compile_rules
from projections.rules.matching import members_of
from projections.rules.model import FOREVER
from projections.rules.spec import content_hash
from projections.store.explaining import of_group
from projections.store.file import PartitionFile
from projections.store.groups import TableGroups
from projections.store.provenance import why_alert
from projections.store.reader import Reader
from tests import facts
from tests.projections.rules.histories import examples
from tests.published import publish

RULES = yaml_file.read("""
rules:
  - {id: of-the-axis, where: {member_of: axis}, window: 30d, levels: {watch: 2, warning: 3}, updates: all}
  - {id: others, by: [site], not: {member_of: [league]}, measure: {distinct: actor}, levels: {watch: 1}, updates: all}
""")
NAMES = ["axis", "league", "front", "militia"]
STAGE = [
    facts.opened("replayed"),
    facts.site("north"),
    facts.adopted(*RULES, content_hash=content_hash(RULES)),
    *(facts.actor(name) for name in NAMES),
]


class Line:
    """A partition's file; it may be opened anew between batches."""

    def __init__(self, path: Path) -> None:
        self.path, self.file = path, PartitionFile(path, 0, 1)

    def tell(self, events: Sequence[Event]) -> list[dict[str, Any]]:
        """Apply events together; what they led to."""
        start = self.file.next_offset
        apply_batch(self.file, facts.records(events, start), start, start + len(events))
        assert self.file.con.execute("SELECT reason, expected, found FROM rejected").fetchall() == []
        query = "SELECT body::VARCHAR FROM alert_messages WHERE event_offset >= ? ORDER BY event_offset, seq"
        return [json.loads(body) for (body,) in self.file.con.execute(query, [start]).fetchall()]

    def again(self) -> None:
        """The worker dies; the next one opens the file."""
        self.file.close()
        self.file = PartitionFile(self.path, 0, 1)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A timeline with actors that belong to nobody, and rules."""
    it = Line(tmp_path / "p0.duckdb")
    it.tell(STAGE)
    yield it
    it.file.close()


def anew(name: str, *above: str) -> Event:
    """An actor that is registered once more, by now under these."""
    return facts.actor(name, member_of=above, name=f"{name} under {', '.join(above) or 'nobody'}")


def attack(name: str, actor: str | None, day: int = 20) -> Event:
    said = {"actor": (actor, "claimed")} if actor else {}
    return facts.reported(name, day=f"2023-10-{day:02}", **said)


@pytest.mark.parametrize("restarted", [False, True], ids=["in one go", "after a restart"])
def test_who_joins_an_umbrella_brings_what_he_did(line: Line, *, restarted: bool) -> None:
    """Given attacks of a militia, when its front joins the axis, then they are alerts of the axis, until it leaves."""
    assert "of-the-axis" not in {it["rule"]["id"] for it in line.tell([attack("a", "militia"), attack("b", "militia")])}
    if restarted:
        line.again()

    told = line.tell([anew("militia", "front"), anew("front", "axis"), anew("front")])

    said = [(it["kind"], it["severity"], it["cause"]["reason"]) for it in told if it["rule"]["id"] == "of-the-axis"]
    assert said == [("raised", "watch", "evidence"), ("cancelled", "watch", "evidence")]
    assert told[0]["evidence"]["incidents"] == [{"incident_id": "a", "version": 1}, {"incident_id": "b", "version": 1}]


def test_it_is_no_version_of_what_he_did(line: Line) -> None:
    """Given attacks, when their actor joins an umbrella, then nothing is said of them: each has the version it had."""
    line.tell([attack("a", "militia"), anew("militia", "axis"), facts.corrected("a", outcome="hit")])

    query = "SELECT version, change FROM incident_versions ORDER BY version"
    assert line.file.con.execute(query).fetchall() == [(1, "reported"), (2, "corrected")]


def test_a_correction_of_who_did_it_moves_it_under_other_umbrellas(line: Line) -> None:
    """Given attacks of a member of the axis, when it was somebody else, then they are none of the axis."""
    line.tell([anew("militia", "axis"), attack("a", "militia"), attack("b", "militia")])

    told = line.tell([facts.corrected("b", actor=("league", "claimed"))])

    assert [it["kind"] for it in told if it["rule"]["id"] == "of-the-axis"] == ["cancelled"]


def test_an_explanation_knows_who_belonged_to_whom_then_and_now(tmp_path: Path) -> None:
    """Given an actor that changed sides, when its incidents are read back, then they are under whom it was then."""
    told = [*STAGE, attack("a", "militia"), attack("b", None), anew("militia", "front"), anew("front", "axis")]
    where = {"partition": 0, "timeline": "test"}

    with Reader(publish(tmp_path, told)) as reader:
        before, now = (of_group(reader, where, {}, before=upto) for upto in (len(told) - 2, None))

    assert [it.umbrellas for it in before] == [("militia",), ()]
    assert [it.umbrellas for it in now] == [("axis", "front", "militia"), ()]


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    """Attacks, corrections of who did them, retractions, and actors that change sides; circles too."""
    told, found = list[str](), list[Event]()
    names = st.sampled_from(NAMES)
    for number in range(draw(st.integers(1, 14))):
        at = {"at": f"2023-11-{2 + number:02}T12:00:00Z"}
        kind = draw(st.sampled_from(["report", "report", "anew", "anew", "correct", "retract"]))
        who = draw(names | st.none())
        if kind == "anew":
            above = draw(st.lists(names, max_size=2, unique=True))
            found.append(facts.actor(draw(names), member_of=above, name=f"n{number}", **at))
        elif kind == "report" or not told:
            told.append(f"i{number}")
            found.append(facts.reported(told[-1], day=f"2023-10-{10 + number}", **said(who), **at))
        elif kind == "correct":
            found.append(facts.corrected(draw(st.sampled_from(told)), actor=said(who).get("actor"), **at))
        else:
            it = draw(st.sampled_from(told))
            told.remove(it)
            found.append(facts.retracted(it, **at))
    return found


def said(who: str | None) -> dict[str, Any]:
    return {"actor": (who, "claimed")} if who else {}


@examples(15)
@given(log=logs(), deaths=st.sets(st.integers(0, 13), max_size=4))
def test_nothing_shows_where_it_was_cut(
    tmp_path_factory: pytest.TempPathFactory, log: list[Event], deaths: set[int]
) -> None:
    """Given any log, when it is applied at once, or one by one by workers that die, then the same is told.

    And then SQL over the tables finds the members that the evaluator sees.
    """
    folder = tmp_path_factory.mktemp("umbrellas")
    one, other = Line(folder / "one.duckdb"), Line(folder / "other.duckdb")

    at_once = one.tell([*STAGE, *log])
    one_by_one = other.tell(STAGE)
    for place, event in enumerate(log):
        if place in deaths:
            other.again()
        one_by_one += other.tell([event])

    assert at_once == one_by_one
    for it in (one, other):
        assert_twins(it.file)
        it.file.close()


def assert_twins(file: PartitionFile) -> None:
    """SQL and the evaluator look at the same incidents."""
    tables = TableGroups(file.con, file.known)
    for rule in compile_rules(RULES):
        seen = {group: those for (_, group), those in members_of([rule], tables.standing("test")).items()}
        wanted = {("north",) if rule.by else (): [(-FOREVER, FOREVER)]}
        found = tables.members("test", rule, wanted)
        assert {group: sorted(those) for group, those in found.items() if those} == seen


def test_what_was_told_of_an_umbrella_is_proved_as_it_was_then(tmp_path: Path) -> None:
    """Given alerts of an umbrella that lost its members, when each message is proved, then nothing is wrong."""
    told = [*STAGE, attack("a", "militia"), attack("b", "militia"), anew("militia", "axis"), anew("militia")]

    with Reader(publish(tmp_path, told)) as reader:
        alerts = reader.rows("alerts", **dict.fromkeys(("timelines", "states", "severities")))
        [one] = [why_alert(reader, it["alert_id"], None) for it in alerts if it["rule"] == "of-the-axis"]

    assert one is not None
    assert [(it["kind"], it["differences"]) for it in one["alert"]["messages"]] == [("raised", []), ("cancelled", [])]
