"""Words that people said, here or in a feed, and that everybody reads."""

import re
from typing import Any, Final

import click

SHOWN: Final = 40  # characters of what is refused
# What a terminal obeys, shows backwards or not at all; but the end of a line, and what joins letters (U+200C, U+200D).
OBEYED: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def readable(text: str) -> str:
    """Text that may be shown: what a terminal would obey, show backwards or hide, is spelt out as Python does it."""
    return OBEYED.sub(lambda it: ascii(it[0])[1:-1], text)


class Words(click.ParamType):
    """Some printable characters on one line."""

    name = "text"

    def __init__(self, most: int) -> None:
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The words as they are; what a terminal would obey, or nobody can read, is refused."""
        said = str(value)
        if not said.strip() or not said.isprintable() or len(said) > self._most:
            self.fail(f"expected a line of 1 to {self._most} printable characters, found {said[:SHOWN]!a}", param, ctx)
        return said


WHO = Words(400)
WHY = Words(4_000)
