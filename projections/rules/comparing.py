"""What is different between two sets of rules. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from projections.rules.spec import Content


class Comparison(NamedTuple):
    """From old rules to new ones, by id; each in the order of its set."""

    new: list[str]
    changed: dict[str, list[str]]  # -> the fields that are different
    gone: list[str]
    reordered: bool  # those that both have are evaluated in another order

    def lines(self) -> list[str]:
        """One line for each difference; none when both are the same in the same order."""
        found = [f"gone     {name}" for name in self.gone]
        found += [f"new      {name}" for name in self.new]
        found += [f"changed  {name}: {', '.join(fields)}" for name, fields in self.changed.items()]
        return found + ["order"] * self.reordered


def compare(old: Sequence[Content], new: Sequence[Content]) -> Comparison:
    """What adopting new rules changes."""
    before, after = ({str(it["id"]): it for it in those} for those in (old, new))
    changed = {name: _fields(before[name], it) for name, it in after.items() if before.get(name, it) != it}
    both = [[name for name in these if name in before and name in after] for these in (before, after)]
    return Comparison(
        [name for name in after if name not in before],
        changed,
        [name for name in before if name not in after],
        both[0] != both[1],
    )


def _fields(old: Content, new: Content) -> list[str]:
    """The fields that are different, in the order in which they are written."""
    return [name for name in dict.fromkeys((*new, *old)) if old.get(name) != new.get(name)]
