"""Crash points."""

import pytest

from streams.worker.crash import crash_at, nowhere


def test_without_a_wish_nothing_crashes() -> None:
    """Given no crash point, when points are reached, then nothing happens."""
    assert crash_at(None) is nowhere


def test_a_crash_point_that_does_not_exist_is_refused() -> None:
    """Given a name that is no point, when it is asked for, then the points are named."""
    with pytest.raises(ValueError, match=r"expected one of before-commit, .*found 'before-comit'"):
        crash_at("before-comit:2")


def test_another_point_than_the_one_asked_for_is_passed() -> None:
    """Given a point, when others are reached, then this process goes on."""
    reached = crash_at("in-publish:2")

    reached("before-commit")
    reached("in-publish")
