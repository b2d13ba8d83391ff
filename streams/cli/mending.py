"""`tocsin rejected mend` and `resend`: records that were set aside, on their way back into the log."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from events.errors import ConfigInvalid, EventRejected, NotFound, Reason
from streams import clock
from streams.cli.append import many
from streams.cli.exits import FOUND, OK
from streams.cli.reads import some_of
from streams.cli.sending import send, send_again, waits
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from events.log import Event
    from streams.mending import Rejected


@click.command()
@click.argument("position")
@click.option("--patch", help="A JSON Merge Patch (RFC 7396), or a file that holds one, instead of an editor.")
@click.option("--dry-run", is_flag=True, help="Show the mended event and what it would change, and send nothing.")
@waits
def mend(*, position: str, patch: str | None, dry_run: bool, wait: bool, patience: float) -> int:
    """Mend the record at POSITION in your editor (VISUAL, EDITOR) or by a patch, and send it.

    What is still wrong is shown in the editor again. The mended event names the record as its cause; the record
    stays where it is, and shows as mended once the event is applied. Exit 1 when nothing was sent.

    \b
    tocsin rejected mend 0:17
    tocsin rejected mend 0:17 --patch '{"data": {"site": "ain-al-asad"}}' --dry-run
    """  # noqa: D301 -- click reads the character, not the letters
    from events.codec import to_json

    settings = load_settings()
    [it] = _those(settings, [position], None)
    event = _edited(it) if patch is None else _patched(it, patch)
    if event is None:
        click.echo("nothing was sent", err=True)
        return FOUND
    if dry_run:
        click.echo(to_json(event))
        return _tried(settings, {it.partition: [event]})
    return send(settings, [event], f"{position} mended", patience if wait else None)


@click.command()
@click.argument("positions", nargs=-1)
@some_of("--reason", "reasons", "All that are open and were set aside for this.", [it.value for it in Reason])
@click.option("--dry-run", is_flag=True, help="Show what would be sent and what it would change, and send nothing.")
@waits
def resend(*, positions: Sequence[str], reasons: list[str] | None, dry_run: bool, wait: bool, patience: float) -> int:
    """Send records again as they are, by POSITIONS or by reason: what they lacked may be known by now.

    Those that no one can read, and those whose id another event has, are no use as they are: then nothing is sent,
    and the exit code is 1.

    \b
    tocsin rejected resend 0:17 0:18 --wait
    tocsin rejected resend --reason inapplicable --dry-run
    """  # noqa: D301 -- click reads the character, not the letters
    if bool(positions) == bool(reasons):
        raise click.UsageError("expected either positions or --reason")
    settings = load_settings()
    those = _those(settings, list(dict.fromkeys(positions)) or None, reasons)
    if faults := list(_faults(those)):
        click.echo("\n".join([*faults, "nothing was sent; `tocsin rejected mend` mends one"]), err=True)
        return FOUND
    if dry_run or not those:
        click.echo("".join(f"{it.position}  {it.said}\n" for it in those), nl=False)
        click.echo(f"{many(len(those), 'record')} would be sent", err=True)
        return _tried(settings, _by_partition(those))
    records = [((it.record.key or b"").decode(), it.record) for it in those]
    return send_again(settings, records, patience if wait else None)


def _those(settings: Settings, positions: Sequence[str] | None, reasons: Sequence[str] | None) -> "list[Rejected]":
    """The records at these positions, or the open ones of these reasons.

    Raises:
        NotFound: there is none at one of the positions.
    """
    from projections.store.reader import Reader
    from streams.mending import Rejected
    from streams.reading.published import snapshots_of

    with Reader(snapshots_of(settings)) as reader:
        rows = reader.rows("rejected", reasons=reasons, positions=positions, whole=True)
    found = [Rejected.of(row) for row in rows]
    if missing := [it for it in positions or () if it not in {one.position for one in found}]:
        raise NotFound([f"no rejected record at {it}; `tocsin rejected` lists those there are" for it in missing])
    return [it for it in found if positions or it.status == "open"]


def _by_partition(those: "Sequence[Rejected]") -> "dict[int, list[Event]]":
    from events.codec import from_record

    found: dict[int, list[Event]] = {}
    for it in those:
        found.setdefault(it.partition, []).append(from_record(it.record))
    return found


def _tried(settings: Settings, events: "dict[int, list[Event]]") -> int:
    """Show what events would change; the exit code says whether any would be rejected again."""
    from streams.cli.effect import effect_of, show_effect

    effects = [effect_of(settings, those, partition) for partition, those in events.items()]
    for it in effects:
        show_effect(it)
    return FOUND if any(it.faults for it in effects) else OK


def _faults(those: "Sequence[Rejected]") -> Iterator[str]:
    """Why records can not be sent as they are, one line each."""
    from streams.mending import resendable

    now = clock.now()
    for it in those:
        try:
            resendable(it, now)
        except EventRejected as fault:
            yield f"{it.position}: {fault}"


def _patched(it: "Rejected", patch: str) -> "Event | None":
    from streams.mending import draft, mended, patched

    try:
        return mended(patched(draft(it), _read(patch)), it, clock.now())
    except EventRejected as fault:
        click.echo(f"{it.position} is still wrong: {fault}", err=True)
        return None


def _read(patch: str) -> Any:
    """The patch itself, or what the file of that name holds.

    Raises:
        ConfigInvalid: that is no JSON object.
    """
    try:
        found = json.loads(patch if patch.lstrip().startswith("{") else Path(patch).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigInvalid(f"--patch: expected a JSON object, or a file that holds one: {error}") from error
    if not isinstance(found, dict):
        raise ConfigInvalid(f"--patch: expected a JSON object, found {type(found).__name__}")
    return found


def _edited(it: "Rejected") -> "Event | None":
    """What a person made of a record in an editor; None when they left it."""
    from streams.mending import again, bare, draft, mended, read_text, text_of

    text = text_of(draft(it), it)
    while True:
        changed = click.edit(text, extension=".json")
        if changed is None:
            return None
        try:
            return mended(read_text(changed), it, clock.now())
        except EventRejected as fault:
            click.echo(f"{it.position} is still wrong: {fault}", err=True)
            if bare(changed) == bare(text):  # an editor that is a program would go on for ever
                return None
            text = again(changed, fault)
