"""What facts and rules mean, by projection version: a timeline is told by the version that its log adopted last. Pure.

An upgrade that would say something else about the same log adds an entry here, and never edits an older one: what was
told under that one was told for good. A timeline begins with `FIRST`; `ProjectionAdopted` moves it on.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final, NamedTuple

from events.errors import ProjectionHalted
from projections.rules.model import SEVERITIES, Rule

FIRST: Final = 1
ADOPTED: Final = (
    "rule_id",
    "title",
    "by",
    "annotations",
    "status",
    "labels",
    "content_hash",
    "content",
)  # no version changes these


class Semantics(NamedTuple):
    """One version: how a rule as it was adopted is evaluated."""

    says: str  # what it says otherwise than the version before, for those who adopt it
    means: Callable[[Rule], Rule]

    def meaning(self, rule: Rule) -> Rule:
        """What a rule means under this version, checked: a slip in `means` would be told to people for good.

        Raises:
            ProjectionHalted: it is not the rule that was adopted, or none that can be evaluated.
        """
        found = self.means(rule)
        if fault := _fault(rule, found):
            msg = f"rule {rule.rule_id} under the projection version “{self.says}”: expected {fault}, found {found}"
            raise ProjectionHalted(msg)
        return found


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
            f"timeline {timeline}: expected a projection version that this code knows, at most {newest()}, found "
            f"{version}; upgrade tocsin: what stands before it is applied, and the worker goes on from there. If no "
            "release knows it, see “Upgrades that say something else” in docs/operations.md"
        )
        raise ProjectionHalted(msg)
    return found


def _fault(adopted: Rule, meant: Rule) -> str | None:
    """What was expected of the meaning of a rule and is not so."""
    if changed := [name for name in ADOPTED if getattr(adopted, name) != getattr(meant, name)]:
        return f"the {', '.join(changed)} as adopted"
    if not meant.levels or any(high <= low for low, high in pairwise((0, *meant.levels))):
        return "levels from 1 on, rising"
    ranks = [SEVERITIES.index(it) for it in meant.severities if it in SEVERITIES]
    if len(ranks) < max(len(meant.levels), len(meant.severities)) or ranks != sorted(set(ranks)):
        return "a severity for each level, rising"
    if not 1 <= meant.clear_below <= meant.levels[0]:
        return "a clear_below from 1 to the lowest level"
    if meant.window <= 0 or meant.keep_firing < 0:
        return "a window longer than nothing, and a keep_firing of nothing or more"
    return None
