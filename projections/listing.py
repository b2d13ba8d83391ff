"""The text that an evidence hash is made of, kept sorted: a few incidents can change without making it anew. Pure."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from itertools import chain
from typing import Final

BLOCK: Final = 512  # incidents; a block splits above twice as many
Incident = tuple[str, int]  # incident_id and version
Change = dict[bytes, tuple[bytes, bool] | None]  # by head: the line, and whether it may be new; None: it goes


class Listing:
    """Incidents in their versions, as `messages.evidence_hash` writes them down: `["id",version]`, sorted, in blocks.

    An id is of characters that sort as their bytes do, after the quote that ends it (`events.values.Id`).
    """

    def __init__(self, incidents: Iterable[Incident] = ()) -> None:
        self._blocks: list[bytes] = []
        self._firsts: list[bytes] = []  # the head of each, `["id",`
        self._put(0, 0, sorted(_line(*it) for it in incidents))

    def exchange(self, gone: Iterable[str], come: Iterable[Incident], newer: Iterable[Incident] = ()) -> None:
        """Take incidents out, by id, and put others in; of those that are here, some in a newer version."""
        changes: dict[int, Change] = defaultdict(dict)
        for head, line in chain(
            ((_head(it), None) for it in gone),
            ((_head(it), (_line(it, version), True)) for it, version in come),
            ((_head(it), (_line(it, version), False)) for it, version in newer),
        ):
            changes[max(bisect_right(self._firsts, head) - 1, 0)][head] = line
        for block in sorted(changes, reverse=True):
            self._change(block, changes[block])

    def hash(self) -> str:
        """The SHA-256, in hex, of the list as JSON."""
        made = sha256(b"[")
        made.update(b",".join(self._blocks))
        made.update(b"]")
        return made.hexdigest()

    def _change(self, block: int, changes: Change) -> None:
        lines = {_head_of(it): it for it in _lines(self._blocks[block])} if self._blocks else {}
        for head, line in changes.items():
            if line is None:
                del lines[head]
            elif line[1] or head in lines:
                lines[head] = line[0]
        self._put(block, block + 1, sorted(lines.values()))

    def _put(self, first: int, stop: int, lines: list[bytes]) -> None:
        """Put lines in the place of blocks."""
        many = len(lines) if len(lines) <= 2 * BLOCK else BLOCK
        parts = [lines[start : start + many] for start in range(0, len(lines), many or 1)]
        self._blocks[first:stop] = [b",".join(it) for it in parts]
        self._firsts[first:stop] = [_head_of(it[0]) for it in parts]


def _head(incident_id: str) -> bytes:
    return b'["%b",' % incident_id.encode()


def _line(incident_id: str, version: int) -> bytes:
    return b"%b%d]" % (_head(incident_id), version)


def _head_of(line: bytes) -> bytes:
    return line[: line.index(b",") + 1]


def _lines(block: bytes) -> list[bytes]:
    return [it + b"]" for it in block[:-1].split(b"],")]
