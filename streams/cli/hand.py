"""`tocsin report`, `correct`, `merge`, `split`, `retract`, `assert`: what a person knows, told by hand."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from events.model import (
    IncidentCorrected,
    IncidentReported,
    IncidentRetracted,
    IncidentsMerged,
    IncidentsSplit,
    TallyAsserted,
)
from events.values import Quantity
from streams import clock
from streams.cli.effect import How, tell
from streams.cli.telling import MANY, REPORT, TOLD, why
from streams.cli.wording import when
from streams.settings import load_settings

if TYPE_CHECKING:
    from events.model import Fact
    from projections.store.reader import Reader
    from streams.hand import Here

SOURCE = ("document", "places", "reliability", "credibility")
FIELDS = ("weapons", "munitions", "targets", "wounded", "killed", "actor", "outcome", "confidence")


@click.command()
@click.option(
    "--incident", help="Its id: of a known one, another report of it; if not said, one is made from day and site."
)
@REPORT
@why(needed=False)
@TOLD
def report(*, incident: str | None, why: str | None, **said: Any) -> int:
    """Report an incident, or tell more of a known one.

    \b
    tocsin report --class attack --site ain-al-asad --on 2023-11-12 --actor militia --attribution claimed \\
        --weapon drone --wounded us='at least 3' --document 000_a32cf492ad84e1a9 --place 'para 3'
    tocsin report --incident inc-2023-11-12-ain-al-asad --killed us=1 --dry-run
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.hand import report as stated

    if not (told := stated(_report(said))):
        raise click.UsageError("expected something that is told of it, as --killed us=1, found nothing")

    def made(reader: "Reader", where: "Here") -> dict[str, Any]:
        return {"incident": incident or _new(reader, where, said), "report": told, "note": why}

    return _tell(IncidentReported, made, said)


@click.command()
@click.argument("incident")
@REPORT
@click.option(
    "--take-back",
    "taken_back",
    multiple=True,
    type=click.Choice(FIELDS),
    help="What is not said any more; may be repeated.",
)
@why(needed=True)
@TOLD
def correct(*, incident: str, why: str, taken_back: Sequence[str], **said: Any) -> int:
    """Correct fields of an INCIDENT; what is not named stays.

    \b
    tocsin correct inc-2023-11-12-ain-al-asad --wounded us=4 --why "the Pentagon said four" --dry-run
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.hand import report as stated

    changes = stated(_report(said), taken_back)
    if not changes:
        raise click.UsageError("expected at least one change, found none")
    return _tell(IncidentCorrected, lambda *_: {"incident": incident, "changes": changes, "note": why}, said)


@click.command()
@click.argument("survivor")
@click.argument("merged", nargs=-1, required=True)
@why(needed=True)
@TOLD
def merge(*, survivor: str, merged: Sequence[str], why: str, **said: Any) -> int:
    """Say that the MERGED incidents are the SURVIVOR: it stands for all of them.

    \b
    tocsin merge inc-a inc-b --why "two accounts of one attack"
    """  # noqa: D301 -- click reads the character, not the letters
    return _tell(IncidentsMerged, lambda *_: {"survivor": survivor, "merged": merged, "reason": why}, said)


@click.command()
@click.argument("survivor")
@click.argument("apart", nargs=-1, required=True)
@why(needed=True)
@TOLD
def split(*, survivor: str, apart: Sequence[str], why: str, **said: Any) -> int:
    """Undo a merge: the incidents APART from the SURVIVOR stand for themselves again.

    \b
    tocsin split inc-a inc-b --why "they were two after all"
    """  # noqa: D301 -- click reads the character, not the letters
    return _tell(IncidentsSplit, lambda *_: {"survivor": survivor, "split": apart, "reason": why}, said)


@click.command()
@click.argument("incident")
@why(needed=True)
@TOLD
def retract(*, incident: str, why: str, **said: Any) -> int:
    """Say that an INCIDENT never happened.

    \b
    tocsin retract inc-a --why "the source withdrew it"
    """  # noqa: D301 -- click reads the character, not the letters
    return _tell(IncidentRetracted, lambda *_: {"incident": incident, "reason": why}, said)


@click.command("assert")
@click.argument("metric")
@click.argument("total", type=MANY)
@click.option("--since", required=True, help="The first day that is covered.")
@click.option("--as-of", "as_of", required=True, help="The last day that is covered.")
@click.option("--country", help="Only there (ISO 3166-1 alpha-2).")
@click.option("--site", help="Only at this site.")
@click.option("--actor", help="Only by this actor.")
@click.option("--by", "asserted_by", help="Who claims it.")
@click.option("--assertion", help="Its id; if not said, one is made from metric, day and source.")
@why(needed=False)
@TOLD
def assert_(*, metric: str, total: Quantity, assertion: str | None, why: str | None, **said: Any) -> int:
    """Note a TOTAL of a METRIC that a source claims. It is never added to our counters.

    \b
    tocsin assert attacks 61 --since 2023-10-17 --as-of 2023-11-17 --by Pentagon --document 003_04e391e9412b19af
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.hand import FEED, stated

    name = assertion or f"{metric}-{said['as_of']}-{said['document'] or FEED}"
    scope = stated({it: said.pop(it) for it in ("country", "site", "actor")})
    days = {it: said.pop(it) for it in ("since", "as_of", "asserted_by")}
    claimed = {"assertion": name, "metric": metric, "total": total, "scope": scope or None, **days, "note": why}
    return _tell(TallyAsserted, lambda *_: claimed, said)


def _report(said: dict[str, Any]) -> dict[str, Any]:
    """The options of REPORT as the fields of a report."""
    names = ("incident_class", "site", "occurred", "attribution", *FIELDS)
    found = {name: said[name] for name in names}
    return found | {name: dict(found[name]) for name in ("wounded", "killed")}


def _new(reader: "Reader", where: "Here", said: dict[str, Any]) -> str:
    """An id for a new incident; those that may be the same are named."""
    from streams.hand import incident_id, near

    site, occurred = said["site"], said["occurred"]
    if site is None or occurred is None:
        raise click.UsageError("expected --site and --on for a new incident, or --incident of a known one")
    for it in near(reader, where, site, occurred):
        span = when(it["occurred_from"], it["occurred_until"], it["precision"])
        click.echo(f"there is {it['incident_id']} ({it['class']}, {span}); --incident tells more of it", err=True)
    return incident_id(reader, where, site, occurred)


def _tell(kind: "type[Fact]", made: "Callable[[Reader, Here], dict[str, Any]]", said: dict[str, Any]) -> int:
    """Make the fact, show what it would change, ask, append it."""
    from projections.store.reader import Reader
    from streams.hand import event, fact, here
    from streams.reading.published import snapshots_of

    settings = load_settings()
    with Reader(snapshots_of(settings)) as reader:
        where = here(reader, said["timeline"], clock.now())
        known = {**made(reader, where), "who": said["who"]}
    it = event(where, fact(kind, known, {name: said[name] for name in SOURCE}))
    click.echo(f"{it.timeline}: {it.fact.kind} {it.fact.subject()}", err=True)
    how = How(said["dry_run"], said["yes"], said["patience"] if said["wait"] else None)
    return tell(settings, it, where.partition, how)
