"""Each law as a query: nothing is found in what is sound, whatever is planted is found by the check for it."""

import itertools
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given

from events.log import Record
from events.model import IncidentCorrected
from projections import incidents
from projections.apply import apply_batch
from projections.reading import read
from projections.rules import counting, lines, matching, spells
from projections.rules.form import RuleSpec
from projections.rules.model import FOREVER, Bounds, Member, Rule
from projections.rules.proof import Proof, proof_of
from projections.rules.spec import content_hash, normalise
from projections.rules.spells import Spell
from projections.rules.words import Measure
from projections.store import books, knowing
from projections.store.file import PartitionFile
from projections.store.verify import episodes
from projections.store.verify.found import Verdict
from projections.store.verify.replayed import Replay
from projections.store.verify.snapshot import Snapshot
from seeds.loader import folder_of
from streams.verifying.run import OF_TABLES as CHECKS
from streams.writing.replay import theatre
from tests import facts
from tests.projections import logs
from tests.projections.test_apply import settings
from tests.published import publish

numbers = itertools.count()
EXCHANGED = pytest.mark.skipif(
    not str(incidents.__file__).endswith(".py"), reason="a function of a compiled module can not be exchanged for a bug"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("verify")


@pytest.fixture(scope="module")
def seeds(folder: Path) -> Path:
    """The snapshot of the first theatre."""
    return publish(folder, theatre(folder_of("iraq-syria"))) / "p0.duckdb"


@pytest.fixture(scope="module")
def records() -> Sequence[Record]:
    return facts.records(theatre(folder_of("iraq-syria")))


def altered(path: Path, statement: str) -> Path:
    """A copy of a snapshot in which somebody has changed something."""
    copy = path.with_name(f"altered-{next(numbers)}.duckdb")
    shutil.copy(path, copy)
    copy.chmod(0o644)
    with duckdb.connect(str(copy)) as con:
        assert con.execute(statement).fetchall()[0][0] > 0, "nothing was planted"
    return copy


def found_by_tables(path: Path) -> dict[str, Verdict]:
    """The checks that find something, with what they say."""
    with Snapshot(path) as it:
        return {name: verdict for name, check in CHECKS.items() if (verdict := check(it)).count}


def found_by_replay(path: Path, records: Sequence[Record], folder: Path) -> dict[str, Verdict]:
    with Snapshot(path) as it:
        replay = Replay(it, folder / str(next(numbers)), fold=True)
        replay.follow(read(records[:20]), 0, 20)
        replay.follow(read(records[20:]), 20, len(records))
        verdicts = [replay.tables(), replay.chain()]
        replay.close()
    return {verdict.check: verdict for verdict in verdicts if verdict.count}


def projected(records: Sequence[Record], folder: Path) -> Path:
    path = folder / f"{next(numbers)}.duckdb"
    file = PartitionFile(path, 0, 1)
    apply_batch(file, records, 0, len(records))
    file.count()
    file.con.execute("CHECKPOINT")
    file.close()
    return path


class TestWhatIsSound:
    @settings(max_examples=12)
    @given(records=logs.logs())
    def test_is_found_sound_after_any_history(self, records: list[Record], folder: Path) -> None:
        """Given any log, when all is checked, then SQL over the events agrees with fold, evaluator and alerts."""
        assert found_by_tables(projected(records, folder)) == {}

    def test_is_found_sound_on_the_seeds(self, seeds: Path, records: Sequence[Record], folder: Path) -> None:
        """Given the first theatre, when all is checked, then nothing is found, and something was looked at."""
        with Snapshot(seeds) as it:
            looked_at = {name: check(it).looked_at for name, check in CHECKS.items()}

        assert found_by_tables(seeds) == {}
        assert found_by_replay(seeds, records, folder) == {}
        assert looked_at["incidents"] == "27 incidents"
        assert looked_at["knowledge"] == "3 instants"
        assert looked_at["episodes"].endswith("of 10 rules")
        assert looked_at["evidence"].partition(" ")[0] == looked_at["evidence"].split()[2] != "0"


NEWEST_ALERT = "message_id = (SELECT last_message FROM alerts ORDER BY alert_id LIMIT 1)"
ANOTHER_BEST = '{"value": {"best": 99}}'
MORE_EVIDENCE = '{"evidence": {"count": 99}}'
PLANTED = {
    "a tally": ("UPDATE site_tallies SET incidents = incidents + 1 WHERE site = 'al-tanf'", {"tallies", "sums"}),
    "a toll": ("UPDATE site_tallies SET wounded_high_unknown = 7 WHERE site = 'al-tanf'", {"tallies", "sums"}),
    "a day's counter": ("UPDATE counters SET incidents = 9 WHERE dimension = 'site' AND key = 'al-tanf'", None),
    "another counter": ("UPDATE counters SET killed_low = 1 WHERE dimension = 'country'", {"counters"}),
    "a counter less": ("DELETE FROM counters WHERE dimension = 'weapon'", {"counters"}),
    "a version": ("UPDATE incident_versions SET site = 'al-tanf' WHERE known_until IS NULL AND number = 0", None),
    "what stands": ("UPDATE incident_versions SET stands = false WHERE known_until IS NULL AND number = 3", None),
    "when something was known": (
        "UPDATE incident_versions SET known_until = known_until + INTERVAL 9 YEAR WHERE known_until IS NOT NULL",
        {"knowledge"},
    ),
    "an episode": ("UPDATE episode_versions SET value = value + 1", {"episodes"}),
    "an episode's end": ("UPDATE episode_versions SET ended_at = NULL WHERE ended_at IS NOT NULL", {"episodes"}),
    "evidence": (
        f"UPDATE alert_messages SET body = json_merge_patch(body, '{MORE_EVIDENCE}') WHERE {NEWEST_ALERT}",
        {"evidence"},
    ),
    "a value": (
        f"UPDATE alert_messages SET body = json_merge_patch(body, '{ANOTHER_BEST}') WHERE {NEWEST_ALERT}",
        {"evidence"},
    ),
}
ALSO = {
    "a day's counter": {"counters", "sums"},
    "a version": {"incidents", "sums"},
    "what stands": {"incidents", "sums"},
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_changed_snapshot_is_found_by_the_checks_that_are_for_it(
    seeds: Path, records: Sequence[Record], folder: Path, planted: str
) -> None:
    """Given a snapshot in which one thing was changed, when it is checked, then it is found, and by replay as well."""
    statement, expected = PLANTED[planted]
    path = altered(seeds, statement)

    found = found_by_tables(path)

    assert (expected or ALSO[planted]) <= found.keys()
    assert found.keys() - {"evidence", "episodes"} <= {"incidents", "tallies", "counters", "sums", "knowledge"}
    assert "replay" in found_by_replay(path, records, folder)


def test_what_is_found_says_what_was_expected_what_is_there_and_where(seeds: Path) -> None:
    """Given a tally that is one too high, when it is checked, then cell, right number and wrong one are told."""
    verdict = found_by_tables(altered(seeds, PLANTED["a tally"][0]))["tallies"]

    assert (verdict.count, len(verdict.shown)) == (1, 1)
    assert verdict.shown[0] == ("tally iraq-syria, al-tanf, attack", "incidents 1", "incidents 2")


class TestTheReplay:
    def test_finds_a_row_that_no_law_speaks_of(self, seeds: Path, records: Sequence[Record], folder: Path) -> None:
        """Given a snapshot that lost a document, when it is checked, then the replay alone names the table."""
        path = altered(seeds, "DELETE FROM documents")

        assert found_by_tables(path) == {}
        assert [it.where for it in found_by_replay(path, records, folder)["replay"].shown] == ["table documents"]

    def test_finds_a_record_that_was_changed_behind_our_back(
        self, seeds: Path, records: Sequence[Record], folder: Path
    ) -> None:
        """Given a log in which one record says something else now, when it is checked, then chain and tables differ."""
        log: list[Any] = list(records)
        log[60] = log[60]._replace(value=log[60].value.replace(b'"class":"', b'"class":"x-'))

        found = found_by_replay(seeds, log, folder)

        assert found.keys() == {"replay", "chain"}
        assert found["chain"].shown[0].where.endswith(f"of the log below offset {len(log)}")

    def test_finds_a_change_of_the_log_that_changes_no_table(
        self, seeds: Path, records: Sequence[Record], folder: Path
    ) -> None:
        """Given a header that nothing reads, when it is added to a record, then the chain differs."""
        log: list[Any] = list(records)
        log[60] = log[60]._replace(headers=[*log[60].headers, ("x-trace", b"1")])

        found = found_by_replay(seeds, log, folder)

        assert found["chain"].count == 1
        assert {it.where for it in found["replay"].shown} == {"table checkpoint"}


class TestABugOfOurs:
    """The code is wrong, and so is a replay by the same code; SQL shares nothing with it."""

    @EXCHANGED
    def test_in_the_fold_of_corrections_is_found(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        """Given a fold in which a later report overrules a correction, then the incidents are found wrong."""
        right = incidents.corrected

        def forgets(now: Any, fact: IncidentCorrected, site: Any) -> Any:
            return right(now, fact, site)._replace(corrected=frozenset())

        monkeypatch.setattr(incidents, "corrected", forgets)
        told = [
            facts.reported("a", outcome="hit"),
            facts.corrected("a", outcome="miss"),
            facts.reported("a", outcome="hit", bare=True, note="again"),
        ]
        path = projected(facts.records(facts.staged(*told)), folder)

        found = found_by_tables(path)["incidents"]

        assert found.shown[0] == ("incident test, a", "outcome miss", "outcome hit")

    @EXCHANGED
    def test_in_the_fold_of_retractions_is_found(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        """Given a fold that takes no retraction, then incidents, tallies and counters are found wrong."""
        monkeypatch.setattr(incidents, "retracted", lambda now: now._replace(version=now.version + 1))
        path = projected(facts.records(facts.staged(facts.reported("a"), facts.retracted("a"))), folder)

        assert {"incidents", "tallies", "counters"} <= found_by_tables(path).keys()

    def test_in_a_contribution_is_found(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        """Given sums that leave the unknown out, then tallies and counters are found wrong, the incidents are not."""
        text = books._text
        monkeypatch.setattr(books, "_text", lambda name: text(name).replace("len(wounded_highs) - ", "0 * "))
        path = projected(facts.records(facts.staged(facts.reported("a", wounded={"us": "at least 2"}))), folder)

        assert found_by_tables(path).keys() == {"tallies", "counters", "sums"}

    def test_in_what_was_known_is_found(self, monkeypatch: pytest.MonkeyPatch, seeds: Path) -> None:
        """Given macros for which what is learned at an instant is not known then, that is found, and nothing else."""
        right = knowing._text

        def late(name: str) -> str:
            return right(name).replace("known_from <= ts", "known_from < ts")

        monkeypatch.setattr(knowing, "_text", late)

        found = found_by_tables(seeds)

        assert found.keys() == {"knowledge"}
        assert {it.found for it in found["knowledge"].shown} >= {"no such row"}

    @EXCHANGED
    def test_in_the_evaluator_is_found(
        self, monkeypatch: pytest.MonkeyPatch, records: Sequence[Record], folder: Path
    ) -> None:
        """Given windows that are a microsecond too long, then the episodes are found wrong."""

        def longer(rule: Rule, it: Member) -> Spell:
            return Spell(it.at, it.at + rule.window + 1, 1)

        monkeypatch.setattr(spells, "spell_of", longer)
        monkeypatch.setattr(counting, "spell_of", longer)
        path = projected(records, folder)

        assert "episodes" in found_by_tables(path)


AT_NORTH: dict[str, Any] = {"where": {"class": "attack"}, "by": ["site"], "window": "7d", "levels": {"watch": 2}}
OF_EACH: dict[Measure, dict[str, Any]] = {
    Measure.COUNT: {"where": {"munitions": ">= 2"}, "not": {"member_of": "front"}, "levels": {"watch": 1}},
    Measure.SUM: {"measure": {"sum": "wounded.us"}, "bound": "high"},
    Measure.DISTINCT: {"measure": {"distinct": "weapon"}},
    Measure.NEW: {"measure": {"new": "weapon"}, "learn_until": "2023-10-02", "levels": {"watch": 1}},
    Measure.SURGE: {"measure": {"surge": 2}, "levels": {"watch": 3}},
    Measure.SILENCE: {"measure": "silence", "window": "all", "levels": {"watch": "3d", "warning": "20d"}},
}


def of_all_measures() -> Sequence[Record]:
    """A log with a rule of each measure, all of which tell something."""
    rules = [normalise(RuleSpec.model_validate({**AT_NORTH, **it, "id": str(name)})) for name, it in OF_EACH.items()]
    told = [
        facts.actor("front"),
        facts.actor("militia", member_of=("front",)),
        facts.adopted(*rules, content_hash=content_hash(rules), at="2023-10-01T00:00:00Z"),
        facts.reported("a", day="2023-10-01", weapons=("drone",), wounded={"us": 3}),
        facts.reported("b", day="2023-10-08", weapons=("drone", "rocket"), wounded={"us": "at least 4"}),
        facts.reported("c", day="2023-10-09", weapons=("rocket",), munitions=3, actor="militia"),
        facts.reported("d", day="2023-10-09", munitions="at least 2"),
        facts.reported("e", day="2023-10-10", munitions=1),
    ]
    return facts.records(facts.staged(*told))


def _longer(rule: Rule, it: Member, *_: Member | None) -> Iterable[Spell]:
    return (Spell(it.at, it.at + rule.window, it.weight + 1),)


def _uncut(rule: Rule, it: Member, *_: Member | None) -> Iterable[Spell]:
    return (Spell(it.at, it.at + rule.window, 1),)


def _unlearned(rule: Rule, it: Member, before: Member | None, _: Member | None) -> Iterable[Spell]:
    return () if before else (Spell(it.at, it.at + rule.window, 1),)


def _boundless(rule: Rule, it: Member, *_: Member | None) -> Iterable[Spell]:
    return (Spell(it.at, it.at + rule.window, rule.preceding),)


def _endless(rule: Rule, it: Member, *_: Member | None) -> Iterable[Spell]:
    return (Spell(it.at + rule.levels[0], FOREVER, rule.levels[0]),)


SLIPS = {
    Measure.SUM: _longer,
    Measure.DISTINCT: _uncut,
    Measure.NEW: _unlearned,
    Measure.SURGE: _boundless,
    Measure.SILENCE: _endless,
}


SUMMED_WRONG: dict[str, Callable[[Bounds], Bounds]] = {
    "low": lambda it: it._replace(low=it.low + 1),
    "best": lambda it: it._replace(best=it.best + 1),
    "high": lambda it: it._replace(high=it.high + 1),
    "at_least": lambda it: it._replace(best_fell=0, high_fell=0),
}


class TestGroupsOfWhichAnIncidentIsInSeveral:
    def by(self, name: str, **said: Any) -> dict[str, Any]:
        return {"id": name, "by": [name], "levels": {"watch": 1, "warning": 2}, **said}

    def log(self) -> Sequence[Record]:
        """Rules by weapon and by umbrella over incidents that have two of either; one alert is cancelled."""
        rules = [self.by("weapon", where={"weapon": ["drone", "rocket"]}, window="7d"), self.by("member_of")]
        told = [
            facts.actor("front"),
            facts.actor("militia", member_of=("front",)),
            facts.adopted(*map(_normal, rules), content_hash=content_hash([*map(_normal, rules)])),
            facts.reported("a", day="2023-10-01", weapons=("drone", "rocket"), actor="militia"),
            facts.reported("b", day="2023-10-02", weapons=("gun", "drone"), actor="front"),
            facts.reported("c", day="2023-10-20", weapons=("rocket",)),
            facts.retracted("c"),
        ]
        return facts.records(facts.staged(*told))

    def test_are_looked_at_and_found_sound(self, folder: Path) -> None:
        """Given incidents of two weapons and a league, then each is in the group of each, and all is well."""
        path = projected(self.log(), folder)

        with Snapshot(path) as it:
            query = "SELECT group_key, value FROM episodes ORDER BY ALL"
            groups = dict(it.con.execute(query).fetchall())
            alerts = it.size("alerts")
        assert groups == {'["drone"]': 2, '["rocket"]': 1, '["front"]': 2, '["militia"]': 1}
        assert alerts == len(groups) + 1
        assert found_by_tables(path) == {}

    @EXCHANGED
    @pytest.mark.parametrize(("name", "group"), [("weapon", "drone"), ("member_of", "front")])
    def test_one_that_is_left_out_is_found(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, group: str
    ) -> None:
        """Given an evaluator that puts nothing into one of several groups, then its episode is missing."""
        right = matching._values_of

        def slipped(field: str, wanted: frozenset[str] | None) -> Callable[[Any], Sequence[str]]:
            of = right(field, wanted)
            return lambda it: [value for value in of(it) if (field, value) != (name, group)]

        monkeypatch.setattr(matching, "_values_of", slipped)
        path = projected(self.log(), folder)

        found = found_by_tables(path)

        assert f'["{group}"]' in found["episodes"].shown[0].where


def _normal(said: dict[str, Any]) -> Any:
    return normalise(RuleSpec.model_validate(said))


class TestEveryMeasure:
    def test_is_looked_at_and_found_sound(self, folder: Path) -> None:
        """Given a rule of each measure, when all is checked, then each has an episode and evidence, and all is well."""
        path = projected(of_all_measures(), folder)

        with Snapshot(path) as it:
            verdicts = [CHECKS[name](it) for name in ("episodes", "evidence")]
            told = {name for (name,) in it.con.execute("SELECT DISTINCT rule FROM alerts").fetchall()}
        assert found_by_tables(path) == {}
        assert told == {str(it) for it in OF_EACH}
        assert [it.unchecked for it in verdicts] == [[], []]
        assert verdicts[1].looked_at == "{0} of {0} alerts".format(verdicts[1].looked_at.split(" ", 1)[0])

    @EXCHANGED
    @pytest.mark.parametrize("measure", SLIPS)
    def test_a_slip_of_the_evaluator_is_found(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, measure: Measure
    ) -> None:
        """Given spells of one measure that are not those of the definition, then its episodes are found wrong."""
        right, slipped = lines.brought, SLIPS[measure]

        def brought(rule: Rule, at: int, weight: int, *around: int | None) -> list[Spell]:
            if rule.measure is not measure:
                return right(rule, at, weight, *around)
            it, *others = (None if one is None else Member(one, 0, weight=weight) for one in (at, *around))
            return list(slipped(rule, it, *others))

        monkeypatch.setattr(spells, "OF", {**spells.OF, measure: slipped})
        monkeypatch.setattr(lines, "brought", brought)
        path = projected(of_all_measures(), folder)

        found = found_by_tables(path)

        assert "episodes" in found
        assert {it.where.split(", ")[1] for it in found["episodes"].shown} == {str(measure)}

    @EXCHANGED
    @pytest.mark.parametrize("measure", [it for it in OF_EACH if it is not Measure.COUNT])
    def test_evidence_that_is_not_what_stood_is_found(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, measure: Measure
    ) -> None:
        """Given alerts of one measure that name every incident of their group, then their evidence is found wrong."""
        right = lines.Lines.proof

        def all_of_them(self: lines.Lines, at: int) -> Proof:
            return proof_of(self.all()) if self._rule.measure is measure else right(self, at)

        monkeypatch.setattr(lines.Lines, "proof", all_of_them)
        path = projected(of_all_measures(), folder)

        assert found_by_tables(path).keys() == {"evidence"}

    @EXCHANGED
    @pytest.mark.parametrize("bound", SUMMED_WRONG)
    def test_a_sum_that_is_not_what_its_incidents_state_is_found(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, bound: str
    ) -> None:
        """Given a sum with a slip in one of its bounds, when its alerts are checked, then that bound is told."""
        right = matching.bounds_of
        monkeypatch.setattr(matching, "bounds_of", lambda said: SUMMED_WRONG[bound](right(said)))
        path = projected(of_all_measures(), folder)

        found = found_by_tables(path)

        assert found.keys() == {"evidence"}
        assert {it.expected.partition(" ")[0] for it in found["evidence"].shown} == {bound}

    def test_what_was_not_looked_at_is_told(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        """Given more alerts of a rule than are looked at, then it is told how many of how many were."""
        monkeypatch.setattr(episodes, "ASKED_A_RULE", 1)

        with Snapshot(projected(of_all_measures(), folder)) as it:
            looked_at, alerts = CHECKS["evidence"](it).looked_at, it.size("alerts")

        assert alerts > len(OF_EACH)
        assert looked_at == f"{len(OF_EACH)} of {alerts} alerts"

    def test_what_filters_look_at_is_looked_at(self, folder: Path) -> None:
        """Given a rule by umbrella and quantity, when the snapshot says otherwise of either, then that is found."""
        path = projected(of_all_measures(), folder)
        alone = altered(path, "UPDATE events SET payload = '{\"member_of\": []}' WHERE type LIKE '%actor.registered%'")
        fewer = altered(path, "UPDATE incident_versions SET quantities = NULL WHERE incident_id = 'd'")

        assert "episodes" in found_by_tables(alone)
        assert "evidence" in found_by_tables(fewer)
