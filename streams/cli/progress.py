"""A bar on stderr for what takes long; nothing where nobody looks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONG = 2**20  # bytes; what is smaller is done before a bar can be read


@contextmanager
def progress(label: str, total: int, least: int = LONG) -> Iterator[Callable[[int], None]]:
    """A bar that moves by what it is told, up to `total`; none for less than `least`."""
    if total < least or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=total)
        yield lambda amount: bars.advance(task, amount)
