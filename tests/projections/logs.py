"""Histories for property tests: what a log may hold, in any order that a producer could send."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from events.log import Event, Record, Written
from tests import facts

START = datetime(2023, 10, 17, 12, tzinfo=UTC)
NAMES = ("a", "b", "c", "d")
SITES = {"north": "IQ", "south": "SY", "east": "IQ"}


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


@st.composite
def told(draw: st.DrawFn, timeline: str) -> Event:
    """One event about an incident; it may or may not fit what came before."""
    name, other = draw(st.sampled_from(NAMES)), draw(st.sampled_from(NAMES))
    late = draw(st.integers(-40, 40))  # days; recorded times do not come in order
    envelope = {"at": START + timedelta(days=late), "timeline": timeline}
    kind = draw(
        st.sampled_from(
            ["reported"] * 5 + ["corrected"] * 3 + ["merged"] * 2 + ["split"] * 2 + ["retracted", "site", "tick"]
        )
    )
    match kind:
        case "reported":
            return facts.reported(name, **envelope, **_some(draw, optional=False))
        case "corrected":
            return facts.corrected(name, **envelope, **_some(draw, optional=True))
        case "merged":
            return facts.merged(name, other, **envelope)
        case "split":
            return facts.split(name, other, **envelope)
        case "retracted":
            return facts.retracted(name, **envelope)
        case "site":
            return facts.site(draw(_told["site"]), draw(st.sampled_from(["IQ", "SY"])), **envelope)
        case _:
            return facts.ticked(**envelope)


def _some(draw: st.DrawFn, *, optional: bool) -> dict[str, object]:
    names = draw(st.lists(st.sampled_from(sorted(_told)), min_size=1, unique=True)) if optional else sorted(_told)
    said = {name: draw(_told[name]) for name in names}
    return said if optional else {name: value for name, value in said.items() if value is not None}


_poison = st.sampled_from([b"", b"{", b"\xff\xfe", b'{"source": 7}', None])


@st.composite
def logs(draw: st.DrawFn, timelines: Sequence[str] = ("one", "two"), rules: Sequence[Event] = ()) -> list[Record]:
    """A partition's log: the stage of each timeline, then events of them interleaved, copies and poison among them."""
    events = [event for timeline in timelines for event in stage(timeline)] + list(rules)
    body = draw(st.lists(st.sampled_from(list(timelines)).flatmap(told), min_size=4, max_size=14))
    records: list[Written] = facts.records([*events, *body])
    for _ in range(draw(st.integers(0, 3))):
        one = draw(st.sampled_from(records))
        copy = one if draw(st.booleans()) else one._replace(value=draw(_poison))
        records.insert(draw(st.integers(len(events), len(records))), copy)
    return [record._replace(offset=offset) for offset, record in enumerate(records)]


@st.composite
def cuts(draw: st.DrawFn, length: int) -> list[tuple[int, int]]:
    """Consecutive (start, end) that cover a log of some length."""
    inner = draw(st.lists(st.integers(1, length - 1), unique=True, max_size=6)) if length > 1 else []
    edges = [0, *sorted(inner), length]
    return list(zip(edges, edges[1:], strict=False))
