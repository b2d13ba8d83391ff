"""The embedded Kafka: start it, crash it, start it again. The folder keeps the data and the port."""

import signal
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from streams.broker.errors import BrokerFailed
from streams.broker.install import install, without_class_cache
from streams.broker.locks import FolderLock, held
from streams.broker.node import Kafka, server
from streams.broker.process import Leashed, leashed
from streams.broker.ready import answers, free_port, is_free, wait_until_it_answers

PATIENCE_S = 90.0  # 0.8 s on a quiet machine; long recovery after a crash is not an error

log = structlog.get_logger(__name__)


class EmbeddedKafka:
    """One Kafka node on loopback; `bootstrap` is its address from `start` on, and the same after every restart.

    Use it as a context manager, or call `start` and `stop`; `kill` is the crash that tests need. All of them block.
    """

    def __init__(self, folder: Path, *, cache: Path, port: int | None = None, heap_mb: int = 512) -> None:
        self.folder = folder.absolute()
        self.cache, self.port, self.heap_mb = cache.absolute(), port, heap_mb
        self._lock = FolderLock(self.folder / "lock")
        self._node: Leashed | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "kafka.log"

    def start(self) -> Self:
        """Start the node and wait until it answers; nothing happens when it runs already.

        Raises:
            BrokerUnavailable: it can not be had on this machine.
            BrokerFailed: it does not start; nothing is left running.
            FolderBusy: another process runs it.
        """
        if self.is_alive():
            return self
        kafka = install(self.cache)
        fd = self._lock.acquire()
        try:
            self.port = self._choose_port()
            self._node = self._run(kafka, fd)
        finally:
            if not self.is_alive():
                self._lock.release()
        return self

    def stop(self) -> None:
        """End the node in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the node as a crash would."""
        self._end(signal.SIGKILL)

    def restart(self) -> Self:
        self.stop()
        return self.start()

    def is_alive(self) -> bool:
        return self._node is not None and self._node.is_alive()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _end(self, sign: signal.Signals) -> None:
        if self._node:
            self._node.end(sign)
            self._node = None
        self._lock.release()

    def _choose_port(self) -> int:
        """The port asked for, else the one this folder had before, else a free one."""
        wanted = self.port or _remembered(self.folder)
        if wanted and is_free(wanted):
            return wanted
        if self.port:
            raise BrokerFailed(f"port {self.port} is taken by another program")
        return free_port()

    def _run(self, kafka: Kafka, fd: int) -> Leashed:
        """A node that answers. A class cache that it can not bear is given up."""
        port = int(self.bootstrap.rpartition(":")[2])
        node = leashed(server(kafka, self.folder, port, (f"-Xmx{self.heap_mb}m",)), self.log, inherited=fd)
        if wait_until_it_answers(port, alive=node.is_alive, timeout_s=PATIENCE_S):
            _remember(self.folder, self.bootstrap)
            return node
        code = node.end(signal.SIGKILL)
        if kafka.aot:
            log.warning("Kafka did not start, trying without its class cache", exit_code=code)
            return self._run(without_class_cache(kafka), fd)
        raise BrokerFailed(f"Kafka did not start (exit code {code}); {self.log} says why")


def running(folder: Path) -> str | None:
    """The address of the embedded Kafka that runs in this folder now, whoever started it."""
    port = _remembered(folder) if held(folder / "lock") else None
    return f"127.0.0.1:{port}" if port and answers(port) else None


def _remember(folder: Path, bootstrap: str) -> None:
    (folder / "bootstrap").write_text(f"{bootstrap}\n")


def _remembered(folder: Path) -> int | None:
    """The port that the node of this folder had last."""
    file = folder / "bootstrap"
    return int(file.read_text().rpartition(":")[2]) if file.exists() else None
