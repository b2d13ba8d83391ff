"""What is different between two sets of rules. Pure."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from projections.rules.form import RuleSpec
from projections.rules.model import SEVERITIES
from projections.rules.spec import Content

# field, as files write it -> its place among them: the log keeps no order
PLACES: Final = {it.alias or name: place for place, (name, it) in enumerate(RuleSpec.model_fields.items())}


class Comparison(NamedTuple):
    """From old rules to new ones, by id; each in the order of its set."""

    new: list[str]
    changed: dict[str, list[str]]  # -> the fields that are different
    gone: list[str]
    reordered: bool  # those that both have are evaluated in another order
    renamed: dict[str, str]  # perhaps: one that is new -> one that is gone and said the same

    def lines(self) -> list[str]:
        """One line for each difference; none when both are the same in the same order."""
        found = [f"gone     {name}" for name in self.gone]
        found += [f"new      {self.told_new(name)}" for name in self.new]
        found += [f"changed  {name}: {', '.join(fields)}" for name, fields in self.changed.items()]
        return found + ["order"] * self.reordered

    def told_new(self, name: str) -> str:
        """One that is new, and which it may have been."""
        return f"{name} (renamed? it says what {was} said)" if (was := self.renamed.get(name)) else name


def compare(old: Sequence[Content], new: Sequence[Content]) -> Comparison:
    """What adopting new rules changes."""
    before, after = ({str(it["id"]): it for it in those} for those in (old, new))
    changed = {name: _fields(before[name], it) for name, it in after.items() if before.get(name, it) != it}
    both = [[name for name in these if name in before and name in after] for these in (before, after)]
    gone = [name for name in before if name not in after]
    fresh = [name for name in after if name not in before]
    renamed = _renamed([before[name] for name in gone], [after[name] for name in fresh])
    return Comparison(fresh, changed, gone, both[0] != both[1], renamed)


def _renamed(gone: Sequence[Content], new: Sequence[Content]) -> dict[str, str]:
    """New ids -> old ones of the same content, each of them once."""
    left, found = list(gone), dict[str, str]()
    for it in new:
        if was := next((old for old in left if _nameless(old) == _nameless(it)), None):
            left.remove(was)
            found[str(it["id"])] = str(was["id"])
    return found


def _nameless(it: Content) -> Content:
    """A rule without its id, and without a title that is only the id."""
    own = {"id"} if it["title"] != it["id"] else {"id", "title"}
    return {name: value for name, value in it.items() if name not in own}


def _fields(old: Content, new: Content) -> list[str]:
    """The fields that are different, in the order of the form; none that only follows from another."""
    was, now = _said(old), _said(new)
    differ = [name for name in was.keys() | now.keys() if was.get(name) != now.get(name)]
    return sorted(differ, key=lambda name: (PLACES.get(name, len(PLACES)), name))


def _said(it: Content) -> Content:
    """A rule without a `clear_below` that is its lowest level: that is what it is where none is written."""
    levels: dict[str, Any] = it["levels"]
    lowest = next(levels[name] for name in SEVERITIES if name in levels)
    return {name: value for name, value in it.items() if name != "clear_below" or value != lowest}
