"""A group explained from a file: what the tables hold is what the evaluator said, now and as known then."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.log import Event, Record
from events.values import micros
from projections.apply import apply_batch
from projections.rules.compiling import compile_rule
from projections.rules.form import RuleSpec
from projections.rules.matching import members_of
from projections.rules.spec import content_hash, normalise
from projections.store.explaining import Asked, explained
from projections.store.file import PartitionFile
from projections.store.reader import Reader
from projections.store.standing import of_group
from tests import facts
from tests.projections import logs
from tests.projections.rules.histories import track_of
from tests.projections.test_apply import settings
from tests.published import publish

ATTACKS: dict[str, Any] = {"where": {"class": "attack"}, "by": ["site"], "window": "7d", "levels": {"watch": 2}}
MEASURES: dict[str, dict[str, Any]] = {
    "count": {},
    "sum": {"measure": {"sum": "wounded.us"}, "bound": "high", "levels": {"watch": 2, "warning": 5}},
    "distinct": {"measure": {"distinct": "weapon"}},
    "new": {"measure": {"new": "weapon"}, "learn_until": "2023-10-02", "levels": {"watch": 1}},
    "surge": {"measure": {"surge": 2}, "levels": {"watch": 3}},
    "silence": {"measure": "silence", "window": "all", "levels": {"watch": "3d", "warning": "20d"}},
}

DAY = 86_400_000_000  # µs


def at(day: str) -> int:
    return micros(facts.moment(f"2023-{day}T12:00:00Z"))


def adopted(*contents: dict[str, Any]) -> Event:
    rules = [normalise(RuleSpec.model_validate({"id": f"r{place}", **it})) for place, it in enumerate(contents)]
    return facts.adopted(*rules, content_hash=content_hash(rules))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A file with one rule of each measure, and incidents of one site."""
    told = [
        facts.reported("a", day="2023-10-01", weapons=("drone",), wounded={"us": 3}),
        facts.reported("b", day="2023-10-08", weapons=("drone", "rocket"), wounded={"us": "at least 2"}),
        facts.reported("c", day="2023-10-09", weapons=("rocket",)),
        facts.reported("strike", day="2023-10-09", incident_class="us-strike"),
        facts.reported("month", day="2023-10-01", last_day="2023-10-31"),
        facts.reported("gone", day="2023-10-10"),
        facts.retracted("gone"),
    ]
    rules = adopted(*({**ATTACKS, **it, "id": name} for name, it in MEASURES.items()))
    with Reader(publish(tmp_path_factory.mktemp("explained"), facts.staged(rules, *told))) as it:
        yield it


def asked(reader: Reader, rule: str, day: str, *group: str, rows: int = 9) -> dict[str, Any]:
    [row] = reader.rows("rules", timelines=None, rules=[rule])
    return explained(reader, Asked(row, group, at(day), rows))


def names(those: Sequence[dict[str, Any]], *about: str) -> list[Any]:
    return [tuple(it[name] for name in ("incident_id", *about)) for it in those]


class TestOfEachMeasure:
    @pytest.mark.parametrize(
        ("rule", "value", "adds"),
        [
            ("count", 2, [("b", 1), ("c", 1)]),
            ("sum", 2, [("b", 2)]),
            ("distinct", 2, [("b", 1), ("c", 1)]),
            ("new", 1, [("b", 1)]),
            ("surge", 3, [("b", 2), ("c", 2)]),
            ("silence", 0, []),
        ],
    )
    def test_the_parts_make_the_value(self, reader: Reader, rule: str, value: int, adds: list[Any]) -> None:
        """Given a rule of each measure, when a day is explained, then value and parts are those of counting by hand."""
        found = asked(reader, rule, "10-10", "north")

        assert found["value"]["best"] == value
        assert names(found["adds"], "adds") == adds
        assert {it["versions"][0]["account"]["feed"] for it in found["adds"]} <= {"tests"}

    @pytest.mark.parametrize(
        ("rule", "left_out"),
        [
            ("count", {"a": "before", "month": "vague", "strike": "where", "gone": "gone"}),
            ("sum", {"a": "before", "c": "unsaid", "month": "vague", "strike": "where", "gone": "gone"}),
            ("new", {"a": "before", "c": "seen", "month": "vague", "strike": "where", "gone": "gone"}),
            ("surge", {"month": "vague", "strike": "where", "gone": "gone"}),
            ("silence", {"a": "newer", "b": "newer", "month": "newer", "c": "short", "gone": "gone"}),
        ],
    )
    def test_a_near_miss_says_why_it_is_one(self, reader: Reader, rule: str, left_out: dict[str, str]) -> None:
        """Given incidents that nearly count, when a day is explained, then each says the one thing against it."""
        assert dict(names(asked(reader, rule, "10-10", "north")["left_out"], "why")) == left_out

    def test_what_a_surge_is_held_against_takes_away(self, reader: Reader) -> None:
        """Given an attack in the window before, when a surge is explained, then that one takes away."""
        found = asked(reader, "surge", "10-10", "north")

        assert names(found["takes"], "adds", "until") == [("a", -1, "2023-10-22T00:00:00Z")]

    def test_a_sum_says_its_bounds(self, reader: Reader) -> None:
        """Given a sum by its high bound that nobody stated, then the value says "at least"."""
        value = asked(reader, "sum", "10-10", "north")["value"]

        assert value == {"low": 2, "best": 2, "high": 2, "at_least": ["high"], "bound": "high"}

    def test_silence_says_how_much_longer_it_takes(self, reader: Reader) -> None:
        """Given the last attack on the 9th, then at noon of the 10th 3 days are a day and a half away."""
        watch, warning = asked(reader, "silence", "10-10", "north")["levels"]

        assert (watch["missing"], watch["changes_at"]) == (36 * 3600, "2023-10-12T00:00:00Z")
        assert warning["changes_at"] == "2023-10-29T00:00:00Z"


class TestWhatBecomesOfIt:
    def test_levels_falls_and_the_episode_are_told(self, reader: Reader) -> None:
        """Given two attacks within a week, then the level is reached until the first is a week old."""
        found = asked(reader, "count", "10-10", "north")

        assert found["level"] == "watch"
        assert found["levels"] == [
            {
                "severity": "watch",
                "threshold": 2,
                "reached": True,
                "missing": 0,
                "changes_at": "2023-10-15T00:00:00Z",
            }
        ]
        assert found["falls_at"] == found["ends_at"] == "2023-10-15T00:00:00Z"
        assert found["episode"]["opened_at"] == "2023-10-09T00:00:00Z"

    def test_only_so_many_are_shown(self, reader: Reader) -> None:
        """Given more near misses than are asked for, then the nearest in time are there, and how many more."""
        found = asked(reader, "count", "10-10", "north", rows=1)

        assert names(found["left_out"]) == [("gone",)]
        assert found["more"] == {"adds": 1, "takes": 0, "left_out": 3}

    def test_a_group_without_incidents_is_quiet(self, reader: Reader) -> None:
        """Given a site at which nothing happened, then the value is nothing, of nothing."""
        found = asked(reader, "count", "10-10", "nowhere")

        assert (found["value"]["best"], found["adds"], found["left_out"], found["episode"]) == (0, [], [], None)


@settings(max_examples=8)
@given(data=st.data())
def test_the_value_is_that_of_the_evaluator_at_any_time_as_known_at_any_time(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Given any log, when any group is explained at T as known at K, then a track of what stood at K has that value."""
    records: Sequence[Record] = data.draw(logs.logs())
    home = tmp_path_factory.mktemp("any")
    file = PartitionFile(home / "p0.duckdb", 0, 1)
    apply_batch(file, records, 0, len(records))
    assert file.begin_publish(home / "snapshots" / "p0.duckdb").wait() == 0
    file.close()
    known_at = data.draw(st.none() | st.integers(-50, 50).map(lambda it: micros(logs.START) + it * DAY))
    with Reader(home / "snapshots", known_at) as reader:
        alerts = reader.rows("alerts", timelines=None, states=["open", "resolved"], severities=None)
        for row in reader.rows("rules", timelines=None, rules=None):
            rule = compile_rule(row["content"])
            where = {"partition": row["partition"], "timeline": row["timeline"]}
            members = members_of([rule], [it for it in of_group(reader, where, {}) if it.stands])
            for (_, group), those in members.items():
                moment = data.draw(st.sampled_from(those)).at + data.draw(st.integers(-1, 9)) * DAY

                found = explained(reader, Asked(row, group, moment, 99))

                assert found["value"][rule.bound] * rule.unit == track_of(rule, moment, those).value(moment)
                assert sum(it["adds"] for it in (*found["adds"], *found["takes"])) == found["value"][rule.bound]
            for it in alerts:
                if (it["timeline"], it["rule"]) == (row["timeline"], row["rule"]):
                    moment = micros(facts.moment(it["peak_at"]))

                    found = explained(reader, Asked(row, tuple(it["group"].values()), moment, 99))

                    assert found["value"][rule.bound] == it["value"][rule.bound]  # bounds change without a word
                    assert found["episode"]["alert_id"] == it["alert_id"]


@pytest.fixture(scope="module")
def soon(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Attacks of October at four sites; the clock stands at noon of the 1st of November."""
    days = {"north": (30, 31), "south": (20,), "west": (25, 31), "east": (14, 26, 31, 31)}
    told = [
        facts.reported(f"{site}-{number}", day=f"2023-10-{day}", site=site)
        for site, those in days.items()
        for number, day in enumerate(those)
    ]
    rules = adopted(
        *({**ATTACKS, **MEASURES[name], "id": name} for name in ("count", "silence", "surge")),
        {**ATTACKS, "id": "kept", "clear_below": 1, "keep_firing": "5d"},
    )
    with Reader(publish(tmp_path_factory.mktemp("soon"), facts.staged(rules, *told))) as it:
        yield it


class TestAfterTheClock:
    """What becomes of a group if nothing more is told."""

    @pytest.mark.parametrize(
        ("rule", "site", "day", "lasts"),
        [
            ("count", "north", "11-05", True),
            ("count", "north", "11-06", False),
            ("kept", "west", "11-11", True),
            ("kept", "west", "11-12", False),
        ],
    )
    def test_an_episode_lasts_until_it_is_over(
        self, soon: Reader, rule: str, site: str, day: str, *, lasts: bool
    ) -> None:
        """Given open episodes that are over on the 6th and the 12th if nothing more is told, then they last so long."""
        episode = asked(soon, rule, day, site)["episode"]

        assert (episode is not None and episode["alert_id"] is not None) is lasts

    def test_a_silence_that_will_be_too_long_has_no_alert_yet(self, soon: Reader) -> None:
        """Given an attack on the 31st, when a day three days later is explained, then an episode has begun by then."""
        episode = asked(soon, "silence", "11-03", "north")["episode"]

        assert episode == {
            "opened_at": "2023-11-03T00:00:00Z",
            "ended_at": None,
            "value": 3 * DAY,
            "peak_at": "2023-11-03T00:00:00Z",
            "severity": "watch",
            "alert_id": None,
        }
        assert asked(soon, "silence", "11-02", "north")["episode"] is None

    def test_a_second_surge_has_no_alert_yet(self, soon: Reader) -> None:
        """Given a surge that is over on the 2nd, when the window before has emptied by the 4th, then another begins."""
        now, over, then = (asked(soon, "surge", day, "east")["episode"] for day in ("11-01", "11-03", "11-05"))

        assert now["alert_id"] is not None
        assert over is None
        assert (then["opened_at"], then["alert_id"]) == ("2023-11-04T00:00:00Z", None)

    def test_an_alert_that_will_be_graver_stands_for_that(self, soon: Reader) -> None:
        """Given a silence since the 20th that has an alert, when it is 20 days long, then that alert is a warning."""
        now, then = (asked(soon, "silence", day, "south")["episode"] for day in ("11-01", "11-10"))

        assert (now["severity"], then["severity"]) == ("watch", "warning")
        assert then["peak_at"] == "2023-11-09T00:00:00Z"
        assert (then["alert_id"], then["opened_at"]) == (now["alert_id"], now["opened_at"])

    def test_what_has_begun_just_now_has_its_alert(self, tmp_path: Path) -> None:
        """Given a silence that is three days long as the clock stands, then it lasts under the alert of today."""
        rule = adopted({**ATTACKS, **MEASURES["silence"], "id": "silence"})
        tick = facts.ticked("2023-11-02T00:00:00Z")
        with Reader(publish(tmp_path, facts.staged(rule, facts.reported("a", day="2023-10-30"), tick))) as just:
            now, then = (asked(just, "silence", day, "north")["episode"] for day in ("11-02", "11-04"))

        assert now["opened_at"] == "2023-11-02T00:00:00Z"
        assert now["alert_id"] is not None
        assert then == now


ATTACK = st.tuples(st.integers(12, 31), st.sampled_from([(), ("drone",), ("drone", "rocket")]), st.integers(1, 4))


@settings(max_examples=10)
@given(
    attacks=st.lists(ATTACK, min_size=1, max_size=6),
    keep_firing=st.sampled_from(["0d", "5d"]),
    hours=st.integers(1, 40 * 24),
)
def test_the_episode_of_a_time_to_come_is_the_one_that_is_open_when_that_time_has_come(
    attacks: list[tuple[int, tuple[str, ...], int]],
    keep_firing: str,
    hours: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Given any attacks, when groups are explained for after the clock, then as they are after a tick to then."""
    told = [
        facts.reported(f"i{number}", day=f"2023-10-{day:02}", weapons=weapons, wounded={"us": wounded})
        for number, (day, weapons, wounded) in enumerate(attacks)
    ]
    rules = adopted(*({**ATTACKS, **it, "id": name, "keep_firing": keep_firing} for name, it in MEASURES.items()))
    start = facts.staged(rules, *told)
    now_at, then_at = tmp_path_factory.mktemp("now"), tmp_path_factory.mktemp("then")
    then = facts.moment(facts.RECORDED_AT) + timedelta(hours=hours)
    with (
        Reader(publish(now_at, start)) as now,
        Reader(publish(then_at, [*start, facts.ticked(then)])) as come,
    ):
        for row in now.rows("rules", timelines=None, rules=None):
            one = Asked(row, ("north",), micros(then), 9)
            found, true = explained(now, one)["episode"], explained(come, one)["episode"]

            if true is not None and true["opened_at"] > facts.RECORDED_AT:
                true["alert_id"] = None  # that is not told yet
            assert found == true
