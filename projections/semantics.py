"""What facts and rules mean, by projection version: a timeline is told by the version that its log adopted last. Pure.

An upgrade that would say something else about the same log adds an entry here, and never edits an older one: what was
told under that one was told for good. A timeline begins with `FIRST`; `ProjectionAdopted` moves it on.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from events.errors import ProjectionHalted
from projections.rules.model import Rule

FIRST: Final = 1


class Semantics(NamedTuple):
    """One version: how a rule as it was adopted is evaluated."""

    says: str  # what it says otherwise than the version before, for those who adopt it
    means: Callable[[Rule], Rule]


VERSIONS: Final[dict[int, Semantics]] = {FIRST: Semantics("the first version", lambda rule: rule)}


def newest() -> int:
    """The version that this code would have every timeline adopt."""
    return max(VERSIONS)


def of(version: int, timeline: str) -> Semantics:
    """The semantics of a version.

    Raises:
        ProjectionHalted: this code does not know it; a newer one does.
    """
    found = VERSIONS.get(version)
    if found is None:
        msg = (
            f"timeline {timeline}: expected a projection version that this code knows, at most {newest()}, "
            f"found {version}; upgrade tocsin"
        )
        raise ProjectionHalted(msg)
    return found
