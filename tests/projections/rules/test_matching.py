"""Which incidents a rule looks at, and in which group: by the evaluator's own filter and by SQL, the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.values import Quantity, micros
from projections.apply import apply_batch
from projections.claims import HowMany
from projections.rules.begin import Stretch
from projections.rules.compiling import compile_rule
from projections.rules.durations import UNITS
from projections.rules.filters import QUANTITIES, Fields
from projections.rules.matching import FIELDS, Views, members_of, said_of, view_of
from projections.rules.model import FOREVER, Bounds, Group, Member, Rule
from projections.rules.words import Measure
from projections.store.file import PartitionFile
from projections.store.groups import TableGroups
from tests import facts
from tests.projections.rules.histories import examples
from tests.projections.rules.world import incident

VALUES: dict[str, list[str]] = {
    "class": ["attack", "strike"],
    "site": ["north", "south", "east"],
    "country": ["IQ", "SY"],
    "admin1": ["Anbar", "Homs"],
    "site_kind": ["base", "town"],
    "actor": ["militia", "army"],
    "member_of": ["league", "front", "army", "nobody"],
    "attribution": ["claimed", "suspected", "none"],
    "weapon": ["drone", "rocket"],
    "outcome": ["hit"],
    "confidence": ["low", "high"],
}
SPREAD = Quantity(low=1, best=2, high=4, qualifier="about")  # no two of its bounds are alike
ABOUT_7 = HowMany(None, 7, None, "about")
BY = [*VALUES, "weapon", "member_of"]  # those two thrice as often: an incident may be in several of their groups


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PartitionFile]:
    """Incidents that differ in everything a rule can look at; one is retracted, one known to the month only."""
    it = PartitionFile(tmp_path_factory.mktemp("matching") / "p0.duckdb", 0, 1)
    who = [("militia", "claimed"), ("army", "suspected"), None]
    told = [
        facts.reported(
            f"i{number}",
            day=f"2023-10-{1 + number % 20:02}",
            last_day=f"2023-10-{30 if number == 5 else 1 + number % 20:02}",
            site=VALUES["site"][number % 3],
            incident_class=VALUES["class"][number % 2],
            **({"actor": actor} if (actor := who[number % 3]) else {}),
            **({"weapons": weapons} if (weapons := (("drone",), (), ("drone", "rocket"), None)[number % 4]) else {}),
            **({"outcome": "hit"} if number % 5 else {}),
            **({"munitions": (3, "at least 2", "dozens", "about 7", SPREAD)[number % 5]} if number % 4 else {}),
            **({"wounded": {"us": 2, "civilian": "at least 5"}} if number % 6 == 0 else {}),
            **({"confidence": ("low", "high")[number % 2]} if number % 7 else {}),
        )
        for number in range(40)
    ]
    at = {"at": "2023-01-01T00:00:00Z"}
    stage = [
        facts.opened(**at),
        facts.site("north", "IQ", "base", admin1="Anbar", **at),
        facts.site("south", "SY", "town", admin1="Homs", **at),
        facts.site("east", "IQ", "base", **at),
        *(facts.actor(name, **at) for name in ("league", "front")),
        *(facts.actor(name, member_of=above, **at) for name, above in (("militia", ["front"]), ("army", []))),
        facts.actor("front", member_of=["league"], **at),
        facts.actor("league", member_of=["front"], **at),  # in a circle
    ]
    records = facts.records([*stage, *told, facts.retracted("i7")])
    apply_batch(it, records, 0, len(records))
    yield it
    it.close()


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """Rules with filters of every field."""

    def fields() -> dict[str, list[str]]:
        names = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=2, unique=True))
        return {name: draw(st.lists(st.sampled_from(VALUES[name]), min_size=1, unique=True)) for name in names}

    def amounts() -> dict[str, Any]:
        """Comparisons of quantities, few of them for what is rare."""
        one = st.builds("{} {}".format, st.sampled_from([">=", ">", "<=", "<", "="]), st.integers(0, 8))
        by_party = st.dictionaries(st.sampled_from(["us", "civilian"]), one, min_size=1)
        return draw(st.fixed_dictionaries({}, optional={"munitions": one, "wounded": by_party}))

    by = draw(st.lists(st.sampled_from(BY), max_size=2, unique=True))
    window, bound = draw(st.sampled_from(["all", "1d", "7d", "60d"])), draw(st.sampled_from(["low", "best", "high"]))
    return {
        "id": "r",
        "levels": {"watch": 1},
        "where": fields() | amounts(),
        "not": fields() | amounts(),
        "by": by,
        "window": window,
        "bound": bound,
    }


@st.composite
def stretches(draw: st.DrawFn) -> list[Stretch]:
    """Stretches of time that lie apart, most of them in the days of the incidents."""
    ends = draw(st.lists(st.integers(-3, 25), min_size=1, max_size=4, unique=True).map(sorted))
    days = [micros(facts.moment("2023-10-01")) + day * UNITS["d"] for day in ends]
    return list(zip([-FOREVER, *days][::2], [*days, FOREVER][::2], strict=False))


@examples(60)
@given(content=contents(), wanted=stretches())
def test_sql_and_the_evaluator_look_at_the_same_incidents(
    file: PartitionFile, content: dict[str, Any], wanted: list[Stretch]
) -> None:
    """Given any rule, when its groups are looked up, then each has the members that the evaluator would give it."""
    rule, tables = compile_rule(content), TableGroups(file.con, file.known)
    view, expected = view_of(rule), dict[Group, list[Member]]()
    for it in tables.standing("test"):
        for group in view(it):
            expected.setdefault(group, []).append(Member(it.at, it.number))

    absent = ("nowhere",) * len(rule.by) if rule.by else ()
    found = tables.members("test", rule, dict.fromkeys([*expected, absent], wanted))

    assert found == {absent: []} | {
        group: sorted(it for it in members if any(after < it.at <= until for after, until in wanted))
        for group, members in expected.items()
    }


MEASURES = [
    *((Measure.SUM, of) for of in ("munitions", "wounded.us", "killed.us")),
    *(
        (measure, of)
        for measure in (Measure.DISTINCT, Measure.NEW)
        for of in ("weapon", "actor", "site_kind", "outcome")
    ),
    (Measure.SURGE, ""),
]


@pytest.mark.parametrize(("measure", "of"), MEASURES)
@pytest.mark.parametrize("bound", ["low", "best", "high"])
def test_sql_and_the_evaluator_make_the_same_members_of_an_incident(
    file: PartitionFile, measure: Measure, of: str, bound: str
) -> None:
    """Given a measure, when its groups are looked up, then values and weights are those that the evaluator sees."""
    rule = Rule("r", (1,), by=("site",), measure=measure, of=of, bound=bound, window=UNITS["d"])
    tables = TableGroups(file.con, file.known)
    expected = {key[1]: those for key, those in members_of([rule], tables.standing("test")).items()}

    found = tables.members("test", rule, {(site,): [(-FOREVER, FOREVER)] for site in VALUES["site"]})

    assert {group: sorted(those) for group, those in found.items() if those} == expected
    assert expected or of == "killed.us"


def test_the_bounds_of_a_sum_are_told_apart(file: PartitionFile) -> None:
    """Given a quantity whose bounds differ, when a rule of each bound looks at it, then each has its own weight."""
    weights = {}
    for bound in ("low", "best", "high"):
        rule = Rule("r", (1,), measure=Measure.SUM, of="munitions", bound=bound)
        members = TableGroups(file.con, file.known).members("test", rule, {(): [(-FOREVER, FOREVER)]})[()]
        weights[bound] = {it.weight for it in members if it.bounds == Bounds(1, 2, 4, 0, 0)}

    assert weights == {"low": {1}, "best": {2}, "high": {4}}


class TestAnIncident:
    """What makes a rule look at one incident."""

    @pytest.mark.parametrize(
        ("said", "rule", "group"),
        [
            ({}, Rule("r", (1,)), ()),
            ({}, Rule("r", (1,), by=("site", "country")), ("north", "IQ")),
            ({"actor": None}, Rule("r", (1,), by=("actor",)), None),
            ({"weapons": ("drone",)}, Rule("r", (1,), where=(("weapon", frozenset({"drone", "gun"})),)), ()),
            ({"weapons": ()}, Rule("r", (1,), where=(("weapon", frozenset({"drone"})),)), None),
            ({"weapons": ("drone", "gun")}, Rule("r", (1,), excluded=(("weapon", frozenset({"gun"})),)), None),
            ({"actor": None}, Rule("r", (1,), excluded=(("actor", frozenset({"army"})),)), ()),
            ({"umbrellas": ("a", "b")}, Rule("r", (1,), where=(("member_of", frozenset({"b", "c"})),)), ()),
            ({}, Rule("r", (1,), where=(("member_of", frozenset({"b"})),)), None),
            ({"umbrellas": ("a", "b")}, Rule("r", (1,), excluded=(("member_of", frozenset({"a"})),)), None),
            ({}, Rule("r", (1,), amounts=(("munitions", ">=", 0),)), None),
            ({}, Rule("r", (1,), excluded_amounts=(("munitions", ">=", 0),)), ()),
            ({"munitions": ABOUT_7}, Rule("r", (1,), amounts=(("munitions", ">", 6),)), ()),
            ({"munitions": ABOUT_7}, Rule("r", (1,), amounts=(("munitions", ">", 6), ("munitions", "<", 7))), None),
            ({"munitions": ABOUT_7}, Rule("r", (1,), amounts=(("munitions", "=", 7),), bound="low"), None),
            ({"munitions": ABOUT_7}, Rule("r", (1,), excluded_amounts=(("munitions", "<=", 7),), bound="high"), None),
            ({"wounded": {"us": ABOUT_7}}, Rule("r", (1,), amounts=(("wounded.us", "=", 7),)), ()),
            ({"wounded": {"us": ABOUT_7}}, Rule("r", (1,), amounts=(("wounded.iq", ">", 0),)), None),
            ({"until": 8}, Rule("r", (1,), window=7), ()),
            ({"until": 9}, Rule("r", (1,), window=7), None),
            ({"until": 9}, Rule("r", (1,), window=FOREVER), ()),
        ],
        ids=[
            "no filter and no group",
            "a group of two fields",
            "no group without the field",
            "any of its weapons",
            "none of its weapons",
            "one excluded weapon is enough",
            "what is unknown is not excluded",
            "a member of one umbrella",
            "no member without an actor",
            "an excluded umbrella",
            "no quantity that is not known",
            "what is not known is more than nothing, but is not excluded",
            "as many as it says",
            "all comparisons must hold",
            "a bound that is not stated, and none below it",
            "a bound that falls to a lower one",
            "the wounded of a party",
            "the wounded of another party",
            "as long as the window",
            "longer than the window",
            "never longer than everything",
        ],
    )
    def test_belongs_to(self, said: dict[str, Any], rule: Rule, group: Group | None) -> None:
        """Given an incident and a rule, when they meet, then it belongs to this group, or to none."""
        assert [*view_of(rule)(incident(1, 1, **said))] == ([] if group is None else [group])

    @pytest.mark.parametrize(
        ("by", "where", "groups"),
        [
            (("weapon",), {}, [("drone",), ("gun",)]),
            (("weapon",), {"weapon": {"gun", "bomb"}}, [("gun",)]),
            (("weapon",), {"weapon": {"bomb"}}, []),
            (("member_of",), {}, [("militia",), ("front",), ("league",)]),
            (("member_of",), {"member_of": {"league", "front"}}, [("front",), ("league",)]),
            (("site", "weapon"), {}, [("north", "drone"), ("north", "gun")]),
            (("weapon", "outcome"), {}, []),
            (
                ("weapon", "member_of"),
                {"member_of": {"front", "militia"}},
                [(one, other) for one in ("drone", "gun") for other in ("front", "militia")],
            ),
        ],
        ids=[
            "each of its weapons",
            "of the weapons that are asked for, those that it has",
            "no weapon that is asked for",
            "its actor and all above it",
            "of those above it, those that are asked for",
            "each weapon at its site",
            "no group without the other field",
            "each of the one with each of the other",
        ],
    )
    def test_of_several_values_belongs_to_several_groups(
        self, by: tuple[str, ...], where: dict[str, set[str]], groups: list[Group]
    ) -> None:
        """Given an incident of two weapons and a rule by weapon, when they meet, then it belongs to both groups."""
        it = incident(1, 1, weapons=("gun", "drone", "gun"), umbrellas=("militia", "front", "league"), outcome=None)
        rule = Rule("r", (1,), by=by, where=tuple((name, frozenset(those)) for name, those in where.items()))

        assert sorted(view_of(rule)(it)) == sorted(groups)


@pytest.mark.parametrize(
    ("incident_class", "asked"),
    [("attack", ["attacks", "any", "both"]), ("strike", ["any", "both"]), ("seizure", ["any"])],
)
def test_rules_are_asked_about_the_classes_that_they_name(incident_class: str, asked: list[str]) -> None:
    """Given rules that name classes and one that names none, then each is asked about its own, that one about all."""
    classes = {"attacks": {"attack"}, "any": None, "both": {"attack", "strike"}}
    rules = [Rule(it, (1,), where=(("class", frozenset(those)),) if those else ()) for it, those in classes.items()]

    assert [rule_id for rule_id, _, _ in Views(rules).of(incident_class)] == asked


@pytest.mark.parametrize(
    ("name", "bound", "expected"),
    [
        ("site", "best", ["north"]),
        ("actor", "best", []),
        ("weapon", "best", ["drone", "gun"]),
        ("munitions", "best", [2]),
        ("munitions", "high", [4]),
        ("wounded.us", "best", [7]),
        ("wounded.us", "low", []),
        ("wounded.iq", "best", []),
        ("targets", "best", []),
    ],
)
def test_what_an_incident_says_of_a_field_are_its_values(name: str, bound: str, expected: list[str | int]) -> None:
    """Given an incident, when it is asked for a field of a rule, then it says each value, a bound, or nothing."""
    munitions = HowMany(1, 2, 4, "about")
    it = incident(1, 1, weapons=("drone", "gun"), munitions=munitions, wounded={"us": ABOUT_7})

    assert said_of(name, it, bound) == expected


def test_every_field_of_a_rule_can_be_matched() -> None:
    """Given the fields that a rule may name, when the filter and these tests are asked, then they know the same."""
    known = {field.alias or name for name, field in Fields.model_fields.items()}

    assert known - set(QUANTITIES) == set(FIELDS) == set(VALUES)
