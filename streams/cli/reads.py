"""What every verb that reads has in common: --json, --wait, and one line about what it speaks of."""

import functools
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Final

import click

from events.values import micros

Verb = Callable[..., Any]
DAY: Final = 86_400_000_000  # µs
JSON: Final = "One JSON array of objects."
patient: Final = click.option(
    "--patience",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    help="Seconds to wait at most, with --wait.",
)


def reads(verb: Verb) -> Verb:
    """Hand a verb the open snapshots as `reader`; on stderr stands as of when they speak. Unknown names are refused."""
    return reading(verb, JSON)


def reads_any_time(verb: Verb) -> Verb:
    """The same for a verb that may ask for what was known at any time."""
    return reading(verb, JSON, macros=True)


def reading(verb: Verb, as_json: str, *, macros: bool = False) -> Verb:
    """The same, and what --json is of this verb; with `macros`, it may ask for what was known at any time."""

    @click.option("--json", "as_json", is_flag=True, help=as_json)
    @click.option("--wait", is_flag=True, help="First wait until what is in the log now is in the snapshots.")
    @patient
    @functools.wraps(verb)
    def run(*, wait: bool, patience: float, known_at: int | None = None, **chosen: Any) -> Any:
        with _undisturbed():
            from projections.store.reader import Reader
        from streams.cli.names import check_names
        from streams.reading.published import ownerless_here, position, snapshots_of
        from streams.reading.waiting import wait_until_read
        from streams.settings import load_settings

        settings = load_settings()
        if wait:
            wait_until_read(settings, patience)
        with Reader(snapshots_of(settings), known_at, macros=macros) as reader:
            click.echo(
                position(reader, f"{settings.prefix}.events", ownerless_here(settings, reader.snapshots)), err=True
            )
            check_names(reader, chosen)
            return verb(reader=reader, **chosen)

    return run


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let ctrl-C wait: DuckDB ends the process the hard way when it is interrupted while it is loaded."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def some_of(name: str, parameter: str, said: str, choices: Sequence[str] = ()) -> Callable[[Verb], Verb]:
    """An option that may be repeated; none of it asks for everything."""
    kind = click.Choice(choices) if choices else click.STRING
    return click.option(name, parameter, type=kind, multiple=True, callback=lambda *it: list(it[2]) or None, help=said)


of_timelines: Final = some_of("--timeline", "timelines", "Only this timeline; may be repeated, as all of these.")
of_classes: Final = some_of("--class", "classes", "Only this class of incidents.")


class Moment(click.ParamType):
    """A day (its beginning, UTC) or an instant; handed over as text."""

    name = "day|instant"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The instant as text."""
        return self._read(value, param, ctx).isoformat()

    def _read(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):  # in UTC it may lie beyond all years
            self.fail(f"expected a day (2023-10-17) or an instant (2023-10-17T12:00Z), found {value!r}", param, ctx)


class Then(Moment):
    """A day (its end, UTC) or an instant; handed over as µs since the epoch."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The last µs of a day, or the instant."""
        if isinstance(value, int):
            return value
        moment = self._read(value, param, ctx)
        return micros(moment) + (DAY - 1 if _is_day(value) else 0)


def occurred(verb: Verb) -> Verb:
    """Narrow a verb that reads to what occurred in a period: --from, inclusive, and --to, exclusive."""
    before = click.option("--to", "before", type=Moment(), help="Only what occurred before that.")
    return click.option("--from", "since", type=Moment(), help="Only what occurred then or later.")(before(verb))


def as_known(verb: Verb) -> Verb:
    """Give a verb that reads the option to say what was known at some time; it stands above `@reads`."""
    return click.option(
        "--as-known-at", "known_at", type=Then(), help="As it was known then: an instant, or a day, which is its end."
    )(verb)


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
