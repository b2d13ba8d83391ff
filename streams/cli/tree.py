"""Printing a tree: with lines on a terminal, indented elsewhere."""

import sys
from collections.abc import Iterator
from typing import NamedTuple

import click

from streams.cli.words import readable


class Branch(NamedTuple):
    """A line, and what stands below it."""

    text: str
    below: "tuple[Branch, ...]" = ()
    style: str = ""  # of rich; on a terminal only


def print_tree(it: Branch) -> None:
    """Print a tree."""
    if sys.stdout.isatty():
        _rich(it)
    else:
        for depth, text in _lines(it):
            click.echo(f"{'  ' * depth}{text}")


def _lines(it: Branch, depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, readable(it.text)
    for branch in it.below:
        yield from _lines(branch, depth + 1)


def _rich(it: Branch) -> None:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    def grown(onto: Tree, branch: Branch) -> None:
        for one in branch.below:
            grown(onto.add(Text(readable(one.text), style=one.style)), one)

    root = Tree(Text(readable(it.text), style=it.style), guide_style="dim")
    grown(root, it)
    Console(highlight=False).print(root)
