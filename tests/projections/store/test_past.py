"""What rules would have told is what the pipeline tells when they are in force from the beginning."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import from_record
from events.errors import EventRejected
from events.log import Event, Record
from events.model import RulesAdopted
from events.values import instant, iso
from projections.apply import apply_batch
from projections.rules.backtest import Backtest
from projections.rules.compiling import compile_rules
from projections.rules.form import RuleSpec
from projections.rules.spec import Content, content_hash, normalise
from projections.store.file import PartitionFile
from projections.store.past import AT_ONCE, Past
from tests import facts
from tests.projections import logs
from tests.projections.test_apply import settings

ATTACKS = {"where": {"class": "attack"}}
SPECS: Sequence[dict[str, Any]] = (
    {"id": "count", **ATTACKS, "by": ["site"], "window": "7d", "levels": {"watch": 1, "warning": 2}, "updates": "all"},
    {"id": "kept", "by": ["country", "actor"], "window": "3d", "keep_firing": "2d", "levels": {"watch": 2}}
    | {"clear_below": 1},
    {"id": "ever", "not": {"weapon": "rocket"}, "levels": {"warning": 3}},
    {"id": "sum", "where": {"country": "IQ"}, "measure": {"sum": "wounded.us"}, "bound": "low", "window": "10d"}
    | {"levels": {"watch": 2, "critical": 5}},
    {"id": "distinct", "by": ["site_kind"], "measure": {"distinct": "weapon"}, "window": "9d", "levels": {"watch": 2}},
    {"id": "new", "by": ["actor"], "measure": {"new": "site"}, "learn_until": "2023-10-05", "levels": {"watch": 1}},
    {"id": "surge", "by": ["country"], "measure": {"surge": 2}, "window": "4d", "levels": {"watch": 2}},
    {"id": "silence", **ATTACKS, "by": ["site"], "measure": "silence", "levels": {"watch": "2d", "warning": "8d"}},
    {
        "id": "umbrella",
        "where": {"member_of": ["army", "front"]},
        "by": ["site"],
        "window": "9d",
        "levels": {"watch": 1},
    },
    {"id": "others", "not": {"member_of": "front"}, "by": ["actor"], "levels": {"watch": 2}, "updates": "all"},
    {"id": "arms", "where": {"weapon": ["rocket", "gun"]}, "by": ["weapon", "site"], "levels": {"watch": 1}},
    {"id": "above", "by": ["member_of"], "window": "9d", "levels": {"watch": 1, "warning": 2}, "updates": "all"},
    {"id": "amount", "where": {"wounded": {"us": ">= 3"}}, "not": {"country": "SY"}, "levels": {"watch": 1}},
)
EPISODES = """
    SELECT rule, group_key, epoch_us(opened_at), epoch_us(ended_at), value, severity, alert_id::VARCHAR
    FROM episodes WHERE timeline = ? ORDER BY ALL"""
MESSAGES = """
    SELECT alert_id::VARCHAR, kind, state, epoch_us(known_at), rule, group_key, severity, body->>'opened_at',
        (body->>'late')::BOOLEAN FROM alert_messages WHERE timeline = ? ORDER BY alert_id, event_offset, seq"""


def contents(*specs: dict[str, Any]) -> list[Content]:
    return [normalise(RuleSpec.model_validate({"measure": "count", **it})) for it in specs]


RULES = contents(*SPECS)


def adopted(timeline: str, rules: Sequence[Content]) -> Event:
    return facts.adopted(*rules, content_hash=content_hash(rules), timeline=timeline, at=logs.START - timedelta(days=1))


def is_adoption(record: Record) -> bool:
    try:
        return isinstance(from_record(record).fact, RulesAdopted)
    except EventRejected:
        return False


def with_rules(records: Sequence[Record], rules: Sequence[Content]) -> list[Record]:
    """A log in which these are the only rules, each timeline's as soon as it is staged."""
    rest = [it for it in records if not is_adoption(it)]
    staged = max(len(logs.stage(name)) for name in ("one", "two")) * 2
    new = facts.records([adopted(name, rules) for name in ("one", "two")])
    return [it._replace(offset=at) for at, it in enumerate([*rest[:staged], *new, *rest[staged:]])]


@st.composite
def with_umbrellas(draw: st.DrawFn, records: Sequence[Record]) -> list[Record]:
    """A log in which actors belong to others, now to these and now to those."""
    found = list(records)
    staged = next(at for at, it in enumerate(found) if is_adoption(it))
    for number in range(draw(st.integers(0, 4))):
        name, timeline = draw(st.sampled_from(["militia", "army"])), draw(st.sampled_from(["one", "two"]))
        above = draw(st.sampled_from([(), ("front",), ("army",), ("militia", "front")]))
        [it] = facts.records([facts.actor(name, member_of=above, note=f"{number}", timeline=timeline, at=logs.START)])
        found.insert(draw(st.integers(staged, len(found))), it)
    fronts = facts.records([facts.actor("front", timeline=name, at=logs.START) for name in ("one", "two")])
    return [it._replace(offset=at) for at, it in enumerate([*found[:staged], *fronts, *found[staged:]])]


def told(file: PartitionFile, timeline: str) -> tuple[list[Any], list[Any]]:
    """The messages of a timeline, alert by alert, and its episodes."""
    found = [file.con.execute(query, [timeline]).fetchall() for query in (MESSAGES, EPISODES)]
    return found[0], found[1]


def backtested(
    path: Path, timeline: str, rules: Sequence[Content], at_once: int = AT_ONCE
) -> tuple[list[Any], list[Any]]:
    """The same as a backtest has them."""
    compiled = compile_rules(rules)
    test = Backtest(timeline, compiled)
    with Past(path, timeline) as past:
        for _, moments in past.moments(compiled, at_once):
            test.feed(moments)
    messages, episodes = [], []
    for it in sorted(test.stories(), key=lambda story: story.alert_id):
        group = json.dumps(it.group, ensure_ascii=False)
        for heard in it.heard:
            opened = iso(instant(heard.episode.opened_at))
            said = (it.alert_id, heard.kind, heard.state, heard.clock, it.rule.rule_id, group)
            messages.append((*said, heard.episode.severity, opened, heard.late))
        if (last := it.hindsight) is not None:
            span = (last.opened_at, last.ended_at, last.value, last.severity)
            episodes.append((it.rule.rule_id, group, *span, it.alert_id))
    return messages, sorted(episodes, key=lambda row: row[:3])


def published(folder: Path, records: Sequence[Record]) -> PartitionFile:
    file = PartitionFile(folder / "p0.duckdb", 0, 1)
    apply_batch(file, records, 0, len(records))
    assert file.begin_publish(folder / "snapshots" / "p0.duckdb").wait() == 0
    return file


class TestABacktest:
    """Of rules over the past of a timeline."""

    @settings(max_examples=20)
    @given(data=st.data())
    def test_tells_what_the_pipeline_would_have_told(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Given any history and rules of every measure, then messages, kinds, times, alerts and episodes are equal."""
        folder = tmp_path_factory.mktemp("past")
        records = data.draw(with_umbrellas(with_rules(data.draw(logs.logs()), RULES)))
        file = published(folder, records)

        at_once = data.draw(st.sampled_from([1, 5, AT_ONCE]))
        for timeline in ("one", "two"):
            found = backtested(folder / "snapshots" / "p0.duckdb", timeline, RULES, at_once)
            assert found == told(file, timeline)
        file.close()

    def test_groups_incidents_by_what_their_site_was_then(self, tmp_path: Path) -> None:
        """Given a site that is registered as another kind in another province, then each rule sees both, in time."""
        rules = contents(
            {"id": "kind", "by": ["site_kind"], "levels": {"watch": 2}},
            {"id": "province", "where": {"admin1": "Anbar"}, "levels": {"watch": 2}},
        )
        stage = [facts.opened(), facts.site("north", admin1="Anbar"), facts.actor(), adopted("test", rules)]
        later = {"at": "2023-11-02T12:00:00Z"}
        events = [
            *stage,
            facts.reported("a"),
            facts.reported("b"),
            facts.site("north", kind="port", admin1="Basra", **later),
            facts.reported("c", **later),
            facts.corrected("c", day="2023-10-18", **later),
        ]
        file = published(tmp_path, facts.records(events))

        messages, episodes = backtested(tmp_path / "snapshots" / "p0.duckdb", "test", rules)

        assert (messages, episodes) == told(file, "test")
        assert {(it[1], it[4], it[5]) for it in messages} == {
            ("raised", "kind", '["base"]'),
            ("raised", "province", "[]"),
            ("cancelled", "kind", '["base"]'),
            ("cancelled", "province", "[]"),
            ("raised", "kind", '["port"]'),
            ("updated", "kind", '["port"]'),
        }
        file.close()

    def test_groups_incidents_by_whom_their_actor_belonged_to_then(self, tmp_path: Path) -> None:
        """Given an actor that comes under an umbrella, and leaves it, then the rule sees it there and not there."""
        rules = contents({"id": "front", "where": {"member_of": "front"}, "levels": {"watch": 2}})
        events = [
            *(facts.opened(), facts.site(), facts.actor("front"), facts.actor(), adopted("test", rules)),
            facts.reported("a", actor="militia"),
            facts.reported("b", actor="militia"),
            facts.actor(member_of=("front",), note="they joined"),
            facts.corrected("b", day="2023-10-18"),
            facts.actor(note="they left"),
        ]
        file = published(tmp_path, facts.records(events))

        messages, episodes = backtested(tmp_path / "snapshots" / "p0.duckdb", "test", rules)

        assert (messages, episodes) == told(file, "test")
        assert sorted(it[1] for it in messages) == ["cancelled", "raised", "updated"]
        file.close()

    def test_reads_no_incident_that_no_rule_looks_at(self, tmp_path: Path) -> None:
        """Given two classes and a rule for one, when the past is read, then reports of that one change something."""
        events = facts.staged(facts.reported("a"), facts.reported("b", incident_class="context"))
        published(tmp_path, facts.records(events)).close()
        rules = compile_rules(contents({"id": "one", **ATTACKS, "by": ["country"], "levels": {"watch": 1}}))

        with Past(tmp_path / "snapshots" / "p0.duckdb", "test") as past:
            [(_, moments)] = past.moments(rules)

        assert [change.after.incident_id for it in moments for change in it.changes] == ["a"]
        assert len(moments) == len(events)
