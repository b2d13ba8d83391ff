"""The table of verbs, and how one of them is run and left."""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from events.errors import TimelineError
from streams.cli.exits import OK, USAGE, told
from streams.cli.interrupts import INTERRUPTED, loaded
from streams.cli.output import give_up_stdout
from streams.compiled import refuse_stale

# verb -> "module:command" and a line of help, in the order in which a newcomer meets them
VERBS = {
    "demo": ("streams.cli.demo:demo", "The whole line once, from documents to alerts, and what it looks like."),
    "up": ("streams.cli.worker:up", "Everything at once: a Kafka, unless there is one, and a worker."),
    "worker": ("streams.cli.worker:worker", "A worker alone: applies the log, sends the alerts."),
    "replay": ("streams.cli.replay:replay", "A theatre's events to the log, in the order in which they became known."),
    "append": ("streams.cli.append:append", "Events of your own to the log, all checked first."),
    "report": ("streams.cli.hand:report", "Tell of an incident by hand, or more of a known one."),
    "correct": ("streams.cli.hand:correct", "Correct fields of an incident."),
    "merge": ("streams.cli.hand:merge", "Say that several incidents are one."),
    "split": ("streams.cli.hand:split", "Undo a merge."),
    "retract": ("streams.cli.hand:retract", "Say that an incident never happened."),
    "assert": ("streams.cli.hand:assert_", "Note a total that a source claims."),
    "timeline": ("streams.cli.timeline:timeline", "What was told, by document, as it became known."),
    "incidents": ("streams.cli.incidents:incidents", "What is believed to have happened, incident by incident."),
    "tallies": ("streams.cli.tallies:tallies", "Standing incidents by site and class."),
    "counters": ("streams.cli.tallies:counters", "Standing incidents and their toll by period."),
    "why": (
        "streams.cli.why:why",
        "Where a number comes from, down to document and place; exit 1 if it does not add up.",
    ),
    "assertions": ("streams.cli.assertions:assertions", "Totals that sources claim."),
    "reconcile": (
        "streams.cli.assertions:reconcile",
        "Totals that sources claim against our incidents: the gap, and why.",
    ),
    "alerts": ("streams.cli.alerts:alerts", "The alerts as they stand; their messages."),
    "diff": ("streams.cli.diff:diff", "What was learned between two days."),
    "watch": ("streams.cli.watch:watch", "Follow the alert messages, one line each."),
    "rules": ("streams.cli.rules:rules", "What is worth telling: check a file of rules, adopt it, see those in force."),
    "projection": ("streams.cli.projection:projection", "What this code says otherwise: adopt its newest version."),
    "sql": ("streams.cli.sql:sql", "SQL of your own on the snapshots."),
    "rejected": ("streams.cli.rejected:rejected", "Records that were set aside, and why."),
    "status": ("streams.cli.status:status", "How the line is; exit 1 when it is dead or stuck."),
    "doctor": ("streams.cli.doctor:doctor", "Whether machine, files, broker and topics are as they must be."),
    "verify": ("streams.cli.verify:verify", "Whether what is published is what the log says; exit 1 if not."),
    "rebuild": ("streams.cli.rebuild:rebuild", "The projection anew from the log, beside a worker that goes on."),
    "schema": ("streams.cli.schema:schema", "The contract of the events, as JSON Schemas."),
    "topics": ("streams.cli.topics:topics", "The topics: list, create."),
    "log": ("streams.cli.log:log", "The backup: export the log, check it, import it into an empty one."),
    "broker": ("streams.cli.serve:broker", "The embedded Kafka alone, in the foreground."),
}

LOOKS = ("doctor",)  # loads nothing that is compiled, and says itself how that is

EXAMPLES = """\
tocsin demo                       everything once, on five documents; ends by itself
tocsin up                         a Kafka and a worker in this folder; ctrl-C ends both
tocsin replay iraq-syria          the first theatre, as it became known
tocsin alerts --state open        what people were told and is not over, with its evidence
tocsin tallies --json             one JSON array of objects, as every listing verb has it
tocsin status                     whether the line lives
"""


class Verbs(click.Group):
    """Verbs by name; nothing is imported before it is needed, so that help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        if cmd_name not in LOOKS:
            refuse_stale()  # before anything compiled is loaded
        module, _, name = VERBS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, said) for verb, (_, said) in VERBS.items()])
        with formatter.section("Examples"):
            for line in EXAMPLES.splitlines():
                formatter.write(f"  {line}\n")


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tocsin")
def tocsin() -> None:
    """An event-sourced incident timeline with streaming alerts.

    Settings come from TOCSIN_* in the environment and from tocsin.toml; data goes to stdout, messages to stderr.

    Every verb ends with 0 when it is done, 1 when a check found something or what is named is not there, 2 when an
    option, an argument or a setting is wrong, 3 when the projection halted, 130 after ctrl-C.
    """
    from streams.logs import set_up_logs
    from streams.settings import load_settings

    settings = load_settings()
    set_up_logs(settings.log_level, settings.log_format)
    loaded()


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a verb and leave with its exit code. An error is one line per fault on stderr; TOCSIN_DEBUG=1 shows where."""
    try:
        code = tocsin.main(args=arguments, prog_name="tocsin", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(USAGE)
    except (Exception, SystemExit) as error:  # click leaves with 1 when the reader of stdout has gone
        if fault := _unwritable(error):
            sys.exit(_without_output(fault))
        if isinstance(error, SystemExit) or os.environ.get("TOCSIN_DEBUG", "").lower() in {"1", "true"}:
            raise
        sys.exit(told(error))
    sys.exit(code if isinstance(code, int) else OK)


def _unwritable(error: BaseException) -> OSError | None:
    """Why nothing could be printed, if that is what went wrong."""
    cause = error.__context__ if isinstance(error, SystemExit) else error
    trace = cause.__traceback__ if isinstance(cause, OSError) else None
    while trace and trace.tb_next:
        trace = trace.tb_next
    printing = trace is not None and trace.tb_frame.f_code.co_filename == click.utils.__file__
    return cause if printing and isinstance(cause, OSError) else None


def _without_output(fault: OSError) -> int:
    """Give up stdout, say so unless its reader just had enough; the exit code."""
    give_up_stdout()
    if isinstance(fault, BrokenPipeError):
        return OK
    return told(TimelineError(f"the output can not be written: {fault.strerror}"))
