"""A question before something is done that others will see."""

import sys

import click


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
        raise
    raise click.Abort
