"""Texts with named gaps, such as "{value} attacks on {site}". Pure.

A gap is a name and nothing else: no attributes, no formats. `{{` and `}}` stand for the braces themselves.
"""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}|[{}]")
FIELDS: Final = ("rule", "title", "severity", "threshold", "value", "window", "opened_at", "peak_at")  # beside `by`'s


def check(template: str, known: Collection[str]) -> None:
    """Check that every gap is one that will be filled.

    Raises:
        ValueError: a name is not among `known`, or a brace is none of a gap's.
    """
    for token in _TOKEN.finditer(template):
        if token[0] in "{}":
            found = template[token.start() : token.start() + 20]
            msg = f"expected {{name}}, or {{{{ and }}}} for braces, at {found!r}"
            raise ValueError(msg)
        if token[1] is not None and token[1] not in known:
            msg = f"expected one of {', '.join(f'{{{name}}}' for name in known)} instead of {token[0]}"
            raise ValueError(msg + meant(token[1], known))


def render(template: str, fields: Mapping[str, object]) -> str:
    """The text with its gaps filled; the template was checked against these fields."""
    return _TOKEN.sub(lambda token: str(fields[token[1]]) if token[1] else token[0][:1], template)


def meant(found: str, known: Collection[str]) -> str:
    """A hint at the nearest known name, if one is near; of a mapping, at what is written for it."""
    near = _near(found, frozenset(known))
    return f" (did you mean {known[near] if isinstance(known, Mapping) else near}?)" if near else ""


@lru_cache(1_000)
def _near(found: str, known: frozenset[str]) -> str | None:
    """The nearest known name; a slip that a file makes in a thousand places is looked up once."""
    return next(iter(get_close_matches(found, sorted(known), 1)), None)
