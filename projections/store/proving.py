"""The messages of an alert held against the incidents that stood when each was made.

Of rules that count, the incidents are found by SQL over their versions, many messages at a time. Of the other measures,
and of rules that compare quantities or ask for umbrellas, the members that stood then say it: `verify` finds them
without that code.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from projections import provenance
from projections.provenance import Object
from projections.rules.compiling import compile_rule
from projections.rules.lines import Lines
from projections.rules.matching import members_of
from projections.rules.messages import BOUNDS, amount, evidence
from projections.rules.model import FOREVER, Rule
from projections.rules.words import Measure
from projections.store.reader import Reader
from projections.store.standing import of_group

FINAL: Final = ("merged", "cancelled")
TOGETHER: Final = 100  # messages whose evidence one query looks for


class Stood(NamedTuple):
    """What a message must say."""

    evidence: list[Object]  # number, incident_id and version
    value: Object  # as a message has it


class Proved(NamedTuple):
    """A message, what is wrong about it among its fields (`differences`), and its evidence as it must be."""

    message: Object
    evidence: list[Object]


def proved(reader: Reader, alert: Object, told: Sequence[Object]) -> list[Proved]:
    """The messages of an alert (rows of `why_messages`), each held against what stood then."""
    rules = reader.rows("why_rules", **{name: alert[name] for name in ("partition", "timeline", "rule")})
    found: list[Stood] = []
    for content, those in groupby(told, key=lambda row: _content(row, rules)):
        rule = compile_rule(content)
        for rows in _pieces(list(those)):
            found += _found(reader, alert, rule, rows)
    return [_held_against(*it) for it in zip(told, found, strict=True)]


def _found(reader: Reader, alert: Object, rule: Rule, told: Sequence[Object]) -> list[Stood]:
    fields = {*rule.by, *(name for name, _ in (*rule.where, *rule.excluded))}
    if rule.measure is Measure.COUNT and not rule.amounts and not rule.excluded_amounts and "member_of" not in fields:
        return _counted(reader, alert, rule, told)
    return [_measured(reader, alert, rule, it) for it in told]


def _held_against(row: Object, found: Stood) -> Proved:
    made = evidence([(it["incident_id"], it["version"]) for it in found.evidence])
    differences = provenance.proof(row["body"], found.evidence, made, found.value)
    return Proved({**row["body"], "differences": differences}, found.evidence)


def _content(row: Object, rules: Sequence[Object]) -> Object:
    """The rule that a message is about: of an alert that is gone, the one that was in force until then."""
    earlier = [it for it in rules if it["adopted_offset"] < row["event_offset"]]
    same = [it for it in rules if it["content_hash"] == row["body"]["rule"]["content_hash"]]
    content: Object = (earlier if row["state"] in FINAL else same)[-1]["content"]
    return content


def _pieces(told: Sequence[Object]) -> Iterator[Sequence[Object]]:
    return (told[start : start + TOGETHER] for start in range(0, len(told), TOGETHER))


def _before(row: Object) -> int:
    """The log position before which incidents made a message: of an alert that is gone, before its event."""
    return int(row["event_offset"]) + (row["state"] not in FINAL)


# -- by SQL


def _counted(reader: Reader, alert: Object, rule: Rule, told: Sequence[Object]) -> list[Stood]:
    """The incidents behind each of some messages under one rule that counts."""
    moments = {
        "stood": [_before(row) for row in told],
        "upto": [row["event_offset"] for row in told],
        "peaks": [row["peak_us"] for row in told],
    }
    where = {name: alert[name] for name in ("partition", "timeline")}
    found: list[list[Object]] = [[] for _ in told]
    for row in reader.rows("why_evidence", **where, **moments, **_asked(rule, told[0]["body"]["group"])):
        found[row.pop("item")].append(row)
    return [Stood(those, dict.fromkeys(BOUNDS, len(those))) for those in found]


def _asked(rule: Rule, group: dict[str, str]) -> dict[str, Any]:
    """The filter, group and window of a rule as parameters of `why_evidence`."""
    wanted = {name: sorted(values) for name, values in rule.where} | {name: [value] for name, value in group.items()}
    return {
        "wanted": json.dumps(wanted),
        "unwanted": json.dumps({name: sorted(values) for name, values in rule.excluded}),
        "window": None if rule.window == FOREVER else rule.window,
        "since": None if rule.since == -FOREVER else rule.since,
    }


# -- by members


def _measured(reader: Reader, alert: Object, rule: Rule, row: Object) -> Stood:
    """The incidents behind a message, as the members that stood then make them."""
    where, group = {name: alert[name] for name in ("partition", "timeline")}, row["body"]["group"]
    known = [it for it in of_group(reader, where, group, before=_before(row)) if it.stands]
    members = members_of([rule], known).get((rule.rule_id, tuple(group.values())), [])
    lines, at = Lines(rule, [it for it in members if it.at >= rule.since]), row["peak_us"]
    proof = lines.proof(at)
    told = reader.rows("why_told", partition=alert["partition"], numbers=list(proof.numbers), upto=row["event_offset"])
    by_number = {it["number"]: it for it in told}
    value = sum(spell.weight for spell in lines.adding(at).values())
    return Stood([by_number[it] for it in proof.numbers], amount(rule, value, proof.bounds))
