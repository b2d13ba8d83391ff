"""Another projection version: what its adoption tells, and that only the log decides what a timeline's rules mean."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import ProjectionHalted
from events.log import Event, Record
from projections import semantics
from projections.apply import apply_batch
from projections.rules.form import RuleSpec
from projections.rules.model import FOREVER, Rule
from projections.rules.spec import content_hash, normalise
from projections.semantics import Semantics
from projections.store.content import content
from projections.store.file import PartitionFile
from projections.store.groups import TableGroups
from projections.store.reader import Reader
from projections.store.verify import episodes
from projections.store.verify.snapshot import Snapshot
from tests import facts
from tests.projections import logs
from tests.projections.test_apply import projected, rows, settings, told
from tests.published import publish

STAGED = 2 * len(logs.stage("one")) + 2  # records before the first that is drawn


def doubtful_left_out(rule: Rule) -> Rule:
    """Other evidence, and other spells: what is only suspected does not count, and windows are half as long."""
    window = rule.window if rule.window == FOREVER else rule.window // 2
    return replace(rule, window=window, excluded=(*rule.excluded, ("attribution", frozenset({"suspected"}))))


@pytest.fixture(autouse=True, scope="module")
def second() -> Iterator[None]:
    """A version 2 of the code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(semantics.VERSIONS, 2, Semantics("suspicions do not count", doubtful_left_out))
        yield


@pytest.fixture
def file(tmp_path: Path) -> PartitionFile:
    return PartitionFile(tmp_path / "p0.duckdb", 0, 1)


def ruled(*events: Event, at: str = "2023-11-03T12:00:00Z") -> list[Event]:
    """A timeline with one rule, two attacks at a site in a week, and what these events say."""
    rule = normalise(RuleSpec.model_validate({"id": "r", "by": ["site"], "window": "7d", "levels": {"watch": 2}}))
    return facts.staged(facts.adopted(rule, content_hash=content_hash([rule]), at=at), *events)


def attack(name: str, day: str, attribution: str = "claimed") -> Event:
    return facts.reported(name, day=day, actor=("militia", attribution))


def messages(file: PartitionFile) -> list[tuple[Any, ...]]:
    query = "SELECT body->>'kind', state, body->'cause'->>'reason', body->>'late' FROM alert_messages ORDER BY ALL"
    return rows(file, query.replace("ORDER BY ALL", "ORDER BY event_offset, seq"))


def put(records: Sequence[Record], place: int, *events: Event) -> list[Record]:
    """The log with these events at a place."""
    found = [*records[:place], *facts.records(events), *records[place:]]
    return [record._replace(offset=offset) for offset, record in enumerate(found)]


def adoption(day: int = 0) -> Event:
    return facts.upgraded(2, timeline="one", at=logs.START + timedelta(days=day))


class TestAnAdoption:
    """`ProjectionAdopted` of a version that this code knows."""

    def test_cancels_what_is_no_episode_any_more(self, file: PartitionFile) -> None:
        """Given an open alert on a suspicion, when suspicions count no more, then it is cancelled: the projection."""
        told(file, *ruled(attack("a", "2023-11-01"), attack("b", "2023-11-02", "suspected")))

        told(file, facts.upgraded(2, at="2023-11-04T12:00:00Z"))

        assert messages(file) == [
            ("raised", "open", "evidence", "false"),
            ("cancelled", "cancelled", "projection", "false"),
        ]
        assert rows(file, "SELECT projection_version FROM timelines") == [(2,)]

    def test_raises_late_what_is_open_and_keeps_what_is_over(
        self, file: PartitionFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Given a version whose lowest level is one, when it is adopted, then open ones are told late, others kept."""
        monkeypatch.setitem(
            semantics.VERSIONS, 3, Semantics("one is enough", lambda rule: replace(rule, levels=(1,), clear=1))
        )
        told(file, *ruled(attack("a", "2023-10-01"), attack("b", "2023-11-02")))

        told(file, facts.upgraded(3, at="2023-11-04T12:00:00Z"))

        assert messages(file) == [("raised", "open", "projection", "true")]
        assert rows(file, "SELECT alert_id IS NOT NULL, ended_at IS NULL FROM episodes ORDER BY opened_at") == [
            (False, False),
            (True, True),
        ]

    def test_holds_for_rules_that_are_adopted_later(self, file: PartitionFile) -> None:
        """Given version 2, when rules are adopted and attacks told, then these mean what version 2 says."""
        told(file, *facts.staged(facts.upgraded(2, at="2023-11-01T12:00:00Z")))

        told(file, *ruled(attack("a", "2023-11-01"), attack("b", "2023-11-02", "suspected"))[1:])

        assert messages(file) == []

    @pytest.mark.parametrize("version", [1, 2])
    def test_of_no_later_version_is_rejected(self, file: PartitionFile, version: int) -> None:
        """Given version 2, when 1 or 2 is adopted, then that is set aside."""
        told(file, *facts.staged(facts.upgraded(2)))

        told(file, facts.upgraded(version, why="again"))

        assert rows(file, "SELECT reason, field, expected, found FROM rejected") == [
            ("inapplicable", "projection_version", "a version above that of the timeline, 2", str(version))
        ]

    def test_of_a_version_that_is_not_known_halts(self, file: PartitionFile) -> None:
        """Given a batch with version 9 in it, then what stands before it is written, nothing from there on."""
        events = ruled(facts.upgraded(9, at="2023-11-04T12:00:00Z"), attack("a", "2023-11-01"))
        place = [it.fact.kind for it in events].index("projection.adopted")

        with pytest.raises(ProjectionHalted, match=r"timeline test: expected .* at most 2, found 9; upgrade tocsin"):
            told(file, *events)

        assert (file.next_offset, rows(file, "SELECT count(*) FROM events")) == (place, [(place,)])
        file.close()
        with pytest.raises(ProjectionHalted, match="found 9"):
            told(PartitionFile(file.path, 0, 1), *events[place:])

    def test_is_not_forgotten_by_an_older_tocsin(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given a file with a timeline of version 2, when code that knows only 1 opens it, then it halts."""
        publish(tmp_path, facts.staged(facts.upgraded(2)))
        monkeypatch.delitem(semantics.VERSIONS, 2)

        with pytest.raises(ProjectionHalted, match="at most 1, found 2; upgrade tocsin"):
            PartitionFile(tmp_path / "p0.duckdb", 0, 1)


SLIPS = {
    "another name": lambda rule: replace(rule, rule_id="s"),
    "other groups": lambda rule: replace(rule, by=()),
    "no levels": lambda rule: replace(rule, levels=()),
    "falling levels": lambda rule: replace(rule, levels=(3, 2)),
    "more levels than severities": lambda rule: replace(rule, levels=(2, 3), severities=("watch",)),
    "a severity twice": lambda rule: replace(rule, levels=(2, 3), severities=("watch", "watch")),
    "a severity that there is not": lambda rule: replace(rule, severities=("alarm",)),
    "never over": lambda rule: replace(rule, clear=0),
    "over at once": lambda rule: replace(rule, clear=3),
    "no window": lambda rule: replace(rule, window=0),
    "a past": lambda rule: replace(rule, keep_firing=-1),
}


class TestASlipInAVersion:
    """What a version makes of a rule is checked before anybody is told."""

    @pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
    def test_halts_and_tells_nobody(
        self, file: PartitionFile, monkeypatch: pytest.MonkeyPatch, slip: Callable[[Rule], Rule]
    ) -> None:
        """Given a version that makes nonsense of a rule, when it is adopted, then the worker halts before it."""
        monkeypatch.setitem(semantics.VERSIONS, 3, Semantics("a slip", slip))
        told(file, *ruled(attack("a", "2023-11-01"), attack("b", "2023-11-02")))

        with pytest.raises(ProjectionHalted, match="rule r under the projection version “a slip”: expected"):
            told(file, facts.upgraded(3, at="2023-11-04T12:00:00Z"))

        assert rows(file, "SELECT projection_version FROM timelines") == [(1,)]
        assert [kind for kind, *_ in messages(file)] == ["raised"]


class TestTheLaws:
    """Laws 1 and 3 around an adoption."""

    @settings(max_examples=12)
    @given(data=st.data())
    def test_no_cut_and_no_reopening_shows(self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
        """Given any log with an adoption in it, whole or in pieces, reopened or not, then the tables are equal."""
        records = data.draw(logs.logs())
        records = put(records, data.draw(st.integers(STAGED, len(records))), adoption(data.draw(st.integers(-9, 40))))
        folder = tmp_path_factory.mktemp("adopted")

        for start, end in data.draw(logs.cuts(len(records))):
            file = PartitionFile(folder / "reopened.duckdb", 0, 1)
            apply_batch(file, records[start:end], start, end)
            file.count()
            found = content(file.con)
            file.close()

        assert found == projected(folder, records, data.draw(logs.cuts(len(records)))) == projected(folder, records)

    @settings(max_examples=12)
    @given(data=st.data())
    def test_what_is_told_adds_up_to_what_the_new_version_says(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Given an adoption anywhere, then episodes are as if it came first, and alerts as last told are episodes."""
        records, folder = data.draw(logs.logs()), tmp_path_factory.mktemp("adopted")
        place = data.draw(st.integers(STAGED, len(records)))

        later = ended(folder / "later.duckdb", put(records, place, adoption(-1)))
        sooner = ended(folder / "sooner.duckdb", put(records, STAGED, adoption(-1)))

        assert later.episodes == sooner.episodes
        assert later.told == later.alerted

    def test_a_file_that_forgets_its_version_is_noticed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given a planted bug, the version not read at the opening, then the tables after a reopening differ."""
        events = ruled(facts.upgraded(2), attack("a", "2023-11-01"), attack("b", "2023-11-02", "suspected"))
        records = facts.records(events)
        sound = projected(tmp_path, records)
        monkeypatch.setattr(TableGroups, "version", lambda *_: 1)

        for start in range(len(records)):
            file = PartitionFile(tmp_path / "reopened.duckdb", 0, 1)
            apply_batch(file, records[start : start + 1], start, start + 1)
            file.count()
            found = content(file.con)
            file.close()

        assert {table for table in sound if sound[table] != found[table]} >= {"alert_messages", "episode_versions"}


class Ended:
    """How a log ended."""

    def __init__(self, file: PartitionFile) -> None:
        self.episodes = rows(file, f"{EPISODES} FROM episodes e ORDER BY ALL")
        self.alerted = rows(file, f"SELECT alert_id, {SPAN} FROM episodes e WHERE alert_id IS NOT NULL ORDER BY ALL")
        self.told = rows(file, TOLD)


SPAN = "opened_at, ended_at, severity"
EPISODES = f"SELECT timeline, rule, group_key, {SPAN}, value, peak_at"
TOLD = """
    SELECT alert_id, (body->>'opened_at')::TIMESTAMPTZ AS opened_at,
        (body->>'ended_at')::TIMESTAMPTZ AS ended_at, severity
    FROM (
        FROM alert_messages
        QUALIFY row_number() OVER (PARTITION BY alert_id ORDER BY event_offset DESC, seq DESC) = 1
    ) WHERE state IN ('open', 'resolved') ORDER BY ALL
"""


def ended(path: Path, records: Sequence[Record]) -> Ended:
    file = PartitionFile(path, 0, 1)
    apply_batch(file, records, 0, len(records))
    found = Ended(file)
    file.close()
    return found


class TestReaders:
    """What is said of it besides."""

    def test_list_the_version_as_it_was_known(self, tmp_path: Path) -> None:
        """Given version 2 from the 4th on, then the listing says 2, and 1 as known on the 3rd."""
        folder = publish(tmp_path, ruled(facts.upgraded(2, at="2023-11-04T12:00:00Z")))

        with Reader(folder) as reader, Reader(folder, 1_699_012_800_000_000) as then:
            found = [it.rows("timelines")[0]["projection_version"] for it in (reader, then)]

        assert found == [2, 1]

    def test_verify_says_that_it_can_not_judge_another_version(self, tmp_path: Path) -> None:
        """Given a timeline of version 2, when its episodes are checked, then that is told instead of a verdict."""
        events = ruled(facts.upgraded(2), attack("a", "2023-11-01"), attack("b", "2023-11-02"))
        path = publish(tmp_path, events) / "p0.duckdb"

        with Snapshot(path) as it:
            verdicts = [episodes.episodes(it), episodes.evidence(it)]

        for verdict in verdicts:
            assert (verdict.count, verdict.unchecked) == (
                0,
                ["timeline test: its projection version is 2, the SQL here knows 1"],
            )
