"""All checks."""

from collections.abc import Callable
from datetime import datetime

from streams.doctor import broker, here
from streams.doctor.finding import Finding
from streams.settings import Settings


async def checkup(settings: Settings, now: Callable[[], datetime]) -> list[Finding]:
    """Every finding, those of this machine first."""
    return [*here.looked(settings), *[it async for it in broker.asked(settings, now)]]
