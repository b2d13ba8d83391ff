"""`tocsin rules test`: what people wrote in files of rule tests, tried."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from events.errors import ConfigInvalid
from streams.cli.append import many
from streams.cli.exits import FOUND, OK
from streams.cli.output import print_json
from streams.cli.words import readable

if TYPE_CHECKING:
    from streams.rule_tests.running import Result

JUNIT = click.Path(dir_okay=False, path_type=Path)


def _a_file(_: click.Context, __: click.Parameter, value: Path | None) -> Path | None:
    """A dash is no name of a file: people mean standard output by it, where other words are already."""
    if value == Path("-"):
        raise click.BadParameter("expected a file, found -, which is none: results are printed without it")
    return value


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(exists=True, path_type=Path))
@click.option("--junit", type=JUNIT, callback=_a_file, help="Write JUnit XML there too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of objects.")
def test(paths: Sequence[Path], junit: Path | None, *, as_json: bool) -> int:
    """Run the rule tests in files, or in all *_test.yaml of folders and what is in them. Exit 1 when one fails.

    \b
    tocsin rules test rules_test.yaml
    tocsin rules test my-theatre --junit results.xml

    Nothing is needed for it, neither a broker nor a worker. How tests are written: docs/rule-tests.md
    """  # noqa: D301 -- click reads the character, not the letters
    if junit is not None:
        _write(junit, [])  # what an earlier run found is not for whoever reads it when this one is killed
    try:
        results = run_tests(paths, show=lambda _: not as_json)
    except ConfigInvalid as error:
        _put([], error.faults, junit, as_json=as_json)
        raise
    _put(results, [], junit, as_json=as_json)
    return FOUND if any(it.failures for it in results) else OK


def _put(results: "Sequence[Result]", faults: Sequence[str], junit: Path | None, *, as_json: bool) -> None:
    """Write for machines what was found, where that is wanted."""
    from streams.rule_tests.telling import object_of, object_of_fault

    if as_json:
        print_json([*map(object_of, results), *map(object_of_fault, faults)])
    if junit is not None:
        _write(junit, results, faults)


def run_tests(paths: Sequence[Path], show: Callable[["Result"], bool]) -> "list[Result]":
    """Run the tests in files and folders, show those that are to be shown, and say how many there were."""
    from streams.rule_tests.reading import read_tests
    from streams.rule_tests.running import run

    results = []
    for it in run(read_tests(paths)):
        results.append(it)
        if show(it):
            _say(it)
    click.echo(f"{many(len(results), 'test')}, {sum(bool(it.failures) for it in results)} failed", err=True)
    return results


def _say(it: "Result") -> None:
    from streams.rule_tests.telling import lines_of

    said = f"{'FAILED' if it.failures else 'ok':8}{it.file}: {it.name}"
    click.secho(readable(said), fg="red" if it.failures else None)
    for failure in it.failures:
        click.echo("\n".join(f"    {readable(line)}" for line in lines_of(it.file, failure)))


def _write(path: Path, results: "Sequence[Result]", faults: Sequence[str] = ()) -> None:
    from streams.rule_tests.junit import junit

    try:
        path.write_text(junit(results, faults), encoding="utf-8")
    except OSError as error:
        raise ConfigInvalid(f"{path}: {error.strerror}") from error
