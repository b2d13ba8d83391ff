"""`tocsin doctor`: is everything as it must be, and what to do where it is not."""

import asyncio

import click

from streams.cli.exits import FOUND, OK
from streams.cli.output import Column, field, show


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array of objects.")
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool) -> None:
    """Check machine, files, broker and topics, and say what to do about what is not well; exit 1 when a check fails.

    Nothing is changed or made. `tocsin status` says how far the line is; this says whether it can be.

    \b
    tocsin doctor
    tocsin doctor --json
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.clock import now
    from streams.doctor.checkup import checkup
    from streams.doctor.finding import Verdict
    from streams.settings import load_settings

    rows = [it._asdict() for it in asyncio.run(checkup(load_settings(), now))]
    show(rows, COLUMNS, as_json=as_json)
    bad = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in (Verdict.FAIL, Verdict.WARN)}
    click.echo(f"{len(rows)} checks: {bad[Verdict.FAIL]} failed, {bad[Verdict.WARN]} doubtful", err=True)
    ctx.exit(FOUND if bad[Verdict.FAIL] else OK)


COLUMNS = (
    field("check", style="bold"),
    field("verdict"),
    Column("found", lambda row: row["found"], wraps=True),
    Column("what to do", lambda row: row["hint"], wraps=True),
)
