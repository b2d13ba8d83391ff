"""What is wrong in a file of rule tests that its form alone can not say, looked for in all that is sound. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from events.marked import Path
from events.plainly import faults
from projections.rules.spec import Content
from projections.rules.templates import meant
from streams.rule_tests import form
from streams.rule_tests.staging import told

Wrong = Iterator[tuple[Path, str]]
LISTS: Final = ("episodes", "messages")
M = TypeVar("M", bound=BaseModel)


class Draft:
    """What a file says, and which parts of it are sound."""

    def __init__(self, data: Any, faults: Iterable[Path], unsure: Iterable[Path] = ()) -> None:
        self.data = data
        self._faults = frozenset([*faults, *unsure])
        self._around = {path[:end] for path in self._faults for end in range(len(path))}
        # A fault of several fields together leaves each of them as sound as it is.
        self._shut = frozenset(unsure) | {it for it in self._faults if not isinstance(self._at(it), Mapping)}

    def _at(self, path: Path) -> Any:
        found = self.data
        for step in path:
            try:
                found = found[step]
            except (LookupError, TypeError):  # what is missing, or a name
                return None
        return found

    def sound(self, path: Path) -> bool:
        """Whether no fault is told of a part, of what is in it, or of what it is in."""
        whole = path not in self._around and path not in self._faults
        return whole and not any(path[:end] in self._shut for end in range(len(path)))

    def inner(self, path: Path, name: str) -> list[Any]:
        """A list in a mapping; an empty one where that has another form."""
        data = self._at(path)
        found = data.get(name) if isinstance(data, Mapping) else None
        return found if isinstance(found, list) else []

    def text(self, said: Any, path: Path, name: str) -> Any:
        """A field of a mapping, if it is there and sound."""
        found = said.get(name) if isinstance(said, Mapping) else None
        return found if self.sound((*path, name)) else None

    def made(self, said: Any, path: Path, model: type[M]) -> M | None:
        """A part in its form, if it is sound."""
        return model.model_validate_json(json.dumps(said)) if self.sound(path) else None


def checked(it: Draft, rules: Sequence[Content] | None) -> Wrong:
    """All that does not fit; what depends on the rules, if they are known."""
    by = None if rules is None else {rule["id"]: rule["by"] for rule in rules}
    names = dict[str, int]()
    for number, case in enumerate(it.inner((), "tests")):
        here: Path = ("tests", number)
        name = it.text(case, here, "name")
        if name is not None and names.setdefault(name, number) != number:
            yield (*here, "name"), f"name: expected one of its own, found {name!r} again"
        for list_ in ("facts", "expect"):
            yield from _disorder(it, here, list_)
        yield from _untold(it, here)
        if by is not None:
            yield from _strange(it, case, here, by)


def _disorder(it: Draft, here: Path, list_: str) -> Wrong:
    """What became known before that which stands above it."""
    before = None
    for at, said in enumerate(it.inner(here, list_)):
        path = (*here, list_, at)
        words = it.text(said, path, "known")
        known = None if words is None else form.known_at(words)
        if before is not None and known is not None and known < before:
            said_so = "known: expected the order in which it became known, found it before the one above"
            yield (*path, "known"), said_so
        before = known or before


def _untold(it: Draft, here: Path) -> Wrong:
    """Facts that can not be told so."""
    first = set[str]()
    for at, said in enumerate(it.inner(here, "facts")):
        path = (*here, "facts", at)
        fact = it.made(said, path, form.Fact)
        try:
            if fact is not None:
                told(fact, first)
        except ValidationError as error:
            yield from ((path, f"expected {it.expected}, found {it.found}") for it in faults(error))


def _strange(it: Draft, case: Any, here: Path, by: Mapping[str, Sequence[str]]) -> Wrong:
    """Rules and groups that are expected and can not be."""
    of_case = it.text(case, here, "rule")
    yield from _unknown(of_case, (*here, "rule"), by)
    for number, expected in enumerate(it.inner(here, "expect")):
        inner = (*here, "expect", number)
        for list_ in LISTS if isinstance(expected, Mapping) else ():
            for at, said in enumerate(it.inner(inner, list_)):
                path = (*inner, list_, at)
                rule = it.text(said, path, "rule")
                yield from _unknown(rule, (*path, "rule"), by)
                if it.sound((*path, "rule")) and it.sound((*here, "rule")):
                    yield from _grouped(it.text(said, path, "group"), path, by.get(rule or of_case or ""))


def _grouped(group: Any, path: Path, by: Sequence[str] | None) -> Wrong:
    if group is not None and by is not None and set(group) != set(by):
        wanted = ", ".join(by) or "nothing: the rule has no by"
        yield (*path, "group"), f"group: expected {wanted}, found {', '.join(group) or 'nothing'}"


def _unknown(rule: str | None, path: Path, by: Mapping[str, Any]) -> Wrong:
    if rule is not None and rule not in by:
        yield path, f"rule: expected one of {', '.join(by)}, found {rule}{meant(rule, list(by))}"
