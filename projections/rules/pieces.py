"""The numbers of many incidents, in pieces that are not copied: two messages of one alert share most of them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain


class Pieces:
    """Numbers in order. Nobody changes a piece that is in here: whoever owns it goes on with a copy."""

    __slots__ = ("pieces",)

    def __init__(self, pieces: Iterable[Sequence[int]]) -> None:
        self.pieces = tuple(pieces)

    def __len__(self) -> int:
        return sum(map(len, self.pieces))

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self.pieces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list | Pieces) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment]  # as a list has none

    def last(self, many: int) -> list[int]:
        """The last so many."""
        found: list[int] = []
        for piece in reversed(self.pieces):
            found[:0] = piece[-(many - len(found)) :]
            if len(found) >= many:
                break
        return found

    def exchanged(self, other: "Pieces") -> tuple[set[int], set[int]]:
        """What the other lacks, and what it has instead; pieces that both have are not looked into."""
        mine, theirs = {id(it) for it in self.pieces}, {id(it) for it in other.pieces}
        gone = set[int]().union(*(it for it in self.pieces if id(it) not in theirs))
        come = set[int]().union(*(it for it in other.pieces if id(it) not in mine))
        return gone - come, come - gone
