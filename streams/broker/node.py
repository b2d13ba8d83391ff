"""One Kafka node: its settings, and how a folder becomes its storage."""

import base64
import os
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from streams.broker.errors import BrokerFailed
from streams.broker.ready import free_port

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}

# one node is all there is
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# topics are made by `tocsin topics create` and kept for ever
auto.create.topics.enable=false
log.retention.ms=-1
log.retention.bytes=-1

# a worker that comes or goes is noticed at once
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000

# after a crash the controller waits this long for the node that is gone (9 s by default)
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=250

# small: the cleaner's default alone would take a quarter of the heap
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
"""

LOG4J = """\
rootLogger.level=WARN
rootLogger.appenderRefs=out
rootLogger.appenderRef.out.ref=OUT
appender.out.type=Console
appender.out.name=OUT
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %c{1} %m%n
"""


@dataclass(frozen=True, slots=True)
class Kafka:
    """What it takes to run Kafka on this machine."""

    java: Path
    jars: tuple[Path, ...]
    aot: Path | None = None  # a cache of loaded classes: 0.8 s to start instead of 2

    def command(self, folder: Path, *main: str, flags: tuple[str, ...] = ()) -> list[str]:
        """The command line of one of Kafka's programs, with its logging set up for `folder`."""
        cached = (f"-XX:AOTCache={self.aot}",) if self.aot else ()
        logging = f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"
        classpath = os.pathsep.join(map(str, self.jars))
        return [str(self.java), "-XX:+UseSerialGC", *cached, *flags, logging, "-cp", classpath, *main]


def server(kafka: Kafka, folder: Path, port: int, flags: tuple[str, ...]) -> list[str]:
    """Write the settings of a node into `folder`, format its storage if it has none; the command that runs it.

    Raises:
        BrokerFailed: the storage can not be formatted.
    """
    data, properties = folder / "data", folder / "server.properties"
    properties.write_text(PROPERTIES.format(port=port, controller=free_port(), data=data))
    (folder / "log4j2.properties").write_text(LOG4J)
    if not (data / "meta.properties").exists():
        _format(kafka, folder, properties)
    return kafka.command(folder, "kafka.Kafka", str(properties), flags=flags)


def _format(kafka: Kafka, folder: Path, properties: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    identity = f"--cluster-id={cluster}"  # one word: it may begin with a hyphen
    arguments = ("format", "--ignore-formatted", identity, "--config", str(properties))
    command = kafka.command(folder, "kafka.tools.StorageTool", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BrokerFailed(f"cannot format {folder}: {(done.stderr or done.stdout).strip()}")
