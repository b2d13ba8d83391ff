"""Replay: a theatre's events and the ticks between them, cut and paced; and the verb as a user calls it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.errors import ConfigInvalid
from events.log import Event
from events.model import ClockTicked, RulesAdopted
from events.values import iso
from streams.writing.producer import Stretch
from streams.writing.replay import STAGE, Cut, play, schedule, theatre
from tests import facts
from tests.streams.line import Line

TOCSIN = Path(sys.executable).with_name("tocsin")
FIRST = theatre(Path(__file__).parents[2] / "seeds/iraq-syria")
HARBOUR = Path(__file__).parents[1] / "seeds/harbour"
DAY = timedelta(days=1)
WHOLE = list(schedule(FIRST, Cut(tick=timedelta(days=1))))
STORY = facts.staged(
    *(facts.reported(f"i{day}", at=f"2023-11-0{day}T12:00:00Z", day=f"2023-11-0{day}") for day in (1, 3, 4)),
    clock="replayed",
)


def ticks(events: Iterable[Event]) -> list[str]:
    return [iso(it.recorded_at) for it in events if isinstance(it.fact, ClockTicked)]


# -- what is replayed


def test_rules_are_adopted_as_soon_as_the_stage_is_set() -> None:
    """Given a theatre with rules, when it is loaded, then they come after the registers and before any incident."""
    kinds = [it.fact.kind for it in FIRST]
    adopted = FIRST[kinds.index("rules.adopted")]

    assert kinds.index("rules.adopted") == kinds.index("incident.reported") - 1 == 42
    assert adopted.recorded_at == FIRST[0].recorded_at
    assert isinstance(adopted.fact, RulesAdopted)
    assert [it["id"] for it in adopted.fact.rules] == [
        "site-under-repeated-attack",
        "country-under-attack",
        "attacks-by-one-actor",
        "wave-of-attacks",
        "strikes-by-us-forces",
        "attacks-spread-over-sites",
        "us-forces-wounded",
        "weapon-not-seen-before",
        "more-attacks-than-usual",
        "no-attack-for-long",
    ]


def test_a_theatre_without_rules_adopts_none() -> None:
    """Given a theatre without rules.yaml, when it is loaded, then nothing is adopted."""
    assert all(it.fact.kind != "rules.adopted" for it in theatre(HARBOUR))


def test_rules_that_are_wrong_are_told_with_their_file(tmp_path: Path) -> None:
    """Given a theatre with a bad rule, when it is loaded, then the fault names file, line and field."""
    for file in HARBOUR.glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "rules.yaml").write_text("rules:\n  - {id: r, measure: count, window: 7 days, levels: {watch: 1}}\n")

    with pytest.raises(ConfigInvalid, match=r"rules\.yaml:2:\d+: window: expected"):
        theatre(tmp_path)


# -- ticks


def test_the_clock_ticks_at_every_step_between_events() -> None:
    """Given events of the 1st, 3rd and 4th, when the clock ticks daily, then it does so at each midnight between."""
    assert ticks(schedule(STORY, Cut(tick=DAY))) == [
        "2023-11-02T00:00:00Z",
        "2023-11-03T00:00:00Z",
        "2023-11-04T00:00:00Z",
    ]


def test_the_clock_does_not_tick_where_an_event_is() -> None:
    """Given steps of twelve hours, then noon, at which something was told, has no tick."""
    assert "2023-11-03T12:00:00Z" not in ticks(schedule(STORY, Cut(tick=DAY / 2)))
    assert "2023-11-02T12:00:00Z" in ticks(schedule(STORY, Cut(tick=DAY / 2)))


def test_the_clock_goes_on_after_the_last_event_if_asked() -> None:
    """Given `until`, then the clock ticks on to that instant and at it; without steps it ticks there only."""
    until = facts.moment("2023-11-05T06:00:00Z")

    assert ticks(schedule(STORY, Cut(tick=DAY, until=until)))[-2:] == ["2023-11-05T00:00:00Z", "2023-11-05T06:00:00Z"]
    assert ticks(schedule(STORY, Cut(until=until))) == ["2023-11-05T06:00:00Z"]


def test_without_steps_the_clock_does_not_tick() -> None:
    """Given no step, then the events are replayed and nothing else."""
    assert list(schedule(STORY, Cut())) == STORY


def test_a_live_timeline_is_not_ticked_by_a_replay() -> None:
    """Given a timeline that its worker ticks, when it is replayed, then there is no tick."""
    assert ticks(schedule(theatre(HARBOUR), Cut(tick=DAY))) == []


def test_more_ticks_than_anybody_wants_are_refused() -> None:
    """Given a step of a second over two years, then that is an error before anything is sent."""
    with pytest.raises(ConfigInvalid, match="at most 1000000 ticks"):
        list(schedule(FIRST, Cut(tick=timedelta(seconds=1))))


# -- cuts


@given(st.integers(0, 880), st.integers(0, 23))
@settings(max_examples=25)
def test_two_cuts_that_touch_make_the_whole(days: int, hours: int) -> None:
    """Given any instant, when what is before it and what is from it are replayed, then that is the whole."""
    instant = facts.moment("2021-07-01T00:00:00Z") + timedelta(days=days, hours=hours)

    before, after = (list(schedule(FIRST, cut)) for cut in (Cut(stop=instant, tick=DAY), Cut(start=instant, tick=DAY)))

    again = {it.event_id for it in after if isinstance(it.fact, STAGE) and it.recorded_at < instant}
    assert before + [it for it in after if it.event_id not in again] == WHOLE
    assert all(it.recorded_at < instant for it in before)


def test_what_is_replayed_is_in_recorded_order() -> None:
    """Given the theatre with its ticks, then recorded times never go back, and no id comes twice."""
    assert [it.recorded_at for it in WHOLE] == sorted(it.recorded_at for it in WHOLE)
    assert len({it.event_id for it in WHOLE}) == len(WHOLE) == 136 + 862


# -- pace


async def test_time_between_events_passes_at_the_speed() -> None:
    """Given a day a tenth of a second, when three days are played, then groups go out in order, spread over 0.3 s."""
    sent: list[tuple[float, list[str]]] = []
    now = asyncio.get_running_loop().time
    begun = now()

    async def send(events: Iterable[Event]) -> list[Stretch]:
        sent.append((now() - begun, [str(it.fact.subject()) for it in events]))
        return [Stretch(0, len(sent), len(sent) + 1)]

    stretches = await play(iter(STORY), send, 864_000.0, STORY[0].recorded_at)

    assert [what for _, what in sent] == [["None", "north"], ["i1"], ["i3"], ["i4"]]
    assert [at >= day * 0.1 for (at, _), day in zip(sent, (0, 0, 2, 3), strict=True)] == [True] * 4
    assert len(stretches) == 4


# -- the verb


async def test_a_replay_twice_counts_once(line: Line) -> None:
    """Given the first theatre replayed twice, then its events are new, then duplicates; the tallies are the same."""
    line.start()

    first = await replay(line, "iraq-syria", "--wait")
    tallies = await tocsin(line, "tallies", "--json")
    second = await replay(line, "iraq-syria", "--wait")

    assert first.stderr.splitlines() == ["998 events appended", "998 new, 0 duplicate, 0 conflicting, 0 rejected"]
    assert second.stderr.splitlines() == ["998 events appended", "0 new, 998 duplicate, 0 conflicting, 0 rejected"]
    assert json.loads((await tocsin(line, "tallies", "--json")).stdout) == json.loads(tallies.stdout)
    assert sum(row["incidents"] for row in json.loads(tallies.stdout)) == 26


async def test_a_cut_of_another_theatre_is_replayed_by_path(line: Line) -> None:
    """Given the second theatre by its path, when a part is replayed, then its stage and that part are new."""
    line.start()

    done = await replay(line, str(HARBOUR), "--from", "1999-03-03", "--to", "1999-03-05", "--wait")

    assert done.stderr.splitlines()[-1] == "6 new, 0 duplicate, 0 conflicting, 0 rejected"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["atlantis"], "tocsin: expected a folder with a theatre.yaml, or one of: iraq-syria; found 'atlantis'"),
        (["iraq-syria", "--speed", "fast"], "expected a factor like 3600x, or max, found 'fast'"),
        (["iraq-syria", "--speed", "0x"], "expected a factor like 3600x, or max, found '0x'"),
        (["iraq-syria", "--tick", "day"], "expected a duration like"),
        (["iraq-syria", "--tick", "0d"], "expected more than nothing"),
        (["iraq-syria", "--until", "2190-01-01"], "tocsin: expected nothing recorded later than now"),
        (["iraq-syria"], "tocsin: no Kafka runs in"),
    ],
    ids=["theatre", "speed", "no speed", "tick", "no tick", "future", "no broker"],
)
def test_what_can_not_be_replayed_is_told_in_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    """Given a wrong word on the command line, or no broker, then stderr says so and the exit code is 2."""
    done = subprocess.run(
        [TOCSIN, "replay", *arguments],
        env={**os.environ, "TOCSIN_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    unknown = arguments == ["atlantis"]  # what is named and not there
    assert (done.returncode, done.stdout) == (1 if unknown else 2, "")
    assert said in done.stderr


async def replay(line: Line, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return await tocsin(line, "replay", *arguments)


async def tocsin(line: Line, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A verb on a test's line."""
    own = {
        "TOCSIN_BROKER": line.servers,
        "TOCSIN_HOME": str(line.home),
        "TOCSIN_PREFIX": line.topics.prefix,
        "TOCSIN_PARTITIONS": str(line.partitions),
    }
    return await asyncio.to_thread(
        subprocess.run, [TOCSIN, *arguments], env={**os.environ, **own}, capture_output=True, text=True, check=False
    )
