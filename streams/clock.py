"""The only reader of the wall clock. Everywhere else time is an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """This instant, UTC."""
    return datetime.now(UTC)
