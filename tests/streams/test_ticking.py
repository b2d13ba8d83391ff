"""Ticks of live timelines: when one is lacking, that it comes back from the log once, and what it changes."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from events import codec
from events.log import Event
from events.model import ClockTicked
from events.values import Occurred, micros
from projections.apply import apply_batch
from projections.known import Live
from projections.rules.form import RuleSpec
from projections.rules.spec import content_hash, normalise
from projections.store.file import PartitionFile
from streams import clock
from streams.broker.embedded import EmbeddedKafka
from streams.cli.worker import line_of
from streams.settings import load_settings
from streams.topics import Topics
from streams.worker.ticking import FIRST_PAUSE, Ticker, instant, next_instant, tick
from tests import facts
from tests.projections import logs
from tests.streams.line import Line, Store, Write, ended, until_true

HOUR = 3_600_000_000
MINUTE = 60_000_000
SECOND = 1_000_000
ROOT = Path(__file__).parents[2]


# -- when a tick is lacking


@pytest.mark.parametrize(
    ("at", "due", "now", "found"),
    [
        (0, None, HOUR - 1, None),
        (0, None, HOUR, HOUR),
        (0, None, 5 * HOUR + MINUTE, 5 * HOUR),
        (5 * HOUR + MINUTE, None, 6 * HOUR - 1, None),
        (0, MINUTE, MINUTE - 1, None),
        (0, MINUTE, MINUTE, MINUTE),
        (0, MINUTE, 2 * MINUTE, MINUTE),
        (0, MINUTE + 1, MINUTE + 999, None),
        (0, MINUTE + 1, MINUTE + 1_000, MINUTE + 1_000),
        (0, 59 * MINUTE, HOUR + MINUTE, 59 * MINUTE),
        (0, MINUTE, HOUR + MINUTE + 1, HOUR),
        (0, MINUTE, 3 * HOUR + 9, 3 * HOUR),
        (0, 2 * HOUR, 2 * HOUR + 5 * MINUTE, 2 * HOUR),
        (2 * HOUR, HOUR, 2 * HOUR + MINUTE, None),
    ],
    ids=[
        "not yet an hour",
        "an hour",
        "one for all hours that were missed",
        "the clock has moved meanwhile",
        "not yet due",
        "due",
        "a bit overdue: when it was due",
        "never after now",
        "to the next millisecond",
        "overdue and an hour since: first what was due",
        "overdue for more than an hour: the hour",
        "overdue and hours missed: one",
        "due at the hour itself",
        "a reminder that has passed",
    ],
)
def test_a_tick_is_lacking_when_time_alone_can_change_something_or_once_an_hour(
    at: int, due: int | None, now: int, found: int | None
) -> None:
    """Given a clock, a reminder and now, when asked, then the tick that is lacking, if any, is that of the table."""
    assert instant(Live("t", at, due), now, HOUR) == found


micro = st.integers(0, 10 * HOUR)


@given(micro, st.none() | micro, micro, st.sampled_from([SECOND // 10, SECOND, MINUTE, HOUR]))
def test_a_tick_is_after_the_clock_and_never_of_the_future(at: int, due: int | None, now: int, every: int) -> None:
    """Given any state, when a tick is lacking, then it moves the clock, not beyond now, past what is due."""
    it = Live("t", at, due)

    found = instant(it, now, every)

    assert (now >= next_instant(it, every)) == (found is not None)
    if found is not None:
        assert at < found <= now
        assert found % 1_000 == 0
        assert due is None or not at < due <= now - 1_000 or found >= due
        assert found > now - 2 * every


def test_two_workers_choose_the_same_tick() -> None:
    """Given two workers that think they hold a timeline, when they tick a due instant, then it is one event."""
    late, later = (instant(Live("t", 0, MINUTE), MINUTE + delay, HOUR) for delay in (5, 900_000))

    assert late == later == MINUTE
    assert tick("t", late) == tick("t", later)


def test_a_tick_that_was_sent_twice_is_counted_once(tmp_path: Path) -> None:
    """Given the same tick of two workers, when both are applied, then the second is a duplicate."""
    file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)
    events = [facts.opened(), tick("test", micros(facts.moment("2023-11-02T00:00:00Z")))]

    result = apply_batch(file, facts.records([*events, events[1]]), 0, 3)

    assert (result.applied, result.duplicates, result.rejected) == (2, 1, 0)


# -- what the file says of its live timelines


def counting(window: str, **said: Any) -> list[dict[str, Any]]:
    spec = {"id": "r", "measure": "count", "window": window, "levels": {"watch": 1}, "by": ["site"], **said}
    return [normalise(RuleSpec.model_validate(spec))]


def adopted(rules: Sequence[dict[str, Any]], **said: Any) -> Event:
    return facts.adopted(*rules, content_hash=content_hash(rules), **said)


def apply(file: PartitionFile, *events: Event) -> None:
    apply_batch(file, facts.records(events, file.next_offset), file.next_offset, file.next_offset + len(events))


def messages(file: PartitionFile) -> list[Any]:
    """What was told, in order: kind, rule, group, severity, state, topics, opening, end, clock."""
    query = "SELECT kind, rule, group_key, severity, state, topics, body->>'opened_at', body->>'ended_at'"
    query += ", epoch_us(known_at)"
    return file.con.execute(f"{query} FROM alert_messages ORDER BY event_offset, seq").fetchall()


AT = "2023-10-18T12:00:00Z"


def test_a_file_says_when_time_alone_can_change_something(tmp_path: Path) -> None:
    """Given open, future and settling episodes, when asked, also after a restart, then the first instant is told."""
    file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)
    apply(file, facts.opened(at=AT), facts.site(at=AT), facts.opened("replayed", at=AT, timeline="past"))
    apply(file, adopted(counting("7d", keep_firing="1d"), at=AT), facts.reported("a", at=AT))
    said = [file.live()]
    file.close()

    file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)
    said.append(file.live())
    apply(file, facts.ticked("2023-10-25T12:00:00Z"))

    due = micros(facts.moment("2023-10-25T00:00:00Z"))
    assert said == 2 * [[Live("test", micros(facts.moment(AT)), due)]]


def test_an_incident_of_the_future_counts_when_the_clock_gets_there(tmp_path: Path) -> None:
    """Given an incident dated ahead, when told, then it shows as future and rings no one; at its instant it does."""
    file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)
    apply(file, facts.opened(at=AT), facts.site(at=AT), adopted(counting("7d"), at=AT))
    apply(file, facts.reported("a", day="2023-10-20", at=AT))
    future = file.con.execute("SELECT incident_id FROM incidents WHERE future").fetchall()
    before = messages(file)
    [it] = file.live()
    assert it.due is not None

    apply(file, tick("test", it.due))

    assert future == [("a",)]
    assert before == []
    assert [row[0] for row in messages(file)] == ["raised"]
    assert file.con.execute("SELECT incident_id FROM incidents WHERE future").fetchall() == []
    [raised] = file.con.execute(
        "SELECT as_utc FROM (SELECT epoch_us(known_at) AS as_utc FROM alert_messages)"
    ).fetchall()
    assert raised == (micros(facts.moment("2023-10-20T00:00:00Z")),)


def live(events: Sequence[Event]) -> list[Event]:
    """The same history of a timeline that is live."""
    return [
        facts.opened(at=it.recorded_at, timeline=it.timeline) if it.fact.kind == "timeline.opened" else it
        for it in events
    ]


def ticked_both_ways(folder: Path, events: Sequence[Event]) -> tuple[list[Any], list[Any]]:
    """What is told when a live timeline is ticked only at what is due, and when it is ticked every six hours."""
    sparse, dense = (PartitionFile(folder / f"{name}.duckdb", 0, 1) for name in ("sparse", "dense"))
    end = max(it.recorded_at for it in events) + timedelta(days=20)
    for event, until in zip(events, [*(it.recorded_at for it in events[1:]), end], strict=True):
        apply(sparse, event)
        [(_, now, due)] = sparse.live()
        apply(dense, event, *(tick("t", at) for at in range(now + 6 * HOUR, micros(until) + 1, 6 * HOUR)))
        while due is not None and due <= micros(until):
            apply(sparse, tick("t", due))
            [(_, now, due)] = sparse.live()
        for file in (sparse, dense):  # lest a clock stay behind the other's
            apply(file, tick("t", max(now, micros(until))))
    told = messages(sparse), messages(dense)
    sparse.close()
    dense.close()
    return told


@hypothesis_settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(data=st.data())
def test_ticking_when_due_tells_all_that_ticking_all_the_time_would(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Given any history, when ticked only at what is due, or every six hours, then the same is told."""
    rules = logs.adopted("t", logs.START - timedelta(days=1), 0, 1)
    events = live([*logs.stage("t"), rules, *data.draw(logs.bodies("t"))])

    sparse, dense = ticked_both_ways(tmp_path_factory.mktemp("due"), events)

    assert sparse == dense


def test_of_several_groups_each_is_ticked_when_it_is_due(tmp_path: Path) -> None:
    """Given groups that fall due on other days than they were told of, when ticked as due, then none is missed."""
    at = {"timeline": "t", "at": logs.START}
    days = {"east": ("2023-10-17", "2023-10-30"), "north": ("2023-10-12", "2023-10-24"), "south": ("2023-10-15",)}
    told = [facts.reported(f"{site}-{day}", site=site, day=day, **at) for site in days for day in days[site]]
    rules = logs.adopted("t", logs.START - timedelta(days=1), 0, 1)

    sparse, dense = ticked_both_ways(tmp_path, live([*logs.stage("t"), rules, *told]))

    assert sparse == dense
    assert [row[0] for row in dense].count("resolved") == 5


def test_one_tick_after_a_pause_tells_all_that_fell_due_in_order(tmp_path: Path) -> None:
    """Given episodes that end and begin while nobody looked, when one tick passes them, then all is told, in order."""
    file = PartitionFile(tmp_path / "p0.duckdb", 0, 1)
    apply(file, facts.opened(at=AT), facts.site(at=AT), adopted(counting("2d"), at=AT))
    for name, day in (("a", "2023-10-18"), ("b", "2023-10-22"), ("c", "2023-10-26")):
        apply(file, facts.reported(name, day=day, at=AT))

    apply(file, tick("test", micros(facts.moment("2023-10-25T01:00:00Z"))))

    assert [(row[0], row[6][:10], row[7] and row[7][:10]) for row in messages(file)] == [
        ("raised", "2023-10-18", None),
        ("resolved", "2023-10-18", "2023-10-20"),
        ("raised", "2023-10-22", "2023-10-24"),
        ("resolved", "2023-10-22", "2023-10-24"),
    ]


# -- one on its way


class FakeFile:
    """A file as far as the ticker looks at it."""

    def __init__(self, *those: Live) -> None:
        self.next_offset, self.those = 1, those

    def became(self, *those: Live) -> None:
        self.next_offset, self.those = self.next_offset + 1, those


class FakePartitions:
    """Partitions whose files are fakes; `run` calls at once."""

    def __init__(self, file: FakeFile) -> None:
        self.files, self.projection, self.asked = {0: file}, self, 0

    def live(self, file: FakeFile) -> Sequence[Live]:
        self.asked += 1
        return file.those

    async def run(self, function: Any, *args: Any) -> Any:
        return function(*args)


@pytest.fixture
def file() -> FakeFile:
    return FakeFile(Live("t", 0, None))


@pytest.fixture
def ticker(file: FakeFile, tmp_path: Path) -> Ticker:
    """A ticker on the second hour, of no broker."""
    line = line_of(load_settings(broker="127.0.0.1:1", home=tmp_path), "127.0.0.1:1")
    return Ticker(line, FakePartitions(file), lambda: datetime(1970, 1, 1, 2, 5, tzinfo=UTC), {})  # type: ignore[arg-type]


async def test_one_tick_at_a_time_is_on_its_way(ticker: Ticker, file: FakeFile) -> None:
    """Given a tick that was sent, when asked again before it is back, then there is none; when it is, it is noted."""
    [(partition, first)] = await ticker.look([0])
    again = await ticker.look([0])
    file.became(Live("t", 2 * HOUR, None))

    assert (partition, first) == (0, tick("t", 2 * HOUR))
    assert again == await ticker.look([0]) == []
    assert ticker._ticked == {"t": 7200.0}


async def test_nothing_is_looked_up_while_nothing_was_applied(ticker: Ticker) -> None:
    """Given a quiet partition, when looked at again and again, then the file is asked once."""
    for _ in range(5):
        await ticker.look([0])

    assert ticker._partitions.asked == 1  # type: ignore[attr-defined]


async def test_a_tick_that_never_comes_back_is_sent_again_ever_more_seldom(
    ticker: Ticker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a tick that is not applied, when time goes on, then it is sent again after 5, 10, 20 … seconds."""
    now = [0.0]
    monkeypatch.setattr("streams.worker.ticking.time.monotonic", lambda: now[0])
    sent = []
    for second in range(40):
        now[0] = float(second)
        if await ticker.look([0]):
            sent.append(second)

    assert sent == [0, 5, 15, 35]


async def test_a_broker_that_is_away_is_asked_again_soon(ticker: Ticker) -> None:
    """Given no broker, when ticks are sent, then nothing is raised, and the next try is not put off ever longer."""
    for _ in range(3):
        ticks = await ticker.look([0])
        assert ticks
        await ticker.send(ticks)
        ticker._asked["t"] = ticker._asked["t"]._replace(again=0.0)

    assert ticker._asked["t"].pause <= FIRST_PAUSE
    assert ticker._ticked == {}


# -- time zones


DST = """
import json, sys
from pathlib import Path
from projections.store.content import content
from projections.store.file import PartitionFile
from projections.store.reader import Reader
from tests.streams.test_ticking import apply, dst_history
home = Path(sys.argv[1])
file = PartitionFile(home / "p0.duckdb", 0, 1)
for event in dst_history():
    apply(file, event)
file.count()
said = content(file.con)
file.begin_publish(home / "snapshots" / "p0.duckdb").wait()
file.close()
with Reader(home / "snapshots") as reader:
    rows = [reader.rows("alert_messages", timelines=None, states=None, severities=None)]
print(json.dumps([said, rows]))
"""


def dst_history() -> list[Event]:
    """Windows that lie across the changes of clocks in both hemispheres; days, months and instants beside them."""
    days = ["2023-03-26", "2023-04-02", "2023-10-01", "2023-10-28", "2023-10-29", "2023-11-05"]
    at = {"at": "2024-01-01T00:30:00Z"}
    month = facts.reported("month", day="2023-10-01", last_day="2023-10-31", precision="month", **at)
    moments = [
        facts.reported(f"m{n}", occurred=Occurred.exactly(facts.moment(f"2023-10-29T0{n}:30:00Z")), **at)
        for n in range(4)
    ]
    return [
        facts.opened(at="2023-01-01T00:00:00Z"),
        facts.site(at="2023-01-01T00:00:00Z"),
        adopted(counting("1d"), at="2023-01-01T00:00:00Z"),
        *(facts.reported(f"i{n}", day=day, **at) for n, day in enumerate(days)),
        month,
        *moments,
        facts.ticked("2024-01-01T01:00:00Z"),
    ]


@pytest.mark.slow
def test_no_time_zone_changes_anything(tmp_path: Path) -> None:
    """Given processes in zones whose clocks change at other times, when they project one log, then all is equal."""
    zones = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Baghdad"]
    said = set()
    for zone in zones:
        home = tmp_path / zone.replace("/", "-")
        env = {**os.environ, "TZ": zone, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", DST, str(home)], env=env, capture_output=True, text=True, check=True
        )
        said.add(done.stdout)

    assert len(said) == 1
    assert "2023-10-29" in said.pop()


# -- on a real line


@pytest.fixture
async def line(kafka: EmbeddedKafka, topics: Topics, tmp_path: Path, store: Store) -> AsyncIterator[Line]:
    """One partition, in which the timeline lives."""
    fresh = Line(kafka.bootstrap, topics, tmp_path / "home", store, partitions=1)
    await fresh.open()
    with ended(fresh):
        yield fresh


def written(*events: Event) -> list[Write]:
    found = []
    for event in events:
        it = codec.to_record(event)
        found.append(Write(it.value, it.key, tuple(it.headers), it.timestamp))
    return found


def just_now() -> datetime:
    return clock.now().replace(microsecond=0)


def story(kind: str, now: datetime, window: str = "3s") -> list[Write]:
    """An alert that is open at `now`, and over when the window has passed."""
    at = {"at": now}
    incident = facts.reported("a", occurred=Occurred.exactly(now), **at)
    return written(facts.opened(kind, **at), facts.site(**at), adopted(counting(window), **at), incident)


async def ticks(line: Line) -> list[Event]:
    events = [codec.from_record(it) for it in (await line.log()).get(0, [])]
    return [it for it in events if isinstance(it.fact, ClockTicked)]


async def kinds(line: Line) -> list[str]:
    sent = (await line.wire()).get((line.topics.alerts, 0), [])
    return [dict(it.headers)["ce_type"].decode().split(".")[2] for it in sent]


async def test_an_alert_of_a_live_timeline_resolves_by_itself(line: Line) -> None:
    """Given an open alert and nobody who says anything, when its window has passed, then one tick resolves it."""
    now = just_now()
    line.start()
    await line.append(story("live", now))

    await until_true(lambda: resolved(line), 30, line)
    told = clock.now()

    due = now + timedelta(seconds=3)
    found = [it.recorded_at for it in await ticks(line)]
    assert [it for it in found if it.minute or it.second] == [due]
    assert (told - due).total_seconds() < 5.0
    await line.must_be_exact()


async def resolved(line: Line) -> bool:
    return await kinds(line) == ["raised", "resolved"]


async def test_a_replayed_timeline_is_never_ticked(line: Line) -> None:
    """Given a replayed timeline beside a live one, when both windows have passed, then only the live one was ticked."""
    now = just_now()
    line.start(tick_every="PT0.5S")
    other = [replace_timeline(it, "past") for it in (facts.opened("replayed", at=now), facts.site(at=now))]
    await line.append([*story("live", now, "1s"), *written(*other)])

    await until_true(lambda: many_ticks(line, 3), 30, line)

    assert {it.timeline for it in await ticks(line)} == {"test"}
    await line.must_be_exact()


def replace_timeline(event: Event, timeline: str) -> Event:
    return event._replace(timeline=timeline)


async def many_ticks(line: Line, count: int) -> bool:
    return len(await ticks(line)) >= count


async def test_a_worker_that_comes_back_ticks_once_for_all_it_missed(line: Line) -> None:
    """Given a timeline that nobody held for ten days, when a worker comes, then one tick passes them all."""
    then = just_now() - timedelta(days=10)
    await line.append(story("live", then, "1d"))

    line.start()
    await until_true(lambda: resolved(line), 30, line)
    await asyncio.sleep(1.5)  # whether more come

    found = [it.recorded_at for it in await ticks(line)]
    assert len(found) in {1, 2}, "one, and one more when an hour began meanwhile"
    assert all((it.minute, it.second) == (0, 0) for it in found)
    await line.must_be_exact()


async def test_a_worker_killed_between_a_tick_and_its_application_doubles_nothing(line: Line) -> None:
    """Given a worker that dies once its tick is in the log, when another takes over, then there is one tick."""
    now = just_now()
    dies = line.start(crash_at="after-tick")
    await line.append(story("live", now, "2s"))
    code = dies.ends()

    line.start("b")
    await until_true(lambda: resolved(line), 40, line)

    found = [it.recorded_at for it in await ticks(line)]
    assert code == -9
    assert len(found) == len(set(found))
    assert [it for it in found if it.minute or it.second] == [now + timedelta(seconds=2)]
    await line.must_be_exact()
