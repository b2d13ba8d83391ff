"""Groups that a rule leaves out as a whole: none of their incidents is what it asks for. Pure."""

from typing import NamedTuple

from projections.rules.explaining import Why
from projections.rules.model import Group, Rule


class Shut(NamedTuple):
    """What a rule says of a field of `by`, where that leaves a whole group out: no incident of it can ever count."""

    why: Why  # WHERE or NOT
    field: str
    wanted: tuple[str, ...]  # what the rule says of that field


def shut_out(rule: Rule, group: Group) -> list[Shut]:
    """What leaves the whole group out; nothing, of a group that incidents may be in."""
    values = dict(zip(rule.by, group, strict=True))
    missed = [(Why.WHERE, *it) for it in rule.where if it[0] in values and values[it[0]] not in it[1]]
    hit = [(Why.NOT, *it) for it in rule.excluded if values.get(it[0]) in it[1]]
    return [Shut(why, name, tuple(sorted(wanted))) for why, name, wanted in (*missed, *hit)]
