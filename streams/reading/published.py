"""What the verbs share to read: where the snapshots are, what they speak of, and where the broker is."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from events.values import instant, iso
from projections.store.reader import Reader, Snapshot
from streams.settings import Settings
from streams.worker.owner import ownerless

CLOCKS_SHOWN: Final = 3


def snapshots_of(settings: Settings) -> Path:
    """Where the workers of a home publish."""
    return settings.home / "snapshots"


def ownerless_here(settings: Settings, snapshots: Sequence[Snapshot]) -> dict[int, datetime]:
    """Partitions whose snapshots no worker of this home keeps fresh any more, and since when."""
    made = {it.partition: datetime.fromtimestamp(it.made, UTC) for it in snapshots}
    return ownerless(settings.home, snapshots_of(settings), made)


def position(reader: Reader, topic: str, alone: Mapping[int, datetime] | None = None) -> str:
    """As of which log positions and clocks a reader speaks, and whose snapshots grow old, as one line."""
    places = ", ".join(f"{topic}/{it.partition}:{it.next_offset}" for it in reader.as_of)
    clocks = [f"{timeline} {clock}" for it in reader.as_of for timeline, clock in it.clocks.items()]
    more = [f"and {len(clocks) - CLOCKS_SHOWN} more timelines"] if len(clocks) > CLOCKS_SHOWN else []
    line = f"as of {places}; clock {', '.join(clocks[:CLOCKS_SHOWN] + more) or 'not begun'}"
    if reader.known_at is not None:
        line += f"; as known at {iso(instant(reader.known_at))}"
    if reader.missing:
        line += f"; without partition {', '.join(map(str, reader.missing))}, which no worker of this home has published"
    for partition, since in sorted((alone or {}).items()):
        line += f"; partition {partition} without an owner here since {iso(since.replace(microsecond=0))}"
    return line


def broker_here(settings: Settings) -> str:
    """The address of the broker, which must run already.

    Raises:
        ConfigInvalid: none does.
    """
    from streams.broker.embedded import running  # noqa: PLC0415 -- most readings need no broker
    from streams.broker.which import folder_of, none_answers  # noqa: PLC0415

    if servers := settings.broker or running(folder_of(settings)):
        return servers
    raise none_answers(settings)


async def log_ends(servers: str, topic: str) -> dict[int, int]:
    """The end of each partition of a topic: the next offset that will be readable; empty when there is no such topic.

    Raises:
        BrokerSilent: no Kafka answers.
    """
    from aiokafka import TopicPartition  # noqa: PLC0415 -- most readings need no broker
    from aiokafka.errors import KafkaError  # noqa: PLC0415

    from streams.broker.errors import BrokerSilent  # noqa: PLC0415
    from streams.topics import count  # noqa: PLC0415
    from streams.worker.peek import reader  # noqa: PLC0415

    try:
        async with reader(servers) as consumer:
            parts = [TopicPartition(topic, partition) for partition in range(await count(servers, topic))]
            ends = await consumer.end_offsets(parts) if parts else {}
    except (KafkaError, OSError) as error:
        raise BrokerSilent(servers) from error
    return {part.partition: end for part, end in ends.items()}
