"""`tocsin log`: the backup. Export the log into files, check them, import them into an empty log."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.output import Column, field, show
from streams.cli.progress import progress

if TYPE_CHECKING:
    from streams.backup.manifest import Manifest

FOLDER = click.Path(file_okay=False, path_type=Path)
MANY = 20_000  # records; what is less is done before a bar can be read


@click.group()
def log() -> None:
    """The log as files: the backup, since everything else follows from the log.

    \b
    tocsin log export backup --gzip
    tocsin log check backup
    tocsin log import backup
    """  # noqa: D301 -- click reads the character, not the letters


@log.command("export")
@click.argument("folder", type=FOLDER)
@click.option("--gzip", "packed", is_flag=True, help="Compress the files.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of objects: the files.")
def export_(*, folder: Path, packed: bool, as_json: bool) -> None:
    """Write what is committed now into FOLDER, which is made: a file per partition, and manifest.json.

    A line is a CloudEvent in JSON, or, for a record that is not written as events are, its bytes. The line may go on
    meanwhile: what comes later is in the next export.

    \b
    tocsin log export backup --gzip
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.backup.exporting import export, spans
    from streams.reading.published import broker_here
    from streams.settings import load_settings

    settings = load_settings()
    servers, topic = broker_here(settings), f"{settings.prefix}.events"
    there = sum(it.end - it.first for it in asyncio.run(spans(servers, topic)))
    with progress("exporting", there, least=MANY) as advance:
        made = asyncio.run(export(servers, topic, folder, ".ndjson.gz" if packed else ".ndjson", advance))
    _show(made, as_json=as_json)


@log.command()
@click.argument("folder", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="One JSON array of objects: the files.")
def check(*, folder: Path, as_json: bool) -> None:
    """Read a backup whole: every line, count and hash. Exit 1 at the first that is not as written, with file and line.

    \b
    tocsin log check backup
    """  # noqa: D301 -- click reads the character, not the letters
    _show(_checked(folder), as_json=as_json)


@log.command("import")
@click.argument("folder", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="One JSON array of objects: the files.")
def import_(*, folder: Path, as_json: bool) -> None:
    """Put a backup into an empty log, every record at its offset; topics that are missing are made.

    Everything is checked first; when anything is damaged, nothing is sent. A worker then makes the same tables of it.

    \b
    TOCSIN_PREFIX=restored tocsin log import backup
    """  # noqa: D301 -- click reads the character, not the letters
    from streams.backup.importing import restore
    from streams.broker.which import broker_of
    from streams.settings import load_settings
    from streams.topics import Topics

    settings = load_settings()
    manifest = _checked(folder)
    total = sum(it.records for it in manifest.parts)
    with broker_of(settings) as servers, progress("importing", total, least=MANY) as advance:
        asyncio.run(restore(servers, Topics(settings.prefix), folder, manifest, advance))
    _show(manifest, as_json=as_json)


def _checked(folder: Path) -> "Manifest":
    from streams.backup.checking import check as check_
    from streams.backup.manifest import load

    with progress("checking", sum(it.records for it in load(folder).parts), least=MANY) as advance:
        return check_(folder, advance)


def _show(manifest: "Manifest", *, as_json: bool) -> None:
    rows = [it.model_dump() for it in manifest.parts]
    show(rows, COLUMNS, as_json=as_json)
    records = sum(it.records for it in manifest.parts)
    click.echo(f"{manifest.topic}: {records} record{'' if records == 1 else 's'}, all as the manifest says", err=True)


COLUMNS = (
    field("name", "file", style="bold"),
    field("partition", right=True),
    field("first", right=True),
    field("end", right=True),
    field("records", right=True),
    field("raw", right=True),
    Column("sha256", lambda row: row["sha256"][:16]),
)
