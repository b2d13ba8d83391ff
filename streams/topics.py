"""The topics: names, settings, which partition a timeline lives in; and how they are made and checked.

The number of partitions is fixed when the topics are made: a timeline's partition is the hash of its id. Every topic
has as many, because the messages of partition p of the events go to partition p of every other topic.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2

from events.errors import ConfigInvalid
from streams.broker.errors import BrokerSilent
from streams.security import connection

MAX_BATCH_BYTES = 2**20  # of the events topic; an event is at most 256 KB
MAX_LETTER_BYTES = 4 * 2**20  # a dead letter carries any such record whole, and says more about it
AHEAD_MS = 5 * 60 * 1000  # a record from the future would move a timeline's clock for good
MILLENNIUM_MS = 1000 * 365 * 24 * 3600 * 1000  # record times jump by years; no jump may roll a segment

_KEPT = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_COMPACTED = {"cleanup.policy": "compact", "segment.bytes": str(2**20)}  # only closed segments are compacted
_COMMON = {"message.timestamp.type": "CreateTime", "segment.ms": str(MILLENNIUM_MS)}


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of one set of topics."""

    prefix: str = "tocsin"

    @property
    def events(self) -> str:
        """The log: every event, kept for ever."""
        return f"{self.prefix}.events"

    @property
    def dead_letters(self) -> str:
        """Records that could not be read or applied, with the reason."""
        return f"{self.prefix}.events.dlq"

    @property
    def alerts(self) -> str:
        """Every alert message."""
        return f"{self.prefix}.alerts"

    @property
    def relay(self) -> str:
        """How far each partition's messages have been sent."""
        return f"{self.prefix}.relay"

    def alerts_of(self, severity: str) -> str:
        """The alert messages of one severity: watch, warning or critical."""
        return f"{self.alerts}.{severity}"

    def configs(self) -> dict[str, dict[str, str]]:
        """The settings of every topic of the set, by name."""
        letters = {**_KEPT, "max.message.bytes": str(MAX_LETTER_BYTES)}
        events = {"max.message.bytes": str(MAX_BATCH_BYTES), "message.timestamp.after.max.ms": str(AHEAD_MS)}
        alerts = [self.alerts, *map(self.alerts_of, ("watch", "warning", "critical"))]
        return {
            self.events: {**_COMMON, **_KEPT, **events},
            self.dead_letters: {**_COMMON, **letters},
            **{name: {**_COMMON, **letters} for name in alerts},
            self.relay: {**_COMMON, **_COMPACTED},
        }


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the broker has it."""

    name: str
    partitions: int
    config: Mapping[str, str]


def partition_of(timeline: str, partitions: int) -> int:
    """The partition in which a timeline lives, as every Java producer would choose it."""
    return int((murmur2(timeline.encode()) & 0x7FFFFFFF) % partitions)


async def create(bootstrap: str, topics: Topics, partitions: int | None = None) -> int:
    """Make the topics that are missing, check those that exist; the number of partitions.

    `partitions` None means as many as there are, or one. Several may do this at the same time.

    Raises:
        ConfigInvalid: an existing topic differs from what it must be; every difference is named, nothing was made.
        BrokerSilent: no Kafka answers.
    """
    async with admin(bootstrap) as client:
        existing = await described(client, topics)
        wanted = partitions or max((topic.partitions for topic in existing), default=1)
        _check(existing, topics, wanted)
        if missing := topics.configs().keys() - {topic.name for topic in existing}:
            await _make(client, topics, missing, wanted)
            _check(await _all_described(client, topics), topics, wanted)
    return wanted


async def describe(bootstrap: str, topics: Topics) -> list[Topic]:
    """Those topics of the set that exist.

    Raises:
        BrokerSilent: no Kafka answers.
    """
    async with admin(bootstrap) as client:
        return await described(client, topics)


async def count(bootstrap: str, name: str) -> int:
    """How many partitions a topic has; 0: there is none.

    Raises:
        BrokerSilent: no Kafka answers.
    """
    async with admin(bootstrap) as client:
        return max((len(topic["partitions"]) for topic in await client.describe_topics([name])), default=0)


def faults(existing: list[Topic], topics: Topics, partitions: int) -> list[str]:
    """What is wrong with existing topics, one line each; of a number of partitions that all share, one line in all."""
    counts = {topic.partitions for topic in existing}
    alike = len(counts) == 1 and partitions not in counts
    found = [_other_count(topics, partitions, *counts)] if alike else []
    for topic in existing:
        if topic.partitions != partitions and not alike:
            found.append(f"{topic.name}: expected {partitions} partitions, found {topic.partitions}")
        found += [
            f"{topic.name}: expected {key}={value}, found {topic.config.get(key)}"
            for key, value in topics.configs()[topic.name].items()
            if topic.config.get(key) != value
        ]
    return found


def _other_count(topics: Topics, wanted: int, there: int) -> str:
    return (
        f"{topics.prefix}.*: expected {wanted} partitions, found {there}; the number is fixed when topics are made: "
        f"set none (--partitions, TOCSIN_PARTITIONS) to use these, or another TOCSIN_PREFIX to make new ones"
    )


def _check(existing: list[Topic], topics: Topics, partitions: int) -> None:
    if found := faults(existing, topics, partitions):
        raise ConfigInvalid(found)


@asynccontextmanager
async def admin(bootstrap: str) -> AsyncIterator[Any]:
    """A client that administers.

    Raises:
        BrokerSilent: no Kafka answers.
    """
    admin = AIOKafkaAdminClient(**connection(bootstrap))
    try:
        await admin.start()
        yield admin
    except (KafkaError, OSError) as error:
        raise BrokerSilent(bootstrap) from error
    finally:
        await admin.close()


async def _make(admin: Any, topics: Topics, missing: set[str], partitions: int) -> None:
    replicas = min(3, len((await admin.describe_cluster())["brokers"]))
    configs = topics.configs()
    wanted = [NewTopic(name, partitions, replicas, topic_configs=configs[name]) for name in sorted(missing)]
    answer = await admin.create_topics(wanted)
    codes = {name: (code, message) for name, code, message in answer.topic_errors}
    refused = {name: why for name, why in codes.items() if why[0] not in (0, TopicAlreadyExistsError.errno)}
    if refused:
        raise ConfigInvalid([f"{name}: {message or for_code(code)}" for name, (code, message) in refused.items()])


async def _all_described(admin: Any, topics: Topics, patience_s: float = 15.0) -> list[Topic]:
    """The whole set; what was just made takes a moment to be seen."""
    async with asyncio.timeout(patience_s):
        while len(found := await described(admin, topics)) < len(topics.configs()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def described(client: Any, topics: Topics) -> list[Topic]:
    """Those topics of the set that exist, asked with a client that is there."""
    everything = await client.describe_topics()
    counts = {
        topic["topic"]: len(topic["partitions"])
        for topic in everything
        if topic["topic"] in topics.configs() and _is_ready(topic)
    }
    configs = await _configs(client, counts.keys()) if counts else {}
    return [Topic(name, counts[name], configs[name]) for name in topics.configs() if name in counts]


def _is_ready(topic: Mapping[str, Any]) -> bool:
    """Whether every partition has a leader, so that it can be written to."""
    return bool(topic["partitions"]) and all(partition["leader"] >= 0 for partition in topic["partitions"])


async def _configs(admin: Any, names: Any) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers = await admin.describe_configs(resources)
    return {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for answer in answers
        for resource in answer.resources
    }
