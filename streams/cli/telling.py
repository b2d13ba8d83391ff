"""The options of the verbs that tell by hand, and the words that people put into them."""

import functools
import getpass
from collections.abc import Callable
from typing import Any

import click

from events.values import Attribution, Occurred, Quantity, Reliability
from streams.cli.reads import Verb
from streams.cli.sending import waits
from streams.cli.words import WHO, WHY


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
    click.option("--who", type=WHO, default=getpass.getuser, show_default="you", help="Who tells it."),
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
    return click.option("--why", type=WHY, required=needed, help="Why it is told" + (" (needed)." if needed else "."))
