"""The normal form of rules, and its hash. Pure.

The normal form is what `RulesAdopted` holds: every default filled in, and one way to write each thing. Fields that came
later are left out where they say nothing: a rule that was adopted before there were any keeps its form and its hash.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from projections.rules.form import RuleSpec

CAME_LATER: Final = ("references", "status", "labels", "learn_until")
Content = dict[str, Any]  # the normal form of one rule, as JSON has it


def normalise(spec: RuleSpec) -> Content:
    """The normal form of a rule: the same for all ways to write it, JSON in and out."""
    silent = {name for name in CAME_LATER if getattr(spec, name) == RuleSpec.model_fields[name].default}
    content = spec.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=silent)
    lowest = next(iter(spec.levels.said().values()))
    return {**content, "title": spec.title or spec.id, "clear_below": spec.clear_below or lowest}


def in_order(content: Content) -> Content:
    """The same rule with its fields in the order in which the reference has them; JSON has lost it."""
    names = [field.alias or name for name, field in RuleSpec.model_fields.items()]
    return dict(sorted(content.items(), key=lambda it: names.index(it[0])))


def canonical(content: Content | Sequence[Content]) -> str:
    """JSON with sorted keys, no spaces and plain ASCII: equal for equal content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def content_hash(content: Content | Sequence[Content]) -> str:
    """The SHA-256, in hex, of a rule or of a set of rules in their order."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()
