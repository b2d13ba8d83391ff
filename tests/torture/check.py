"""Whether a line is exact, as a comparison of what it left with what an offline fold of the same log says. Pure.

Every file is compared with a fold of the log up to its own checkpoint, so that the file of a worker that lost its
partition is judged too. On the wire every topic and partition must hold what the fold sends, in its order.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Place = tuple[str, int]  # topic, partition
LETTERS = ".dlq"  # how the topic of dead letters ends


@dataclass(frozen=True)
class Kept:
    """A file, or the fold it is compared with."""

    partition: int
    checkpoint: int
    contents: Mapping[str, Any]  # of each table its rows and hash, and how far it is
    offsets: Sequence[int]  # of every record that became a row: of an event, a duplicate or a reject


@dataclass(frozen=True)
class Seen:
    """What a line left, or should have left."""

    files: Mapping[str, Kept]  # by name; expected and found have the same names
    wire: Mapping[Place, Sequence[Any]]
    ends: Mapping[int, int] = field(default_factory=dict)  # of the log


class Fault(NamedTuple):
    """Something that is not as it must be."""

    kind: str  # one of KINDS
    where: str
    count: int
    example: str


KINDS = ("lost", "doubled", "table", "behind", "missing", "twice", "foreign", "disordered")


def faults(expected: Seen, found: Seen) -> list[Fault]:
    """Everything that is wrong; empty: the line is exact."""
    return [*_files(expected, found), *_behind(found), *_wire(expected.wire, found.wire)]


def tally(these: Sequence[Fault], *, letters: bool | None = None) -> dict[str, int]:
    """How many faults of each kind; of the alerts' topics, or of the dead letters', when asked for one of them."""
    chosen = [it for it in these if letters is None or (LETTERS in it.where) is letters]
    return {kind: sum(it.count for it in chosen if it.kind == kind) for kind in KINDS}


def _files(expected: Seen, found: Seen) -> Iterator[Fault]:
    for name, file in found.files.items():
        should = expected.files[name]
        had, wanted = Counter(file.offsets), Counter(should.offsets)
        yield from _some("lost", name, wanted - had)
        yield from _some("doubled", name, had - wanted)
        keys = sorted(should.contents.keys() | file.contents.keys())
        differ = [key for key in keys if should.contents.get(key) != file.contents.get(key)]
        yield from _some("table", name, Counter(differ))


def _behind(found: Seen) -> Iterator[Fault]:
    """Partitions of which no file holds the whole log."""
    for partition, end in found.ends.items():
        reached = max((it.checkpoint for it in found.files.values() if it.partition == partition), default=0)
        if reached < end:
            yield Fault("behind", f"partition {partition}", end - reached, f"expected {end}, found {reached}")


def _wire(expected: Mapping[Place, Sequence[Any]], found: Mapping[Place, Sequence[Any]]) -> Iterator[Fault]:
    for place in sorted(expected.keys() | found.keys()):
        where = f"{place[0]}/{place[1]}"
        should, have = list(expected.get(place, ())), list(found.get(place, ()))
        wanted, there = Counter(should), Counter(have)
        yield from _some("missing", where, wanted - there)
        yield from _some("twice", where, Counter({it: n for it, n in (there - wanted).items() if it in wanted}))
        yield from _some("foreign", where, Counter({it: n for it, n in (there - wanted).items() if it not in wanted}))
        if wanted == there and should != have:
            first = next(at for at, pair in enumerate(zip(should, have, strict=True)) if pair[0] != pair[1])
            yield Fault("disordered", where, 1, f"message {first}")


def _some(kind: str, where: str, these: Counter[Any]) -> Iterator[Fault]:
    if count := these.total():
        yield Fault(kind, where, count, repr(next(iter(these)))[:200])
