"""A question before something is done that others will see."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from events.errors import TimelineError
from streams.cli.output import give_up_stdout


@contextmanager
def shown_first() -> Iterator[None]:
    """Show what would be done. Nothing is done where nobody reads that, and that it is not is no success.

    Raises:
        TimelineError: stdout was closed meanwhile.
    """
    try:
        yield
    except BrokenPipeError as error:
        give_up_stdout()
        raise TimelineError("nothing was sent: nobody reads what it would change") from error


def ask(question: str) -> None:
    """Ask for a yes on stderr, and go on when it comes.

    Raises:
        click.Abort: somebody said no, or left, or nobody is there to answer; nothing was done.
    """
    try:
        if click.confirm(question, err=True):
            return
    except click.Abort:
        if not sys.stdin.isatty():  # stdin ended without an answer
            click.echo("\nnobody is there to answer: --yes does not ask", err=True)
        else:
            click.echo("\nnothing was done", err=True)
        raise
    click.echo("nothing was done", err=True)
    raise click.Abort
