"""`tocsin status`: how the line is."""

from dataclasses import asdict

import click

from streams.cli.exits import FOUND, OK
from streams.cli.output import Column, Object, field, show

MIB = 2**20


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array of objects.")
@click.option(
    "--heartbeat-max-age",
    "most_s",
    type=click.FloatRange(0),
    help="Look at the heartbeats of this home's workers only; exit 1 when one is older than so many seconds.",
)
@click.pass_context
def status(ctx: click.Context, *, as_json: bool, most_s: float | None) -> None:
    """How the line is, partition by partition; exit 1 when it is dead or stuck.

    Dead: no Kafka answers, or nobody holds a partition. Stuck: there is something to apply or to send, and nothing
    moves for three intervals of publishing.

    With --heartbeat-max-age it asks no Kafka and opens no file of the projection: fit for a cron job.
    """
    if most_s is not None:
        ctx.exit(_heartbeats(most_s, as_json=as_json))
    from streams.clock import now
    from streams.reading.status import states
    from streams.settings import load_settings

    rows = [asdict(it) for it in states(load_settings(), now().timestamp())]
    show(rows, COLUMNS, as_json=as_json)
    problems = {row["problem"]: row for row in rows if row["problem"]}
    for said, row in problems.items():
        click.echo(f"{said} (partition {row['partition']})" if row["holder"] else said, err=True)
    ctx.exit(FOUND if problems else OK)


def _heartbeats(most_s: float, *, as_json: bool) -> int:
    """Show the newest sign of life of each worker of this home; the exit code."""
    from streams.clock import now
    from streams.reading.heartbeats import beats
    from streams.settings import load_settings

    rows = [asdict(it) for it in beats(load_settings().home, now(), most_s)]
    show(rows, BEATS, as_json=as_json)
    problems = [f"{row['member']}: {row['problem']}".removeprefix(": ") for row in rows if row["problem"]]
    for said in problems:
        click.echo(said, err=True)
    return FOUND if problems else OK


def _clock(row: Object) -> str:
    clocks = row["clocks"] or {}
    newest = max(clocks.items(), key=lambda it: it[1], default=None)
    more = f" and {len(clocks) - 1} more" if len(clocks) > 1 else ""
    return f"{newest[0]} {newest[1]}{more}" if newest else ""


def _copy(size: str, age: str) -> Column:
    def text(row: Object) -> str:
        alone = row["ownerless_s"] is not None and size == "snapshot_bytes"
        return "" if row[size] is None else f"{row[size] / MIB:.1f} MB, {ago(row[age])}{', ownerless' * alone}"

    return Column(size.partition("_")[0], text)


def ago(seconds: float) -> str:
    """An age in the largest unit that fits."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit} old"
    return f"{seconds:.0f} s old"


def _lag(row: Object) -> str:
    return "" if row["lag"] is None else f"{row['lag']}" + (f", {ago(row['lag_age_s'])}" if row["lag_age_s"] else "")


def _rejected(row: Object) -> str:
    """Those that nothing took the place of yet, and the others."""
    if not row["rejected"]:
        return "" if row["rejected"] is None else "0"
    mended = f"{row['rejected_mended']} mended" if row["rejected_mended"] else ""
    return ", ".join(filter(None, [f"{row['rejected_open']} open", mended]))


BEATS = (
    field("member", "worker", style="bold"),
    field("pid", "process", right=True),
    Column("beat", lambda row: "" if row["age_s"] is None else ago(row["age_s"])),
    Column("ready", lambda row: "yes" if row["ready"] else "no"),
)
COLUMNS = (
    field("partition", right=True, style="bold"),
    field("holder"),
    field("log_end", "log end", right=True),
    field("checkpoint", right=True),
    Column("lag", _lag, right=True),
    field("unsent", right=True),
    Column("rejected", _rejected, right=True),
    field("open_alerts", "open alerts", right=True),
    _copy("file_bytes", "file_age_s"),
    _copy("snapshot_bytes", "snapshot_age_s"),
    Column("clock", _clock, wraps=True),
)
