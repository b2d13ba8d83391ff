"""`tocsin rules backtest`: rules on trial, on all that is known."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from projections.rules.durations import UNITS
from streams.cli.alert_words import in_unit
from streams.cli.append import many
from streams.cli.output import Column, Object, field, heading, table
from streams.cli.progress import progress
from streams.cli.reads import Moment, reading
from streams.cli.wording import when

if TYPE_CHECKING:
    from projections.rules.spec import Content
    from projections.store.reader import Reader
    from streams.backtesting.running import Tried

FEW: Final = 20_000  # records; fewer are gone through before a bar can be read
SHOWN: Final = 40  # alerts
LEGEND: Final = (
    "w/W/C: how many reached watch, warning, critical; today: the same, by all that is known today\n"
    "told after: from its beginning until an alert was told, the median; late: it was over by then\n"
    "cancelled: it was not so after all; merged: it became part of another"
)
TO_STDOUT: Final = Path("-")
A_STRIP: Final = "Draw it there, a strip a rule and group; `-` prints the drawing and nothing else."
MANY: Final = {"appears": "appear", "vanishes": "vanish"}


@click.command()
@click.argument("rules", type=click.Path(exists=True, path_type=Path))
@click.option("--timeline", help="On what; not needed where there is only one.")
@click.option("--from", "since", type=Moment(), help="Only alerts that would have been told then or later.")
@click.option("--to", "until", type=Moment(), help="Only alerts that would have been told before that.")
@click.option("--against", type=click.Choice(["adopted"]), help="Hold them against the rules in force.")
@click.option("--rows", type=click.IntRange(0), default=SHOWN, show_default=True, help="Alerts shown; all are counted.")
@click.option("--svg", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), help=A_STRIP)
@partial(reading, as_json="One JSON object.")
def backtest(  # noqa: PLR0913  # one for each option
    *, reader: "Reader", as_json: bool, rules: Path, against: str | None, svg: Path | None, rows: int, **said: Any
) -> None:
    """Try RULES, a file or a folder, on the past: what they would have told, when, and what is known of it today.

    It is as if they had been adopted when the timeline began. Nothing is written and nothing is sent: the newest
    snapshot is read.

    \b
    tocsin rules backtest rules.yaml
    tocsin rules backtest rules.yaml --against adopted --from 2023-10-17 --svg strips.svg
    tocsin rules backtest my-rules --json
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.backtesting.report import report
    from streams.backtesting.running import Period
    from streams.cli.rules_names import unborne, warn
    from streams.rule_files import read_rules

    if said["since"] and said["until"] and said["until"] <= said["since"]:
        msg = f"expected --from before --to, found {said['since']} and {said['until']}"
        raise click.UsageError(msg)
    if as_json and svg == TO_STDOUT:
        msg = "expected one thing on stdout, found --json and --svg -"
        raise click.UsageError(msg)
    period = Period(_micros(said["since"]), _micros(said["until"]))
    wanted = read_rules(rules)
    found = tried_on(reader, said["timeline"], wanted, against=against is not None).within(period)
    warnings = unborne(reader, found.timeline, wanted)
    if svg is not None:
        _draw(svg, found)
    if svg == TO_STDOUT:
        return
    if as_json:
        both = {**report(found), "warnings": [it._asdict() for it in warnings]}
        click.echo(json.dumps(both, ensure_ascii=False))
    else:
        show_summaries(found)
        show_alerts(found, rows)
    warn(warnings)


def tried_on(reader: "Reader", timeline: str | None, rules: "Sequence[Content]", *, against: bool) -> "Tried":
    """Rules tried on the newest snapshot of a timeline, held against those in force if that is wanted."""
    from streams.backtesting.running import Sets, tried
    from streams.rules import in_force, timeline_of

    row = timeline_of(reader, timeline)
    name = row["timeline"]
    adopted = in_force(reader, name).rules if against else None
    [snapshot] = [it for it in reader.snapshots if it.partition == row["partition"]]
    [end] = [it.next_offset for it in reader.as_of if it.partition == row["partition"]]
    with progress("trying", end, FEW) as moved:
        return tried(snapshot.path, Sets(name, row["projection_version"], rules, adopted), moved)


def _micros(text: str | None) -> int | None:
    from events.values import micros

    return None if text is None else micros(datetime.fromisoformat(text))


def _draw(path: Path, found: "Tried") -> None:
    from events.errors import ConfigInvalid
    from streams.backtesting.strips import svg

    if path == TO_STDOUT:
        click.echo(svg(found), nl=False)
        return
    try:
        path.write_text(svg(found), encoding="utf-8")
    except OSError as error:
        raise ConfigInvalid(f"{path}: {error.strerror}") from error
    click.echo(f"drawn in {path}", err=True)


# -- for people


def show_summaries(found: "Tried") -> None:
    """Print a line for each rule."""
    from events.values import instant, iso
    from streams.backtesting.report import WEEK, summaries

    last = found.last - 1  # the day that begins then is not in it
    span = f"{iso(instant(found.first))[:10]}…{iso(instant(last))[:10]}"
    heading(f"{found.timeline}: {many(found.events, 'event')}, known {span}")
    rows = summaries(found)
    if not rows:
        click.echo("no rules: nothing would have been told", err=True)
        return
    weeks = (found.last - found.first) / WEEK
    shown = [{**row, "often": often(row["alerts"], weeks)} for row in rows]
    table(shown, SUMMARIES if found.adopted is None else (*SUMMARIES, AGAINST))
    click.echo(LEGEND, err=True)


def often(alerts: int, weeks: float) -> str:
    """How often one is told, for people: no small fraction of an alert."""
    if not (alerts and weeks):
        return ""
    apart = round(weeks / alerts)
    return f"1 in {apart} weeks" if apart > 1 else f"{round(alerts / weeks, 1):g} a week"


def show_alerts(found: "Tried", most: int) -> None:
    """Print the alerts that were told last; held against the rules in force, those that would differ."""
    from projections.rules.rivals import Fate
    from streams.backtesting.report import chosen

    differ = found.adopted is not None
    those = [it for it in found.pairs if not differ or it.fate is not Fate.SAME]
    if those and most:
        heading("alerts that would differ" if differ else "alerts")
        table(chosen(found, those[-most:]), (*ALERTS, DIFFERS) if differ else ALERTS)
    if most < len(those):
        click.echo(
            f"and {many(len(those) - most, 'alert')} before these: --rows, --from and --json show them", err=True
        )


def _seconds(number: int | None) -> str:
    """A duration in two units at most, for it is to be read."""
    if number is None:
        return ""
    sign, left, parts = "-" if number < 0 else "", abs(number), list[str]()
    for unit in ("d", "h", "m", "s"):
        many_, left = divmod(left, UNITS[unit] // UNITS["s"])
        parts += [f"{many_}{unit}"] * bool(many_)
    return sign + " ".join(parts[:2]) if parts else "0s"


def _levels(row: Object) -> str:
    return "/".join(str(row[name]) for name in ("watch", "warning", "critical"))


def _became(row: Object) -> str:
    """Those of which there is more to say than that they were told."""
    return ", ".join(f"{row[name]} {name}" for name in ("late", "cancelled", "merged") if row[name])


def _against(row: Object) -> str:
    """How many alerts would differ, and by how much those move that would be told at another time."""
    counts = [(number, fate) for fate, number in row["against"].items() if fate not in {"lead_s", "same"} and number]
    said = [f"{number} {MANY.get(fate, fate) if number > 1 else fate}" for number, fate in counts]
    lead = row["against"]["lead_s"]
    moved = [] if lead is None else [f"{_seconds(abs(lead))} {'sooner' if lead > 0 else 'later'}"]
    return ", ".join([*said, *moved]) or "the same"


def _value(row: Object) -> str:
    return ", ".join(row["group"].values()) or "all"


def _span(episode: Object | None) -> str:
    if episode is None:
        return ""
    since = episode["opened_at"]
    span = f"{since[:10]}…" if episode["ended_at"] is None else when(since, episode["ended_at"], "range")
    return f"{span} {episode['severity']} {in_unit(episode, episode['value'])}"


def _today(row: Object) -> str:
    """What is known of it now: the episode, or that there is none."""
    return _span(row["hindsight"]) or {"merged": "part of another", "cancelled": "no such episode"}[row["state"]]


def _differs(row: Object) -> str:
    lead = row["against"]["lead_s"]
    return f"{row['against']['is']} {_seconds(abs(lead)) if lead else ''}".strip()


SUMMARIES = (
    field("rule", style="bold"),
    field("alerts", right=True),
    Column("w/W/C", _levels, right=True),
    field("often", "how often"),
    Column("told after", lambda row: _seconds(row["delay_s"]), right=True),
    Column("of them", _became),
    Column("today", lambda row: _levels(row["hindsight"]), right=True),
)
AGAINST = Column("against those adopted", _against, wraps=True)
ALERTS = (
    Column("told", lambda row: row["raised_at"][:16].replace("T", " ")),
    field("severity", style="bold"),
    field("rule"),
    Column("group", _value),
    Column("as then known", lambda row: _span(row["messages"][0])),
    Column("as known today", _today),
    field("state"),
)
DIFFERS = Column("against", _differs)
