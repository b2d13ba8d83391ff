"""Tables: what a narrow terminal takes from them, and what it never does."""

import sys

import click
import pytest

from streams.cli.output import Column, Object, field, table

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
