"""What is shown while something takes long: a bar or a spinner on a terminal, one log line elsewhere."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
from rich.console import Console
from rich.progress import track

T = TypeVar("T")

log = structlog.get_logger(__name__)


def counted(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The items, with a bar that moves as they are taken."""
    console = Console(stderr=True)
    if console.is_terminal:
        yield from track(items, description=what, total=total, console=console, transient=True)
    else:
        log.info(what, items=total)
        yield from items


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show that something is being done."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(what):
            yield
    else:
        log.info(what)
        yield
