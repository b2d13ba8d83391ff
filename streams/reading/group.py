"""Who holds the partitions: what Kafka's group protocol knows of the workers."""

from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError

from streams.broker.errors import BrokerSilent
from streams.security import connection


@dataclass(frozen=True, slots=True)
class Member:
    """A worker in its group. One that was killed stays a member until its session ends."""

    name: str  # its TOCSIN_INSTANCE, then a hyphen and what the broker adds
    partitions: frozenset[int]

    def is_named(self, instance: str) -> bool:
        return self.name.startswith(f"{instance}-")


async def members(servers: str, group: str, topic: str) -> list[Member]:
    """The workers of a group and the partitions of a topic that they hold.

    Raises:
        BrokerSilent: no Kafka answers.
    """
    admin = AIOKafkaAdminClient(**connection(servers))
    try:
        await admin.start()
        [answer] = await admin.describe_consumer_groups([group])
    except (KafkaError, OSError) as error:
        raise BrokerSilent(servers) from error
    finally:
        await admin.close()
    return [_member(it, topic) for described in answer.groups for it in described[5]]


def _member(described: Any, topic: str) -> Member:
    name, _client, _host, _metadata, assignment = described
    held = ConsumerProtocolMemberAssignment.decode(assignment).partitions() if assignment else []
    return Member(name, frozenset(it.partition for it in held if it.topic == topic))
