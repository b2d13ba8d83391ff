"""`tocsin rejected`: records that were set aside: which, and why. How they get back into the log is in `mending`."""

from typing import TYPE_CHECKING, Any, Final

import click

from events.errors import NotFound, Reason, one_line
from streams.cli.lists import Lists
from streams.cli.output import Column, Object, field, print_json, show
from streams.cli.reads import as_known, reads, some_of

if TYPE_CHECKING:
    from projections.store.reader import Reader

SHOWN: Final = 40  # characters of a record's beginning in the table
WIDE: Final = 16  # bytes in a line of a dump
FACTS: Final = (
    "position",
    "status",
    "mended_by",
    "reason",
    "field",
    "expected",
    "found",
    "known_at",
    "record_timestamp",
    "key",
)


class Group(Lists):
    """Loads the verbs that write when they are asked for."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from streams.cli.mending import mend, resend

        written = {"mend": mend, "resend": resend}
        return written.get(cmd_name) or super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), "mend", "resend"]


@click.group(cls=Group)
def rejected() -> None:
    """Records that could not be read or applied: which, why, and how they get back into the log.

    Without a verb it lists them. A POSITION is PARTITION:OFFSET, as listed.

    \b
    tocsin rejected --reason conflicting             which there are, and which of them are mended
    tocsin rejected show 0:17                        one of them, whole
    tocsin rejected mend 0:17                        in your editor, checked, then sent
    tocsin rejected resend --reason inapplicable     as they are: what they lacked is known by now
    """  # noqa: D301 -- click reads the character, not the letters


@rejected.command("list")
@some_of("--reason", "reasons", "Only for this reason.", [it.value for it in Reason])
@click.option("--open", "only_open", is_flag=True, help="Only those that are neither mended nor sent again.")
@as_known
@reads
def list_(*, reader: "Reader", as_json: bool, reasons: list[str] | None, only_open: bool) -> None:
    """Records that were set aside: position, status, reason, what was expected and found, how they begin.

    Each is on the dead-letter topic too, whole.

    \b
    tocsin rejected list --open
    """  # noqa: D301 -- click reads the character, not the letters
    rows = reader.rows("rejected", reasons=reasons, positions=None, whole=False)
    show([_readable(row) for row in rows if not only_open or row["status"] == "open"], COLUMNS, as_json=as_json)


@rejected.command("show")
@click.argument("position")
@reads
def show_(*, reader: "Reader", as_json: bool, position: str) -> None:
    """One record, whole: its headers and bytes, as text where they are text, else in hexadecimal digits.

    \b
    tocsin rejected show 0:17
    """  # noqa: D301 -- click reads the character, not the letters
    rows = reader.rows("rejected", reasons=None, positions=[position], whole=True)
    if not rows:
        raise NotFound(f"no rejected record at {position}; `tocsin rejected` lists those there are")
    if as_json:
        print_json([_readable(row) for row in rows])
    else:
        _tell(rows[0])


def _readable(row: dict[str, Any]) -> Object:
    """The row with its bytes as text; what is no UTF-8 is shown in hexadecimal digits."""
    key, value = row.pop("key"), row.pop("value")
    begins = None if value is None else _text(value)
    headers, _ = row.pop("headers", None), row.pop("record_ms", None)
    whole = {} if headers is None else {"headers": _named(headers), "value_hex": value}
    position = f"{row['partition']}:{row['event_offset']}"
    return {**row, "position": position, "key": key and _text(key), "begins": begins, **whole}


def _text(digits: str) -> str:
    return bytes.fromhex(digits).decode(errors="backslashreplace")


def _named(headers: list[list[str]]) -> list[list[str]]:
    """Headers with their bytes as text."""
    from base64 import b64decode

    return [[name, b64decode(raw).decode(errors="backslashreplace")] for name, raw in headers]


def _tell(row: dict[str, Any]) -> None:
    """Print a record for people."""
    value = row["value"]
    readable = _readable(row)
    for name in FACTS:
        if readable[name] is not None:
            click.echo(f"{name.replace('_', ' '):<18}{one_line(str(readable[name]))}")
    for name, text in readable["headers"]:
        click.echo(f"{one_line(name):<18}{one_line(text)}")
    click.echo()
    click.echo("no value" if value is None else shown(bytes.fromhex(value)))


def shown(raw: bytes) -> str:
    """Bytes as they are when they are text, else as a dump."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return dump(raw)
    return text if all(it.isprintable() or it in "\n\t\r" for it in text) else dump(raw)


def dump(raw: bytes) -> str:
    """Bytes in hexadecimal digits with their place before them and what of them is ASCII behind."""
    lines = []
    for start in range(0, len(raw), WIDE):
        part = raw[start : start + WIDE]
        ascii_ = "".join(chr(it) if 32 <= it < 127 else "." for it in part)  # noqa: PLR2004 -- what can be printed
        lines.append(f"{start:08x}  {part.hex(' '):<{3 * WIDE}} {ascii_}")
    return "\n".join(lines)


COLUMNS = (
    field("position"),
    Column("status", lambda row: row["status"] + (f" by {row['mended_by']}" if row["mended_by"] else "")),
    field("reason", style="bold"),
    field("field"),
    field("expected"),
    field("found"),
    field("key"),
    field("size_bytes", "bytes", right=True),
    Column("begins", lambda row: (row["begins"] or "")[:SHOWN]),
)
