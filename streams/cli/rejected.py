"""`tocsin rejected`: records that were set aside, and why."""

from typing import TYPE_CHECKING, Any

import click

from events.errors import Reason
from streams.cli.output import Column, Object, field, show
from streams.cli.reads import reads, some_of

if TYPE_CHECKING:
    from projections.store.reader import Reader

SHOWN = 40  # characters of a record's beginning in the table


@click.command()
@some_of("--reason", "reasons", "Only for this reason.", [it.value for it in Reason])
@reads
def rejected(*, reader: "Reader", as_json: bool, reasons: list[str] | None) -> None:
    r"""Records that could not be read or applied: position, reason, what was expected and found, how they begin.

    Each is on the dead-letter topic too, whole.

    \b
    tocsin rejected --reason conflicting
    """
    rows = [_readable(row) for row in reader.rows("rejected", reasons=reasons)]
    show(rows, COLUMNS, as_json=as_json)


def _readable(row: dict[str, Any]) -> Object:
    """The row with its bytes as text; what is no UTF-8 is shown in hexadecimal digits."""
    key, value = row.pop("key"), row.pop("value")
    begins = None if value is None else _text(value)
    return {**row, "position": f"{row['partition']}:{row['event_offset']}", "key": key and _text(key), "begins": begins}


def _text(digits: str) -> str:
    return bytes.fromhex(digits).decode(errors="backslashreplace")


COLUMNS = (
    field("position"),
    field("reason", style="bold"),
    field("field"),
    field("expected"),
    field("found"),
    field("key"),
    field("size_bytes", "bytes", right=True),
    Column("begins", lambda row: (row["begins"] or "")[:SHOWN]),
)
