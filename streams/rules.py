"""Rules on their way into the log: what is in force, what was, and the event that adopts others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from events import ids
from events.errors import ConfigInvalid, NotFound
from events.log import Event
from events.model import RulesAdopted
from events.values import Source, iso
from projections.rules.comparing import compare
from projections.rules.spec import Content, content_hash
from projections.store.reader import Reader

OPERATOR: Final = Source(feed="operator")


class InForce(NamedTuple):
    """The rules of a timeline as the snapshots have them."""

    timeline: str
    now: datetime | None  # the clock of a replayed timeline, which the replayer alone moves on; None: it is live
    rules: list[Content]  # in the order of evaluation
    adopted_offset: int | None  # where they were adopted; None: none ever were
    partition: int  # where the timeline lives
    next_offset: int  # of the partition; what stands there and later is not in the snapshot


def in_force(reader: Reader, timeline: str | None) -> InForce:
    """The rules of a timeline; of the only one there is when none is named.

    Raises:
        NotFound: there is no such timeline.
        ConfigInvalid: there are several, or none, and none is named.
    """
    row = timeline_of(reader, timeline)
    name = row["timeline"]
    now = None if row["clock_kind"] == "live" else datetime.fromisoformat(row["clock"])
    rules = [it["content"] for it in reader.rows("rules", timelines=[name], rules=None)]
    [end] = [it.next_offset for it in reader.as_of if it.partition == row["partition"]]
    return InForce(name, now, rules, row["adopted_offset"], row["partition"], end)


def timeline_of(reader: Reader, timeline: str | None) -> dict[str, Any]:
    """How a timeline stands; the only one there is when none is named.

    Raises:
        NotFound: there is no such timeline.
        ConfigInvalid: there are several, or none, and none is named.
    """
    known = {row["timeline"]: row for row in reader.rows("timelines")}
    name = next(iter(known)) if timeline is None and len(known) == 1 else timeline
    if name is None or name not in known:
        wanted, fault = (
            ("a timeline (--timeline)", ConfigInvalid) if name is None else (f"the timeline {name!r}", NotFound)
        )
        raise fault(f"expected {wanted} among those that are open, found {', '.join(known) or 'none'}")
    return known[name]


def history(reader: Reader, timelines: Sequence[str] | None) -> list[dict[str, Any]]:
    """Every adoption of rules, the oldest of each timeline first, with what it changed."""
    found, before = [], dict[str, list[Content]]()
    for row in reader.rows("rules_history", timelines=timelines):
        rules = row.pop("rules")
        changes = compare(before.get(row["timeline"], []), rules)
        before[row["timeline"]] = rules
        found.append({**row, "rules": [it["id"] for it in rules], **changes._asdict()})
    return found


def adoption(here: InForce, rules: Sequence[Content], who: str, why: str, now: datetime) -> Event:
    """The event that adopts rules.

    Its id names the adoption before it: what was in force once can be adopted again. And it names who says so, and
    why, as all that an event says must follow from its id: two people who adopt the same rules adopt them twice.
    """
    at = here.now or now.replace(microsecond=now.microsecond // 1000 * 1000)
    digest = content_hash(rules)
    fact = RulesAdopted(source=OPERATOR, who=who, why=why, rules=tuple(rules), content_hash=digest)
    identity = ids.event_id(here.timeline, fact.kind, digest, iso(at), f"after {here.adopted_offset}", who, why)
    return Event(identity, here.timeline, at, fact)
