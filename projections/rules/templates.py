"""Texts with named gaps, such as "{value} attacks on {site}". Pure.

A gap is a name and nothing else: no attributes, no formats. `{{` and `}}` stand for the braces themselves.
"""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}|\{[^{}]*\}|[{}]")
FIELDS: Final = ("rule", "title", "severity", "threshold", "value", "window", "opened_at", "peak_at")  # beside `by`'s
MOST_FAULTS: Final = 20  # of one text; further ones are told when these are mended


def amiss(template: str, known: Collection[str]) -> dict[str, str]:
    """The gaps that will not be filled, and braces that are none of a gap's -> what was expected there."""
    wrong: dict[str, str] = {}
    for token in _TOKEN.finditer(template):
        if len(wrong) == MOST_FAULTS:
            break
        if token[1] is None and token[0] not in ("{{", "}}"):
            wrong[template[token.start() : token.start() + 20]] = "{name}, or {{ and }} for braces"
        elif token[1] is not None and token[1] not in known:
            wrong[token[0]] = f"one of {', '.join(f'{{{name}}}' for name in known)}{meant(token[1], known)}"
    return wrong


def render(template: str, fields: Mapping[str, object]) -> str:
    """The text with its gaps filled; the template was checked against these fields."""
    return _TOKEN.sub(lambda token: str(fields[token[1]]) if token[1] else token[0][:1], template)


def meant(found: str, known: Collection[str], unless: str | None = None) -> str:
    """A hint at the nearest known name, if one is near; of a mapping, at what is written for it.

    None where that is what was written.
    """
    near = nearest(found, known)
    hint = known[near] if near and isinstance(known, Mapping) else near
    return f" (did you mean {hint}?)" if hint and hint != unless else ""


def nearest(found: str, known: Collection[str]) -> str | None:
    """The nearest known name, if one is near."""
    return _near(found, frozenset(known))


@lru_cache(1_000)
def _near(found: str, known: frozenset[str]) -> str | None:
    """Said of a set; a slip that a file makes in a thousand places is looked up once."""
    return next(iter(get_close_matches(found, sorted(known), 1)), None)
