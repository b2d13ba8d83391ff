"""Models of which fields are held against each other, also when one of them has a fault of its own. Pure.

pydantic looks at a model as a whole only when each of its fields is sound, so a fault of one would hide what is wrong
with others together until it is mended. A check here is a plain function of what is written: it asks whether what it
needs is sound, and says nothing where it is not, for that would only follow from a fault that is told already.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from events.values import Value

Path = tuple[str | int, ...]  # names and positions; not that of `marked`: what is compiled must not need YAML


class Draft:
    """What is written, by the names that people write, and which parts of it are sound."""

    def __init__(
        self,
        said: Any,
        faults: Iterable[Path] = (),  # where it has some
        unsure: Iterable[Path] = (),  # what can be told of as little, whatever it is
        *,
        closed: bool = True,  # no name is unknown: what seems to be missing is not there under a wrong name
    ) -> None:
        self.said, self.closed = said, closed
        self._faults = frozenset([*faults, *unsure])
        self._around = {path[:end] for path in self._faults for end in range(len(path))}
        # A fault of several fields together leaves each of them as sound as it is.
        self._shut = frozenset(unsure) | {it for it in self._faults if not isinstance(self.part(it), Mapping)}

    def part(self, path: Path) -> Any:
        """What is written there; None: nothing."""
        found = self.said
        for step in path:
            try:
                found = found[step]
            except (LookupError, TypeError):  # what is missing, or a name
                return None
        return found

    def sound(self, *path: str | int) -> bool:
        """Whether no fault is told of a part, of what is in it, or of what it is in."""
        whole = path not in self._around and path not in self._faults
        return whole and not any(path[:end] in self._shut for end in range(len(path)))


class Wrong(NamedTuple):
    """What does not fit."""

    path: Path  # in the mapping; () for all of it
    expected: str
    found: Any


Check = Callable[[Draft], Iterator[Wrong]]


class Together(Value):
    """A model with checks of several fields; faults of fields, and of fields together, are told at once."""

    checks: ClassVar[tuple[Check, ...]] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _together(cls, said: Any, made: ModelWrapValidatorHandler[Any]) -> Any:
        of_fields: list[InitErrorDetails] = []
        model, draft = None, Draft(said)
        try:
            model = made(said)
        except ValidationError as error:
            of_fields, draft = _again(error), _with_faults(said, error)
        checks = cls.checks if isinstance(said, Mapping) else ()  # a model already, or nothing that has fields
        if wrong := [*of_fields, *(_fault(it) for check in checks for it in check(draft))]:
            raise ValidationError.from_exception_data(cls.__name__, wrong)
        return model


def _with_faults(said: Any, error: ValidationError) -> Draft:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    unknown = any(it["type"] == "extra_forbidden" and len(it["loc"]) == 1 for it in found)
    return Draft(said, [it["loc"] for it in found], closed=not unknown)


def _again(error: ValidationError) -> list[InitErrorDetails]:
    """The faults of an error, to be told in another one, in the same words."""
    return [
        {"type": PydanticCustomError(it["type"], it["msg"]), "loc": it["loc"], "input": it["input"]}
        for it in error.errors(include_url=False, include_context=False)
    ]


def _fault(it: Wrong) -> InitErrorDetails:
    said = PydanticCustomError("together", f"Input should be {it.expected}")
    return {"type": said, "loc": it.path, "input": it.found}
