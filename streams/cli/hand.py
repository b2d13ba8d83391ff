"""`tocsin report`, `correct`, `merge`, `split`, `retract`, `assert`: what a person knows, told by hand."""

import functools
import getpass
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from events.model import (
    IncidentCorrected,
    IncidentReported,
    IncidentRetracted,
    IncidentsMerged,
    IncidentsSplit,
    TallyAsserted,
)
from events.values import Attribution, Occurred, Quantity, Reliability
from streams import clock
from streams.cli.effect import How, tell
from streams.cli.reads import Verb
from streams.cli.sending import waits
from streams.cli.wording import when
from streams.settings import load_settings

if TYPE_CHECKING:
    from events.model import Fact
    from projections.store.reader import Reader
    from streams.hand import Here

T = TypeVar("T")
SOURCE = ("document", "places", "reliability", "credibility")
FIELDS = ("weapons", "munitions", "targets", "wounded", "killed", "actor", "outcome", "confidence")


class Words(click.ParamType):
    """Something in the words of people, read by a function that raises ValueError with what it expected."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name, self._read = name, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(f"{error}, found {value!r}" if "found" not in str(error) else str(error), param, ctx)


def _when(words: str) -> Occurred:
    from seeds.words import when as read

    return read(words)


def _many(words: str) -> Quantity:
    try:
        return Quantity.said(int(words) if words.isdecimal() else words)
    except ValueError as error:
        raise ValueError("expected a number or words like 'at least 14' or 'dozens'") from error


def _of_whom(words: str) -> tuple[str, Quantity]:
    from streams.hand import UNSAID

    whose, mark, many = words.rpartition("=")
    return (whose, _many(many)) if mark else (UNSAID, _many(words))


WHEN, MANY, OF_WHOM = Words("when", _when), Words("how many", _many), Words("[whose=]how many", _of_whom)


def options(*those: Callable[[Verb], Verb]) -> Callable[[Verb], Verb]:
    """Several options as one, in this order."""
    return lambda verb: functools.reduce(lambda made, it: it(made), reversed(those), verb)


TOLD = options(
    click.option("--timeline", help="Where; not needed where there is only one."),
    click.option(
        "--document", help="The source document, which must be registered; without it the operator is the source."
    ),
    click.option("--place", "places", multiple=True, help="Where in the document, as in 'para 3'; may be repeated."),
    click.option(
        "--reliability", type=click.Choice([it.value for it in Reliability]), help="Of the source (Admiralty scale)."
    ),
    click.option("--credibility", type=click.IntRange(1, 6), help="Of what it says (Admiralty scale)."),
    click.option("--who", default=getpass.getuser, show_default="you", help="Who tells it."),
    click.option(
        "--dry-run", is_flag=True, help="Show what it would change, and append nothing. Exit 1 if it would be rejected."
    ),
    click.option("--yes", is_flag=True, help="Neither show nor ask."),
    waits,
)
REPORT = options(
    click.option("--class", "incident_class", help="What kind of incident, as in attack."),
    click.option("--site", help="Where it happened; a registered site."),
    click.option("--on", "occurred", type=WHEN, help="When: a day, 'DAY to DAY', a month or an instant."),
    click.option("--actor", help="Who is said to have done it; a registered actor."),
    click.option(
        "--attribution",
        type=click.Choice([it.value for it in Attribution]),
        help="On what ground; attributed, if not said.",
    ),
    click.option("--weapon", "weapons", multiple=True, help="With what; may be repeated."),
    click.option("--munitions", type=MANY, help="How many were used: 4, 'at least 14', dozens."),
    click.option("--targets", type=MANY, help="How many were hit."),
    click.option("--wounded", type=OF_WHOM, multiple=True, help="As in us='at least 3'; may be repeated."),
    click.option("--killed", type=OF_WHOM, multiple=True, help="As in civilian=2; may be repeated."),
    click.option("--outcome", help="How it ended."),
    click.option("--confidence", type=click.Choice(["low", "medium", "high"]), help="Of the source in its account."),
)


def why(*, needed: bool) -> Callable[[Verb], Verb]:
    return click.option("--why", required=needed, help="Why it is told" + (" (needed)." if needed else "."))


@click.command()
@click.option(
    "--incident", help="Its id: of a known one, another report of it; if not said, one is made from day and site."
)
@REPORT
@why(needed=False)
@TOLD
def report(*, incident: str | None, why: str | None, **said: Any) -> int:
    r"""Report an incident, or tell more of a known one.

    \b
    tocsin report --class attack --site ain-al-asad --on 2023-11-12 --actor militia --attribution claimed \
        --weapon drone --wounded us='at least 3' --document 000_a32cf492ad84e1a9 --place 'para 3'
    tocsin report --incident inc-2023-11-12-ain-al-asad --killed us=1 --dry-run
    """
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
    r"""Correct fields of an INCIDENT; what is not named stays.

    \b
    tocsin correct inc-2023-11-12-ain-al-asad --wounded us=4 --why "the Pentagon said four" --dry-run
    """
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
    r"""Say that the MERGED incidents are the SURVIVOR: it stands for all of them.

    \b
    tocsin merge inc-a inc-b --why "two accounts of one attack"
    """
    return _tell(IncidentsMerged, lambda *_: {"survivor": survivor, "merged": merged, "reason": why}, said)


@click.command()
@click.argument("survivor")
@click.argument("apart", nargs=-1, required=True)
@why(needed=True)
@TOLD
def split(*, survivor: str, apart: Sequence[str], why: str, **said: Any) -> int:
    r"""Undo a merge: the incidents APART from the SURVIVOR stand for themselves again.

    \b
    tocsin split inc-a inc-b --why "they were two after all"
    """
    return _tell(IncidentsSplit, lambda *_: {"survivor": survivor, "split": apart, "reason": why}, said)


@click.command()
@click.argument("incident")
@why(needed=True)
@TOLD
def retract(*, incident: str, why: str, **said: Any) -> int:
    r"""Say that an INCIDENT never happened.

    \b
    tocsin retract inc-a --why "the source withdrew it"
    """
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
    r"""Note a TOTAL of a METRIC that a source claims. It is never added to our counters.

    \b
    tocsin assert attacks 61 --since 2023-10-17 --as-of 2023-11-17 --by Pentagon --document 003_04e391e9412b19af
    """
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
