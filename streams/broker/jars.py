"""The embedded Kafka's jars: pinned by sha256 in a lock, fetched once from Maven Central, checked at every start."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from streams.broker.errors import BrokerUnavailable
from streams.broker.progress import counted

LOCK = Path(__file__).with_name("kafka-4.3.1.lock")  # one "group:artifact:version sha256" per line
ATTEMPTS = 3  # a repository of this size drops a connection now and then
TIMEOUT_S = 20  # of silence


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str  # of the file, hexadecimal

    @property
    def name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    def is_intact(self, path: Path) -> bool:
        """Whether the file is there and is the one that the lock means. All 46 take 0.05 s."""
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


def locked(lock: Path = LOCK) -> list[Jar]:
    """The jars of a lock, in its order."""
    return [Jar(*line.replace(" ", ":").split(":")) for line in lock.read_text().splitlines()]


def jars(folder: Path, wanted: list[Jar]) -> list[Path]:
    """The paths of all `wanted` jars in `folder`; what is missing or damaged is fetched first.

    Raises:
        BrokerUnavailable: one can not be fetched, or is not what the lock says; `folder` holds intact jars only.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in wanted if not jar.is_intact(folder / jar.name)]
    if missing:
        for jar, path in counted(_fetched(missing, folder), len(missing), "Fetching Kafka (43 MB, once)"):
            path.replace(folder / jar.name)
    return [folder / jar.name for jar in wanted]


def _fetched(missing: list[Jar], folder: Path) -> Iterator[tuple[Jar, Path]]:
    """Each jar and where it lies, checked, in a folder that is gone afterwards."""
    staging = Path(tempfile.mkdtemp(prefix="fetching-", dir=folder))
    pool = ThreadPoolExecutor(8)
    try:
        yield from zip(missing, pool.map(partial(_fetch, staging), missing), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)  # after the first failure nothing more is asked for
        shutil.rmtree(staging, ignore_errors=True)


def _fetch(staging: Path, jar: Jar) -> Path:
    failure: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            path = _download(staging / str(attempt), jar)
        except (OSError, RuntimeError) as error:  # those of `requests`, that of jgo
            failure = error
            continue
        if jar.is_intact(path):
            return path
        failure = ValueError(f"what came is not the file that {LOCK.name} names")
    # the text of a connection error is a page, its name says it
    why = type(failure).__name__ if isinstance(failure, OSError) else failure
    raise BrokerUnavailable(f"cannot fetch {jar.name} from Maven Central: {why}") from failure


def _download(repository: Path, jar: Jar) -> Path:
    from jgo.maven import MavenContext  # noqa: PLC0415 -- 0.1 s, needed once per machine

    maven = MavenContext(repo_cache=repository, timeout=TIMEOUT_S)
    return Path(maven.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve())
