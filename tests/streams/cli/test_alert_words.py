"""Alerts as people read them."""

from typing import Any

import pytest

from streams.cli.alert_words import line


def message(summary: str) -> dict[str, Any]:
    return {
        "known_at": "2023-10-06T12:00:00Z",
        "kind": "raised",
        "severity": "watch",
        "opened_at": "2023-10-05T00:00:00Z",
        "ended_at": None,
        "late": False,
        "rule": {"id": "again", "title": "Again"},
        "group": {"site": "north"},
        "value": {"low": 2, "best": 2, "high": 2},
        "threshold": 2,
        "evidence": {"count": 1, "incidents": [{"incident_id": "a", "version": 1}]},
        "annotations": {"summary": summary},
    }


@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        ("two attacks", "two attacks"),
        ("quiet\n2023-10-06T12:00:00Z  cancelled", r"quiet\n2023-10-06T12:00:00Z  cancelled"),
        ("quiet\r\x1b[2K", r"quiet\r\x1b[2K"),
        ("north \u202ehtuos", r"north \u202ehtuos"),
        ("no\u200brth\u2028west", r"no\u200brth\u2028west"),
        ("می\u200cشود", "می\u200cشود"),
    ],
    ids=["plain", "the end of a line", "what a terminal obeys", "backwards", "what nobody sees", "what joins letters"],
)
def test_a_message_is_one_line_whatever_its_texts_hold(summary: str, shown: str) -> None:
    """Given a text that would look like another message, when a message is shown, then it is spelt out."""
    assert (
        line(message(summary))
        == f"2023-10-06T12:00:00Z  raised     watch     since 2023-10-05  {shown} [again: 2 ≥ 2] a"
    )
