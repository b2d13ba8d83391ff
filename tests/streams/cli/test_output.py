"""Tables: what a narrow terminal takes from them, and what it never does."""

import sys

import click
import pytest

from streams.cli.output import Column, Object, field, table
from streams.cli.tree import Branch, print_tree

WIDTHS = [40, 60, 80, 100, 200]
COLUMNS = (
    field("site"),
    field("incidents", right=True),
    field("first"),
    field("note"),
    Column("told", lambda row: str(row["told"]), wraps=True),
)
ROWS: list[Object] = [
    {
        "site": f"a-site-of-some-name-{number}",
        "incidents": 1_234_567_890 + number,
        "first": "2023-10-17T08:30:00.123456Z",
        "note": "n" * 70,
        "told": "one word after another " * 5,
    }
    for number in range(3)
]


@pytest.mark.parametrize("width", WIDTHS)
def test_numbers_dates_and_names_are_whole_on_every_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    """Given a terminal of some width, when a table is shown, then each short cell is whole; long text gives way."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))

    table(ROWS, COLUMNS)

    shown = click.unstyle(capsys.readouterr().out)
    assert all(text in shown for text in ("incidents", "2023-10-17T08:30:00.123456Z"))
    assert all(row["site"] in shown and str(row["incidents"]) in shown for row in ROWS)
    assert "one word after another" in shown


def test_a_table_keeps_to_the_width_of_a_terminal_that_has_room(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given a terminal with room for all that is short, when a table is shown, then no line runs over."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "140")

    table(ROWS, COLUMNS)

    assert max(map(len, click.unstyle(capsys.readouterr().out).splitlines())) <= 140


ESCAPES = "a\x1b[31mred\x1b]0;title\x07\u202egnorw\ttab"
SPELT = r"a\x1b[31mred\x1b]0;title\x07\u202egnorw\ttab"


@pytest.mark.parametrize("terminal", [True, False], ids=["on a terminal", "in a pipe"])
def test_what_a_terminal_would_obey_is_spelt_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, terminal: bool
) -> None:
    """Given a note of a feed with escapes in it, when a table or a tree shows it, then it is harmless text."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.setenv("COLUMNS", "120")

    table([{"note": ESCAPES}], [field("note")])
    print_tree(Branch(ESCAPES, (Branch(ESCAPES),)))

    shown = capsys.readouterr().out
    assert shown.count(SPELT) == 3
    assert not [it for it in ("\x1b[31m", "\x1b]0;", "\x07", "\u202e", "\t") if it in shown]
