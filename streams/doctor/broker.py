"""What the broker says: whether it answers, is new enough, has the topics as they must be, and its records' times.

Clocks are compared with the broker's own, and with the newest records: those that lie further ahead than the broker
allows can only stand in the log when its clock was ahead of ours, or ours is behind.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from events.errors import TimelineError
from streams.doctor.finding import Finding, broken, doubtful, well
from streams.doctor.their_clock import broker_time
from streams.reading.published import broker_here, log_ends
from streams.settings import Settings
from streams.topics import AHEAD_MS, Topic, Topics, admin, described, faults
from streams.worker.peek import last_record

NEW_ENOUGH: Final = "log.message.timestamp.after.max.ms"  # a broker's setting since Kafka 3.6
RETENTION: Final = ("cleanup.policy", "retention.ms", "retention.bytes")
SKEW: Final = timedelta(seconds=5)  # what the next record's time may be ahead of ours before we doubt a clock


async def asked(settings: Settings, now: Callable[[], datetime]) -> AsyncIterator[Finding]:
    """Every check of the broker; the first that fails makes the rest impossible."""
    try:
        servers = broker_here(settings)
        async with admin(servers) as client:
            yield await _reach(client, servers)
            yield await _version(client)
            found = await described(client, Topics(settings.prefix))
            if found:
                yield await _skew(client, found[0], now)
        for finding in topics(found, settings):
            yield finding
        if found:
            yield await _clock(servers, Topics(settings.prefix).events, now())
    except (TimelineError, KafkaError, OSError) as error:
        yield broken("broker", str(error) or repr(error), "`tocsin up` starts one; TOCSIN_BROKER names another")


async def _reach(client: Any, servers: str) -> Finding:
    brokers = (await client.describe_cluster())["brokers"]
    places = ", ".join(f"{it['host']}:{it['port']}" for it in brokers)
    return well("broker", f"{servers} answers; {len(brokers)} broker{'' if len(brokers) == 1 else 's'}: {places}")


async def _version(client: Any) -> Finding:
    node = (await client.describe_cluster())["brokers"][0]["node_id"]
    [answer] = await client.describe_configs([ConfigResource(ConfigResourceType.BROKER, str(node))])
    return version({entry[0]: entry[1] for entry in answer.resources[0][4]})


def version(config: Mapping[str, str | None]) -> Finding:
    """Whether a broker with these settings is new enough: it must be able to refuse records from the future."""
    if NEW_ENOUGH in config:
        protocol = config.get("inter.broker.protocol.version")
        return well("version", "Kafka 3.6 or newer" + (f" (protocol {protocol})" if protocol else ""))
    if not config:
        return doubtful("version", "the broker does not tell its settings", "allow DESCRIBE_CONFIGS on the cluster")
    hint = "an older broker takes records from the future, which move a timeline's clock for good"
    return broken("version", "older than Kafka 3.6", f"{hint}: upgrade it")


def topics(found: list[Topic], settings: Settings) -> list[Finding]:
    """Whether the topics are there, and are as they must be."""
    names = Topics(settings.prefix)
    if not found:
        made = "`tocsin topics create`, or the first worker, makes them"
        return [doubtful("topics", f"none of {settings.prefix}.*", made)]
    if missing := names.configs().keys() - {it.name for it in found}:
        return [broken("topics", f"missing: {', '.join(sorted(missing))}", "`tocsin topics create` makes them")]
    partitions = settings.partitions or found[0].partitions
    wrong = faults(found, names, partitions)
    counts = [it for it in wrong if " partitions, found " in it]
    kept = [it for it in wrong if any(f" {name}=" in it for name in RETENTION)]
    others = [it for it in wrong if it not in kept and it not in counts]
    return [
        _all(counts, "partitions", f"{partitions} of every topic", "their number is fixed; TOCSIN_PREFIX makes others"),
        _all(kept, "retention", "everything is kept for ever", "records may be gone already; kafka-configs.sh sets it"),
        _all(others, "topic settings", f"those of {len(found)} topics", "kafka-configs.sh sets them back"),
    ]


def _all(wrong: list[str], check: str, sound: str, hint: str) -> Finding:
    return broken(check, "; ".join(wrong), hint) if wrong else well(check, sound)


async def _clock(servers: str, topic: str, now: datetime) -> Finding:
    partitions = await log_ends(servers, topic)
    newest = [await last_record(servers, topic, it, lambda _: True) for it, end in partitions.items() if end]
    return clock([datetime.fromtimestamp(it.timestamp / 1000, UTC) for it in newest if it], now)


async def _skew(client: Any, topic: Topic, now: Callable[[], datetime]) -> Finding:
    before = now()
    theirs = await broker_time(client, topic)
    return skew(theirs, before + (now() - before) / 2)


def skew(theirs: datetime | None, ours: datetime) -> Finding:
    """How far our clock is from the broker's."""
    if theirs is None:
        return doubtful("broker's clock", "the broker does not tell it", "see the topic's settings, and its ACLs")
    ahead = (ours - theirs).total_seconds()
    said = f"ours is {abs(ahead):.1f} s {'ahead of' if ahead >= 0 else 'behind'} the broker's"
    if abs(ahead) > AHEAD_MS / 1000:
        return broken("broker's clock", said, "set both (chronyc tracking): what is said to be known now is refused")
    if abs(ahead) > SKEW.total_seconds():
        return doubtful("broker's clock", said, "set both (chronyc tracking, timedatectl)")
    return well("broker's clock", said)


def clock(newest: list[datetime], now: datetime) -> Finding:
    """What the times of the newest records say of our clock and the broker's."""
    if not newest:
        return well("clock", "nothing in the log to compare with")
    ahead = max(newest) - now
    if ahead > timedelta(milliseconds=AHEAD_MS) + SKEW:
        hint = "this clock is behind or the broker's was ahead: look at both (chronyc tracking, timedatectl)"
        return broken(
            "clock", f"the newest record is {ahead.total_seconds():.0f} s in the future of this machine", hint
        )
    if ahead > SKEW:
        said = f"the newest record is {ahead.total_seconds():.0f} s in the future of this machine"
        return doubtful("clock", said, "its producer's clock is ahead, or this one is behind")
    return well("clock", f"{now.replace(microsecond=0).isoformat()}; no record is from the future")
