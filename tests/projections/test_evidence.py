"""What messages say of many incidents, brought on from one to the next, held against writing all of it each time."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections import evidence, listing
from projections.evidence import Evidences
from projections.listing import Incident, Listing
from projections.rules.messages import evidence as all_of
from projections.rules.messages import evidence_hash

IDS = st.from_regex(r"[a-c0-2][a-c0-2._:@+-]{0,3}", fullmatch=True)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two incidents are many, and three fill a block."""
    monkeypatch.setattr(evidence, "MANY", 2)
    monkeypatch.setattr(listing, "BLOCK", 3)


@given(steps=st.lists(st.dictionaries(IDS, st.integers(1, 12)), max_size=6))
def test_what_is_brought_on_has_the_hash_of_what_is_written_anew(steps: list[dict[str, int]]) -> None:
    """Given incidents that come, go and get new versions, then the hash is always that of those which are there."""
    here, was = Listing(), dict[str, int]()
    for now in steps:
        newer = [*(it for it in now.items() if it[0] in was), ("nobody", 1)]
        here.exchange(was.keys() - now.keys(), [it for it in now.items() if it[0] not in was], newer)
        was = now

        assert here.hash() == evidence_hash(was.items())


class Alert(NamedTuple):
    alert_id: str


class Message(NamedTuple):
    alert: Alert


class Told(NamedTuple):
    """As much of a message as its evidence needs."""

    message: Message
    evidence: list[int]


ALERTS = st.sampled_from(
    [("one", "a"), ("one", "b"), ("other", "c")]
)  # by timeline; both have incidents of the same ids
STEPS = st.lists(st.tuples(ALERTS, st.lists(st.integers(0, 4), unique=True), st.lists(st.integers(0, 9))), max_size=8)


@given(batches=st.lists(STEPS, max_size=4), kept=st.sampled_from([0, 3, 100]))
def test_messages_say_the_same_of_their_evidence_as_if_it_were_written_anew(
    batches: list[list[tuple[tuple[str, str], list[int], list[int]]]], kept: int
) -> None:
    """Given alerts that tell in turn, of evidence that changes as it likes, then each says what stands at its event.

    Whether an incident that has a new version is among the evidence or not, and whether an alert was forgotten.
    """
    papers, versions = Evidences(), dict.fromkeys(range(10), 1)

    def version(number: int) -> Incident:
        assert number in known
        return f"i{number % 5}", versions[number]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "KEPT", kept)
        for steps in batches:
            told = [
                (timeline, Told(Message(Alert(name)), [it + 5 * (timeline == "other") for it in numbers]))
                for (timeline, name), numbers, _ in steps
            ]
            asked = [papers.of(*it) for it in told]  # type: ignore[arg-type]
            known = {number for it in asked for number in it.named()}
            for one, (_, it), (_, _, changed) in zip(asked, told, steps, strict=True):
                for number in changed:
                    versions[number] += 1
                    papers.changed("one" if number < 5 else "other", number)
                    known.add(number)

                assert one.written(version) == all_of([(f"i{at % 5}", versions[at]) for at in it.evidence])
            papers.trim()


def kept(alerts: dict[str, int], changed: int = 0) -> list[str]:
    """The alerts that need not be written anew once each told of so many incidents, and so many others changed."""
    papers = Evidences()
    told = {name: Told(Message(Alert(name)), [*range(many)]) for name, many in alerts.items()}
    for it in told.values():
        papers.of("one", it).written(lambda number: (f"i{number}", 1))  # type: ignore[arg-type]
    for number in range(100, 100 + changed):
        papers.changed("one", number)
    papers.trim()
    return [name for name, it in told.items() if not {*it.evidence} <= {*papers.of("one", it).named()}]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("alerts", "changed", "those"),
    [
        ({"a": 4, "b": 3, "c": 5}, 0, ["b", "c"]),
        ({"a": 2, "b": 3, "c": 4}, 3, ["b", "c"]),
        ({"a": 4, "b": 30}, 0, ["b"]),
        ({"a": 8}, 8, ["a"]),
        ({"a": 8}, 9, []),
    ],
)
def test_alerts_are_kept_as_far_as_they_are_worth_it(
    alerts: dict[str, int], changed: int, those: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given room for nine incidents, then those that told last are kept, but for one of which too much changed."""
    monkeypatch.setattr(evidence, "KEPT", 9)
    monkeypatch.setattr(evidence, "SHOWN", 1)

    assert kept(alerts, changed) == those
