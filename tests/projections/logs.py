"""Histories for property tests: what a log may hold, in any order that a producer could send."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st

from events.codec import from_record
from events.errors import EventRejected
from events.log import Event, Record, Written
from events.model import IncidentCorrected
from projections.rules.form import RuleSpec
from projections.rules.spec import content_hash, normalise
from tests import facts

START = datetime(2023, 10, 17, 12, tzinfo=UTC)
NAMES = ("a", "b", "c", "d")
SITES = {"north": "IQ", "south": "SY", "east": "IQ"}


def share(count: int) -> int:
    """So many examples, or the share of them that the profile has of a hundred."""
    return max(count * settings().max_examples // 100, 1)


def stage(timeline: str) -> list[Event]:
    """A timeline, its sites and its actors."""
    at = {"at": START - timedelta(days=1), "timeline": timeline}
    sites = [facts.site(name, country, **at) for name, country in SITES.items()]
    return [facts.opened(clock="replayed", **at), *sites, *(facts.actor(who, **at) for who in ("militia", "army"))]


_days = st.integers(1, 28).map(lambda day: f"2023-10-{day:02}")
_quantities = st.sampled_from([None, {"us": 2}, {"us": "at least 3", "civilian": "dozens"}])
_told = {
    "site": st.sampled_from(sorted(SITES)),
    "day": _days,
    "actor": st.sampled_from([("militia", "claimed"), ("army", "suspected")]),
    "weapons": st.sampled_from([(), ("drone",), ("drone", "rocket")]),
    "wounded": _quantities,
    "incident_class": st.sampled_from(["attack", "context"]),
}


RULES = [
    {"id": "site-again", "title": "Again at one site", "where": {"class": "attack"}, "by": ["site"], "window": "7d"}
    | {"levels": {"watch": 1, "warning": 2, "critical": 3}, "updates": "all"},
    {"id": "country", "title": "In one country", "by": ["country", "actor"], "window": "3d", "keep_firing": "2d"}
    | {"levels": {"watch": 2, "critical": 4}, "clear_below": 1},
    {"id": "ever", "title": "Ever since", "not": {"weapon": "rocket"}, "window": "all", "levels": {"warning": 3}},
    {"id": "site-again", "title": "Again at one site, sooner", "by": ["site"], "window": "10d", "levels": {"watch": 1}}
    | {"updates": "none"},
    {
        "id": "hurt",
        "measure": {"sum": "wounded.us"},
        "bound": "high",
        "by": ["site"],
        "window": "9d",
        "levels": {"watch": 2, "warning": 5},
    },
    {
        "id": "arms",
        "measure": {"distinct": "weapon"},
        "by": ["country"],
        "window": "6d",
        "levels": {"watch": 1, "warning": 2},
        "updates": "all",
    },
    {
        "id": "unheard",
        "measure": {"new": "weapon"},
        "by": ["actor"],
        "window": "5d",
        "levels": {"watch": 1, "critical": 2},
    }
    | {"learn_until": "2023-10-04"},
    {
        "id": "more",
        "measure": {"surge": 2},
        "where": {"class": "attack"},
        "window": "4d",
        "levels": {"watch": 2, "warning": 4},
        "clear_below": 1,
    },
    {
        "id": "quiet",
        "measure": "silence",
        "by": ["site"],
        "levels": {"watch": "2d", "warning": "9d"},
        "keep_firing": "1d",
    },
    {
        "id": "bloody",
        "where": {"wounded": {"us": ">= 3"}},
        "not": {"wounded": {"civilian": ">= 30"}},
        "by": ["site"],
        "levels": {"watch": 1},
    },
    {"id": "umbrella", "where": {"member_of": "army"}, "not": {"member_of": "militia"}, "levels": {"watch": 1}},
    {"id": "each-arm", "by": ["weapon", "country"], "window": "8d", "levels": {"watch": 1, "warning": 2}},
    {"id": "one-arm", "where": {"weapon": ["rocket", "gun"]}, "by": ["weapon"], "levels": {"watch": 1}}
    | {"measure": {"sum": "wounded.us"}},
    {"id": "above", "by": ["member_of"], "measure": {"distinct": "weapon"}, "window": "7d", "levels": {"watch": 1}},
]
SETS = [(0, 1, 2), (4, 5, 9), (6, 7, 8, 10), (11, 12, 13)]  # most measures but the count


def adopted(timeline: str, at: datetime, *places: int) -> Event:
    """The adoption of some of the rules above."""
    rules = [normalise(RuleSpec.model_validate({"measure": "count"} | RULES[place])) for place in places]
    return facts.adopted(*rules, content_hash=content_hash(rules), at=at, timeline=timeline)


KINDS = (
    ("reported",) * 5
    + ("corrected",) * 3
    + ("merged",) * 2
    + ("split",) * 2
    + ("retracted", "site", "actor", "tick", "rules")
)


@st.composite
def bodies(draw: st.DrawFn, timeline: str) -> list[Event]:  # noqa: C901, PLR0912, PLR0915  (one case a kind)
    """Events about a handful of incidents in any order; most fit what came before, some do not."""
    events: list[Event] = []
    merges = [("a", "b")]
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=4, max_size=14)):
        one, other = draw(st.permutations(NAMES))[:2]
        envelope = {"at": START + timedelta(days=draw(st.integers(-40, 40))), "timeline": timeline}
        match kind:
            case "reported":
                events.append(facts.reported(one, **envelope, **_some(draw, optional=False)))
            case "corrected":
                events.append(facts.corrected(one, **envelope, **_some(draw, optional=True)))
            case "merged":
                merges.append((one, other))
                events.append(facts.merged(one, other, **envelope))
            case "split":
                events.append(facts.split(*draw(st.sampled_from(merges)), **envelope))
            case "retracted":
                events.append(facts.retracted(one, **envelope))
            case "site":
                events.append(facts.site(draw(_told["site"]), draw(st.sampled_from(["IQ", "SY"])), **envelope))
            case "actor":
                above = draw(st.sampled_from([(), ("army",), ("militia",)]))
                events.append(facts.actor(draw(st.sampled_from(["militia", "army"])), member_of=above, **envelope))
            case "rules":
                events.append(
                    adopted(timeline, envelope["at"], *draw(st.sampled_from([(0,), (3, 2), (1, 0, 2), *SETS])))
                )
            case _:
                events.append(facts.ticked(**envelope))
    return events


def _some(draw: st.DrawFn, *, optional: bool) -> dict[str, object]:
    names = draw(st.lists(st.sampled_from(sorted(_told)), min_size=1, unique=True)) if optional else sorted(_told)
    said = {name: draw(_told[name]) for name in names}
    return said if optional else {name: value for name, value in said.items() if value is not None}


_poison = st.sampled_from([b"", b"{", b"\xff\xfe", b'{"source": 7}', None])


@st.composite
def logs(draw: st.DrawFn, timelines: Sequence[str] = ("one", "two")) -> list[Record]:
    """A partition's log: the stage of each timeline, then events of them interleaved, copies and poison among them."""
    at = START - timedelta(days=1)
    events = [event for it in timelines for event in (*stage(it), adopted(it, at, *draw(st.sampled_from(SETS))))]
    rest = {timeline: draw(bodies(timeline)) for timeline in timelines}
    turns = draw(st.permutations([timeline for timeline, body in rest.items() for _ in body]))
    records: list[Written] = facts.records([*events, *(rest[timeline].pop(0) for timeline in turns)])
    for _ in range(draw(st.integers(0, 3))):
        one = draw(st.sampled_from(records))
        copy = one if draw(st.booleans()) else one._replace(value=draw(_poison))
        records.insert(draw(st.integers(len(events), len(records))), copy)
    return [record._replace(offset=offset) for offset, record in enumerate(records)]


def features(records: Sequence[Record]) -> set[str]:
    """What a history holds of that which makes histories hard; of the events that are well-formed."""
    events = [event for event in map(_event, records) if event is not None]
    found = {event.fact.kind for event in events}
    changed = {name for it in events if isinstance(it.fact, IncidentCorrected) for name in it.fact.changes.stated()}
    times = [it.recorded_at for it in events if it.timeline == "one"]
    late = [
        it for it in events if it.fact.happened() and it.recorded_at - it.fact.happened().latest > timedelta(days=9)
    ]
    tests = {
        "merge and split": {"incidents.merged", "incidents.split"} <= found,
        "correction of when or where": bool({"occurred", "site"} & changed),
        "late facts": bool(late),
        "out of order": times != sorted(times),
    }
    return {name for name, holds in tests.items() if holds}


def _event(record: Record) -> Event | None:
    try:
        return from_record(record)
    except EventRejected:
        return None


@st.composite
def cuts(draw: st.DrawFn, length: int) -> list[tuple[int, int]]:
    """Consecutive (start, end) that cover a log of some length."""
    inner = draw(st.lists(st.integers(1, length - 1), unique=True, max_size=6)) if length > 1 else []
    edges = [0, *sorted(inner), length]
    return list(pairwise(edges))
