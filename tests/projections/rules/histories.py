"""Rules and histories for property tests. Instants count in small whole numbers, so that edges meet often."""

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import settings
from hypothesis import strategies as st

from projections.rules.counting import CountTrack
from projections.rules.lined import LinedTrack
from projections.rules.model import FOREVER, SEVERITIES, Member, Rule
from projections.rules.track import Track
from projections.rules.words import Measure
from tests.projections.logs import share

PROVE = 10_000 if os.environ.get("TOCSIN_PROVE") == "1" else None  # `make prove`
INSTANTS = st.integers(0, 24)


def examples(count: int) -> Callable[[Any], Any]:
    """So many examples; 10 000 with `make prove`, a share with the profile `few`."""

    def asked(test: Any) -> Any:
        made = settings(max_examples=PROVE or share(count), deadline=None)(test)
        made.examples = count  # the dearer a property, the fewer
        return made

    return asked


OF = {Measure.SUM: "munitions", Measure.DISTINCT: "actor", Measure.NEW: "actor"}


@st.composite
def rules(draw: st.DrawFn, measures: Sequence[Measure] = tuple(Measure)) -> Rule:
    """A rule of any shape."""
    measure = draw(st.sampled_from(measures))
    windows = st.integers(1, 6)
    if measure not in (Measure.SURGE, Measure.SILENCE):
        windows |= st.just(FOREVER)
    levels = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3, unique=True).map(sorted))
    severities = draw(st.lists(st.sampled_from(SEVERITIES), min_size=len(levels), max_size=len(levels), unique=True))
    return Rule(
        "r",
        tuple(levels),
        tuple(sorted(severities, key=SEVERITIES.index)),
        window=draw(windows),
        measure=measure,
        of=OF.get(measure, ""),
        bound=draw(st.sampled_from(["low", "best", "high"])),
        preceding=draw(st.integers(1, 3)),
        learn_until=draw(st.just(-FOREVER) | st.integers(0, 12)),
        since=draw(st.just(-FOREVER) | st.integers(0, 6)),
        clear=draw(st.none() | st.integers(1, levels[0])),
        keep_firing=draw(st.integers(0, 4)),
    )


def track_of(rule: Rule, clock: int = -FOREVER, members: Sequence[Member] = ()) -> Track:
    """A track of the kind that the measure asks for."""
    return (CountTrack if rule.measure is Measure.COUNT else LinedTrack)(rule, clock, members)


class Step(NamedTuple):
    """What one event does to one group."""

    clock: int
    old: Member | None = None
    new: Member | None = None


@st.composite
def steps(draw: st.DrawFn, longest: int = 22) -> list[Step]:
    """A history of one group: reports, late ones, corrections of time, retractions, ticks."""
    clock, standing, found = 0, dict[int, Member](), list[Step]()
    for number in range(draw(st.integers(0, longest))):
        clock += draw(st.integers(0, 4))
        kind = draw(st.sampled_from(["report", "report", "report", "correct", "retract", "tick"]))
        old = new = None
        if kind in ("correct", "retract") and standing:
            old = standing.pop(draw(st.sampled_from(sorted(standing))))
        if kind == "report" or (kind == "correct" and old):
            said = draw(st.sampled_from("abc")), draw(st.integers(1, 3))
            new = Member(draw(INSTANTS), old.number if old else number, *said)
            standing[new.number] = new
        found.append(Step(clock, old, new))
    return found


def standing_after(history: Sequence[Step]) -> dict[int, Member]:
    """The members that are there at the end."""
    standing: dict[int, Member] = {}
    for step in history:
        if step.old:
            del standing[step.old.number]
        if step.new:
            standing[step.new.number] = step.new
    return standing
