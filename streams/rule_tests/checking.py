"""What is wrong in a file of rule tests that its form alone can not say, looked for in all that is sound. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from events.marked import Path
from events.plainly import faults
from events.together import Draft
from projections.rules.spec import Content
from projections.rules.templates import meant
from streams.rule_tests import form
from streams.rule_tests.staging import told

Wrong = Iterator[tuple[Path, str]]
LISTS: Final = ("episodes", "messages")
M = TypeVar("M", bound=BaseModel)


class Tests(Draft):
    """A file of rule tests, as it is written."""

    def inner(self, path: Path, name: str) -> list[Any]:
        """A list in a mapping; an empty one where that has another form."""
        data = self.part(path)
        found = data.get(name) if isinstance(data, Mapping) else None
        return found if isinstance(found, list) else []

    def text(self, said: Any, path: Path, name: str) -> Any:
        """A field of a mapping, if it is there and sound."""
        found = said.get(name) if isinstance(said, Mapping) else None
        return found if self.sound(*path, name) else None

    def made(self, said: Any, path: Path, model: type[M]) -> M | None:
        """A part in its form, if it is sound."""
        return model.model_validate_json(json.dumps(said)) if self.sound(*path) else None


def checked(it: Tests, rules: Sequence[Content] | None) -> Wrong:
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


def _disorder(it: Tests, here: Path, list_: str) -> Wrong:
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


def _untold(it: Tests, here: Path) -> Wrong:
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


def _strange(it: Tests, case: Any, here: Path, by: Mapping[str, Sequence[str]]) -> Wrong:
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
                if it.sound(*path, "rule") and it.sound(*here, "rule"):
                    yield from _grouped(it.text(said, path, "group"), path, by.get(rule or of_case or ""))


def _grouped(group: Any, path: Path, by: Sequence[str] | None) -> Wrong:
    if group is not None and by is not None and set(group) != set(by):
        wanted = ", ".join(by) or "nothing: the rule has no by"
        yield (*path, "group"), f"group: expected {wanted}, found {', '.join(group) or 'nothing'}"


def _unknown(rule: str | None, path: Path, by: Mapping[str, Any]) -> Wrong:
    if rule is not None and rule not in by:
        yield path, f"rule: expected one of {', '.join(by)}, found {rule}{meant(rule, list(by))}"
