"""Printing: a table for people, one JSON array for programs.

On a terminal the table has its width: long text wraps or is cut, numbers, dates and names never; they may run
over. Elsewhere it is plain aligned text of any width, fit to be searched.
"""

import json
import os
import select
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import click

from streams.cli.words import readable

Object = dict[str, Any]
SHORT = 28  # characters; an instant is not longer. What is shorter gives nothing away on a narrow terminal
GAP = 2  # between columns
STDOUT = 1


class Column(NamedTuple):
    """One column of a table."""

    title: str
    text: Callable[[Object], str]
    right: bool = False  # numbers
    style: str = ""  # of rich; on a terminal only
    wraps: bool = False  # where a narrow terminal takes its space from


def field(name: str, title: str | None = None, *, right: bool = False, style: str = "") -> Column:
    """A column that shows a field as it is; nothing for null."""
    return Column(title or name, lambda row: _shown(row[name]), right, style)


def _shown(value: Any) -> str:
    """A value as text: nothing for null, JSON for what has parts."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def show(rows: Sequence[Object], columns: Sequence[Column], *, as_json: bool) -> None:
    """Print rows: all of them as one JSON array, or these columns as a table."""
    if as_json:
        print_json(rows)
    elif rows:
        table(rows, columns)
    else:
        click.echo("nothing", err=True)


def print_json(rows: Sequence[Object]) -> None:
    """Print one JSON array of objects, nothing else."""
    click.echo(json.dumps(rows, ensure_ascii=False))


def reader_is_gone() -> bool:
    """Whether nobody can read what is printed any more: the pipe is closed at its other end, or the terminal is."""
    stdout = select.poll()
    stdout.register(STDOUT, 0)  # no event is asked for: these two are always told
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in stdout.poll(0))


def give_up_stdout() -> None:
    """Nothing can be printed any more; what still waits to be goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)


def heading(line: str) -> None:
    """Print the title of what follows."""
    click.secho(readable(line), bold=True)


def table(rows: Sequence[Object], columns: Sequence[Column], *, titles: bool = True) -> None:
    """Print rows as a table."""
    cells = [[readable(column.text(row)) for column in columns] for row in rows]
    if sys.stdout.isatty():
        _rich(cells, columns, titles=titles)
    else:
        _plain(cells, columns, titles=titles)


def _plain(cells: Sequence[Sequence[str]], columns: Sequence[Column], *, titles: bool) -> None:
    lines = [[column.title for column in columns], *cells] if titles else cells
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        padded = [
            text.rjust(width) if column.right else text.ljust(width)
            for text, width, column in zip(line, widths, columns, strict=True)
        ]
        click.echo("  ".join(padded).rstrip())


def widths(cells: Sequence[Sequence[str]], columns: Sequence[Column], room: int) -> list[int]:
    """How wide each column is shown, titles included, on a terminal of so many characters.

    Columns that wrap give way first, then other long text, none below SHORT; what is left over runs over.
    """
    from rich.cells import cell_len

    lines = [[column.title for column in columns], *cells]
    full = [max(1, *(cell_len(part) for line in lines for part in line[it].split("\n"))) for it in range(len(columns))]
    room -= GAP * (len(columns) - 1)
    found = _capped(full, [it.wraps for it in columns], room)
    return _capped(found, [not it.right for it in columns], room)


def _capped(full: Sequence[int], soft: Sequence[bool], room: int) -> list[int]:
    """Widths of which the soft ones are cut to the greatest cap that makes all fit, or to SHORT."""
    for cap in range(max(room, SHORT), SHORT - 1, -1):
        found = [min(width, cap) if gives else width for width, gives in zip(full, soft, strict=True)]
        if sum(found) <= room:
            break
    return found


def _rich(cells: Sequence[Sequence[str]], columns: Sequence[Column], *, titles: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, show_header=titles, padding=(0, GAP, 0, 0), header_style="dim")
    wide = widths(cells, columns, shutil.get_terminal_size().columns)
    for column, width in zip(columns, wide, strict=True):
        made.add_column(
            column.title,
            justify="right" if column.right else "left",
            style=column.style or None,
            width=width,
            no_wrap=not column.wraps,
            overflow="fold" if column.wraps else "ellipsis",
        )
    for line in cells:
        made.add_row(*map(Text, line))
    Console(width=sum(wide) + GAP * len(wide), highlight=False).print(made)
