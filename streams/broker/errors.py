"""What can go wrong with a broker. Each says what its operator can do about it."""

from events.errors import ConfigInvalid, ProjectionHalted
from streams.security import said


class BrokerUnavailable(ConfigInvalid):
    """The embedded Kafka can not be had here; the operator fetches what is missing or names a broker."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}. Or use a Kafka of your own: TOCSIN_BROKER=host:port")


class BrokerFailed(ConfigInvalid):
    """The embedded Kafka is here, but does not start."""


class BrokerSilent(ConfigInvalid):
    """No Kafka answers at the address that was named."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__(f"no Kafka answers at {bootstrap}{said()}")


class BrokerGone(ProjectionHalted):
    """A Kafka that answered died, or answers no more: no setting is wrong (exit 3)."""


class FolderBusy(ConfigInvalid):
    """Another process works in this folder."""
