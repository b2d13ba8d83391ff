"""Strategies for facts and events of every type, as wide as the contract allows."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from events import model, values
from events.log import Event

FIRST, LAST = datetime(1900, 1, 1), datetime(2199, 12, 31, 23, 59, 59)  # noqa: DTZ001 -- hypothesis adds the zone

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=40)
lines = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40)
ids = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:@+-]{0,20}\Z")
instants = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
days = st.dates(date(1900, 1, 1), date(2199, 12, 31))
numbers = st.integers(0, values.GREATEST)
countries = st.from_regex(r"\A[A-Z]{2}\Z")
uuids = st.uuids().map(str)
wide_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts | st.floats(-1e15, 1e15),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def some(strategy: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


@st.composite
def occurred(draw: st.DrawFn) -> values.Occurred:
    precision = draw(st.sampled_from(values.Precision))
    earliest = draw(st.datetimes(FIRST, datetime(2199, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    span = timedelta(0)
    if precision is not values.Precision.INSTANT:
        span = draw(st.timedeltas(values.MICROSECOND, timedelta(days=300)))
    return values.Occurred(earliest=earliest, latest=earliest + span, precision=precision)


@st.composite
def quantities(draw: st.DrawFn) -> values.Quantity:
    bounds = sorted(draw(st.lists(numbers, min_size=3, max_size=3)))
    kept = draw(st.sets(st.sampled_from(("low", "best", "high")), min_size=1))
    said = {name: bound for name, bound in zip(("low", "best", "high"), bounds, strict=True) if name in kept}
    return values.Quantity(**said, qualifier=draw(st.sampled_from(values.Qualifier)))


@st.composite
def sources(draw: st.DrawFn) -> values.Source:
    who = {draw(st.sampled_from(("document", "feed"))): draw(ids)}
    graded = {"reliability": st.sampled_from(values.Reliability), "credibility": st.integers(1, 6)}
    return values.Source(**who, places=draw(some(lines)), **draw(st.fixed_dictionaries({}, optional=graded)))


attributed = st.builds(values.Attributed, actor=ids, attribution=st.sampled_from(values.Attribution)) | st.builds(
    values.Attributed, attribution=st.sampled_from((values.Attribution.DISPUTED, values.Attribution.NONE))
)
by_party = st.dictionaries(ids, quantities(), max_size=3)
OPTIONAL = {
    "munitions": quantities(),
    "targets": quantities(),
    "wounded": by_party,
    "killed": by_party,
    "actor": attributed,
    "weapons": some(ids),
    "outcome": ids,
    "confidence": st.sampled_from(("low", "medium", "high")),
}
NEEDED = {"incident_class": ids, "occurred": occurred(), "site": ids}


def reports(least: int = 0) -> st.SearchStrategy[model.Report]:
    """Reports that state anything, take back anything that can be taken back, and nothing else."""
    fields = NEEDED | {name: st.none() | strategy for name, strategy in OPTIONAL.items()}
    said = st.fixed_dictionaries({}, optional=fields).filter(lambda it: len(it) >= least)
    return said.map(lambda it: model.Report(**it))


@st.composite
def ordered_days(draw: st.DrawFn, *names: str) -> dict[str, date]:
    found = sorted(draw(st.lists(days, min_size=len(names), max_size=len(names))))
    return dict(zip(names, found, strict=True))


def fields(**needed: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(needed)


counts = st.builds(
    model.Counts,
    measure=st.sampled_from(("incidents", "sites")),
    incident_class=st.none() | ids,
    site_kind=st.none() | ids,
) | st.builds(model.Counts, measure=st.sampled_from(("wounded", "killed")), incident_class=ids, party=ids)
decided = {"who": lines, "why": texts}
merged = st.lists(ids, min_size=1, max_size=3).map(tuple)
SAID: dict[type[model.Fact], st.SearchStrategy[dict[str, Any]]] = {
    model.TimelineOpened: fields(title=lines, clock=st.sampled_from(("live", "replayed"))),
    model.SiteRegistered: fields(
        site=ids, name=lines, aliases=some(lines), site_kind=ids, country=countries, admin1=st.none() | lines,
        lat=st.none() | st.floats(-90, 90), lon=st.none() | st.floats(-180, 180), unnamed=st.booleans(),
    ),
    model.ActorRegistered: fields(actor=ids, name=lines, aliases=some(lines), actor_kind=ids, member_of=some(ids)),
    model.DocumentRegistered: st.builds(
        lambda days, rest: {**days, **rest},
        ordered_days("earliest", "published", "latest"),
        fields(document=ids, title=st.none() | lines, inferred=st.booleans(), basis=lines),
    ),
    model.IncidentReported: fields(incident=ids, report=reports()),
    model.IncidentCorrected: fields(incident=ids, changes=reports(least=1)),
    model.IncidentsMerged: fields(survivor=ids, merged=merged, reason=texts),
    model.IncidentsSplit: fields(survivor=ids, split=merged, reason=texts),
    model.IncidentRetracted: fields(incident=ids, reason=texts),
    model.TallyAsserted: st.builds(
        lambda days, rest: {**days, **rest},
        ordered_days("since", "as_of"),
        fields(
            assertion=ids, metric=ids, total=quantities(), asserted_by=st.none() | lines, counts=st.none() | counts,
            scope=st.builds(model.Scope, country=st.none() | countries, site=st.none() | ids, actor=st.none() | ids),
        ),
    ),
    model.StatementIssued: fields(
        statement=ids, statement_kind=st.sampled_from(model.StatementKind), occurred=occurred(), actor=ids,
        summary=texts, incidents=some(ids),
    ),
    model.PostureChanged: fields(
        posture=ids, what=ids, strength=st.none() | quantities(), level=st.none() | lines, actor=st.none() | ids,
        country=st.none() | countries, site=st.none() | ids, occurred=st.none() | occurred(),
    ),
    model.ClockTicked: fields(),
    model.RulesAdopted: fields(
        rules=some(st.dictionaries(texts, wide_json, max_size=3)), content_hash=st.from_regex(r"\A[0-9a-f]{64}\Z"),
        **decided,
    ),
    model.AlertAcknowledged: fields(alert=ids, **decided),
    model.AlertsSilenced: fields(
        silence=ids, rule=ids, group=st.none() | some(lines), until=instants, **decided
    ),
    model.SilenceLifted: fields(silence=ids, **decided),
    model.ProjectionAdopted: fields(projection_version=st.integers(1, 1_000_000), **decided),
}  # fmt: skip


@st.composite
def facts(draw: st.DrawFn, *types: type[model.Fact]) -> model.Fact:
    """A fact of one of these types, or of any."""
    fact = draw(st.sampled_from(types or model.FACTS))
    note = draw(st.fixed_dictionaries({}, optional={"note": texts}))
    return fact(source=draw(sources()), **draw(SAID[fact]), **note)


def whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)


events = st.builds(
    Event,
    event_id=uuids,
    timeline=ids,
    recorded_at=instants.map(whole_milliseconds),
    fact=facts(),
    causation_id=st.none() | uuids,
    correlation_id=st.none() | uuids,
)
