"""How every verb ends: the exit codes, and the one place where errors become them."""

import errno
from pathlib import Path

import click

from events.errors import ConfigInvalid, Faulty, ProjectionHalted, TimelineError
from streams.cli.interrupts import INTERRUPTED

# exit codes, the same for every verb: docs/operations.md
OK = 0  # done
FOUND = 1  # a check found something, or what is named is not there
USAGE = 2  # an option, an argument, a file or a setting is wrong
HALTED = 3  # the projection halted, or nobody foresaw this


def told(error: Exception) -> int:
    """Say what went wrong, one line per fault, on stderr; the exit code."""
    if isinstance(error, RuntimeError) and str(error) == "Query interrupted":  # DuckDB's word for ctrl-C
        return INTERRUPTED
    click.echo("\n".join(f"tocsin: {line}" for line in _said(error).splitlines()), err=True)
    return exit_code(error)


def exit_code(error: Exception) -> int:
    """Who must act, as a number. What nobody foresaw halts."""
    match error:
        case Faulty():
            return FOUND
        case ConfigInvalid():
            return USAGE
        case OSError() if _is_of_home(error):
            return USAGE
        case ProjectionHalted():
            return HALTED
        case TimelineError():
            return FOUND
        case _:
            return HALTED


def _said(error: Exception) -> str:
    if isinstance(error, TimelineError):
        return _soon(error) or str(error)
    if isinstance(error, OSError) and _is_of_home(error):
        return f"{error.filename}: {error.strerror}; TOCSIN_HOME names another folder"
    if any(it.__module__ == "aiokafka.errors" for it in type(error).__mro__):  # loading that takes a while
        return f"Kafka is gone, or refuses: {error}; `tocsin doctor` looks into it"
    return f"unexpected {type(error).__name__}: {error}"


def _soon(error: TimelineError) -> str | None:
    """What to say instead where nothing is published, but a worker of this home has begun."""
    if type(error).__name__ != "NothingPublished":  # loading that takes a while
        return None
    from streams.broker.locks import held
    from streams.settings import load_settings

    workers = load_settings().home / "workers"
    if not any(map(held, workers.glob("*"))):
        return None
    return "nothing to read yet: a worker has begun, and publishes soon; `tocsin status` says how far it is"


def _is_of_home(error: OSError) -> bool:
    """Whether the system refuses to work in the home: there can be none, or it may not be written."""
    from streams.settings import load_settings

    if not isinstance(error.filename, str):
        return False
    named, home = Path(error.filename).absolute(), load_settings().home.absolute()
    refused = not home.is_dir() or isinstance(error, PermissionError) or error.errno == errno.EROFS
    return refused and (named.is_relative_to(home) or home.is_relative_to(named))
