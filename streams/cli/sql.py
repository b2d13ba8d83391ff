"""`tocsin sql`: SQL of an analyst on the snapshots, in a sandbox."""

import sys
from typing import TYPE_CHECKING

import click

from streams.cli.output import field, show
from streams.cli.reads import as_known, reads

if TYPE_CHECKING:
    from projections.store.reader import Reader


@click.command()
@click.argument("statement")
@click.option("--seconds", default=10.0, show_default=True, help="What it may take.")
@click.option("--rows", default=100_000, show_default=True, help="Rows it may find; more are cut off.")
@as_known
@reads
def sql(*, reader: "Reader", as_json: bool, statement: str, seconds: float, rows: int) -> None:
    """Run one SELECT on the snapshots; "-" reads it from stdin.

    It runs in a process of its own that can reach no file, no network and no setting, and changes nothing.

    \b
    tocsin sql "SELECT site, count(*) FROM incidents WHERE stands GROUP BY ALL"
    tocsin sql "SELECT table_name, column_name, comment FROM dictionary"
    tocsin sql "SELECT count(*) FROM incidents_as_known_at('2023-10-31') WHERE stands"
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.reading.sandbox import Limits, Sandbox

    query = sys.stdin.read() if statement == "-" else statement
    with Sandbox(reader.folder, Limits(seconds, rows=rows), reader.known_at) as sandbox:
        answer = sandbox.ask(query)
    show(answer.rows, [field(name) for name in answer.columns], as_json=as_json)
    if answer.more:
        click.echo(f"only the first {rows} rows; --rows allows more", err=True)
