"""Words that people said, here or in a feed, and that everybody reads."""

from typing import Any, Final

import click

from events.errors import one_line

SHOWN: Final = 40  # characters of what is refused


def readable(text: str) -> str:
    """Text that may be shown: what a terminal would obey, show backwards or hide is spelt out; a line may end."""
    return "\n".join(map(one_line, text.split("\n")))


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
