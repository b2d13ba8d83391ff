"""A file of rules: YAML text to the normal form of every rule, or to all that is wrong with it. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ValidationError

from events import marked
from events.errors import ConfigInvalid, one_line
from events.marked import At, Marked, Path
from events.plainly import Fault, faults
from projections.rules.filters import Fields
from projections.rules.form import MOST_RULES, RuleFile, RuleSpec
from projections.rules.levels import Levels
from projections.rules.measures import Measured
from projections.rules.misspelt import as_meant, hinted
from projections.rules.spec import Content, canonical, normalise
from projections.rules.templates import meant

LARGEST_SET: Final = 200 * 2**10  # bytes of the normal form: it travels in one event
MOST_FAULTS: Final = 1_000  # that are told of a file
LONGEST_FAULT: Final = 1_000  # characters
# What pydantic says -> what we say
PLAINER: Final = (
    ("a valid tuple", "a list"),
    ("at least 1 item", "at least one value"),
    ("a valid dictionary", "fields, as in `name: value`"),
    ("a valid integer", "a whole number"),
    ("a valid string", "text"),
    ("^[A-Za-z0-9][A-Za-z0-9", "a name of letters, digits and . _ : @ + - without spaces"),
    ("^[a-z][a-z0-9_]*$", "a name of small letters, digits and _"),
    ("^[A-Z]{2}$", "a country as in ISO 3166, such as IQ"),
)
# What may stand in a mapping, by where it stands in a rule
MODELS: Final[dict[Path, type[BaseModel]]] = {
    (): RuleSpec,
    ("measure",): Measured,
    ("levels",): Levels,
    ("where",): Fields,
    ("not",): Fields,
}
WRITTEN: Final = {"None": "nothing", "True": "true", "False": "false"}  # as Python says it -> as YAML does
UNQUOTED: Final = re.compile(r"true|false|[-+.e0-9]+")
MANY: Final = re.compile(r"to have at most (\d+) items? after validation, not (\w+)")  # a number, or "more"


class Look(NamedTuple):
    """What a text says, and all that is wrong with it."""

    rules: list[Content]  # in its order, each in its normal form; none where something is wrong
    ids: dict[str, At]  # of its rules, sound or not -> where it stands first
    faults: list[str]  # `line:column: field: expected …, found …`, in order


def read(text: str) -> list[Content]:
    """The rules of a file, in its order, each in its normal form.

    Raises:
        ConfigInvalid: something is wrong; every fault is told as `line:column: field: expected …, found …`.
    """
    found = look(text)
    if found.faults:
        raise ConfigInvalid(found.faults)
    return found.rules


def look(text: str) -> Look:
    """The rules of a file, or what is wrong with it."""
    found = marked.read(text)
    rules = _checked(found) if found.readable else []
    faults = [
        f"{at.line}:{at.column}: {one_line(said[:LONGEST_FAULT])}"
        for at, said in sorted(found.faults, key=itemgetter(0))
    ]
    return Look([] if faults else rules, dict(reversed(list(_ids(found)))), few_enough(faults))


def few_enough(faults: Sequence[str]) -> list[str]:
    """The faults of a file, each with its place, so many that somebody can read them; and how many more there are."""
    told, more = list(faults[:MOST_FAULTS]), len(faults[MOST_FAULTS:])
    place = faults[MOST_FAULTS].partition(": ")[0] if more else ""
    return [*told, *[f"{place}: expected fewer faults, found {more} more"] * bool(more)]


def too_large(rules: Sequence[Content]) -> str | None:
    """What is to be said of more rules than one event carries."""
    if len(rules) > MOST_RULES:
        return f"expected at most {MOST_RULES} rules, found {len(rules)}"
    if (size := len(canonical(rules))) > LARGEST_SET:
        return f"expected rules of at most {LARGEST_SET} bytes together, found {size}"
    return None


def _checked(it: Marked) -> list[Content]:
    """The rules in their normal form; what is wrong goes to the faults."""
    it.faults += _twice(it)
    as_meant(it, _names)
    try:
        rules = [normalise(spec) for spec in RuleFile.model_validate(it.data).rules]
    except ValidationError as error:
        it.faults += [_said(fault, it) for fault in faults(error) if it.sure(fault.path)]
        return []
    if said := too_large(rules):
        it.faults.append((At(1, 1), said))
    return rules


def _twice(it: Marked) -> Iterator[tuple[At, str]]:
    """The ids that an earlier rule has."""
    first: dict[str, At] = {}
    for name, at in _ids(it):
        if first.setdefault(name, at) != at:
            yield at, f"id: expected one of its own, found that of line {first[name].line}"


def _ids(it: Marked) -> Iterator[tuple[str, At]]:
    """The ids of the rules, and where they stand."""
    rules: Any = it.data.get("rules") if isinstance(it.data, Mapping) else None
    for number, rule in enumerate(rules if isinstance(rules, Sequence) else ()):
        name = rule.get("id") if isinstance(rule, Mapping) else None
        if isinstance(name, str):
            yield name, it.place(("rules", number, "id"))


def _said(fault: Fault, it: Marked) -> tuple[At, str]:
    """A fault and its place; the field counts from its rule."""
    path = fault.path
    inner = path[2:] or path  # of what is no rule: all of it
    expected, found = fault.expected, WRITTEN.get(fault.found, fault.found)
    expected = next((ours for theirs, ours in PLAINER if theirs in expected), expected)
    if many := MANY.search(fault.expected):
        expected, found = f"at most {many[1]} {'rules' if path == ('rules',) else 'entries'}", many[2]
    if expected == "text" and UNQUOTED.fullmatch(found):
        expected = "text, which needs quotes if it looks like a number or a truth value"
    if of_name := path[-1:] == ("[key]",):
        path, inner = path[:-1], inner[:-1]
    if unknown := fault.expected == "no such field":
        names = _names(path[:-1])
        expected, found = f"one of {', '.join(names)}", f"{path[-1]}{meant(str(path[-1]), names)}"
        inner = inner[:-1]
    field = f"{'.'.join(map(str, inner))}: " if inner else ""
    return it.place(path, of_key=unknown or of_name), f"{field}expected {hinted(expected, found)}, found {found}"


def _names(path: Path) -> list[str]:
    """The names that may stand in a mapping; none where they are free."""
    match path:
        case ():
            model: type[BaseModel] | None = RuleFile
        case ("rules", int(), *inner):
            model = MODELS.get(tuple(inner))
        case _:
            model = None
    return [known.alias or name for name, known in model.model_fields.items()] if model else []
