"""What can be seen on this machine: libraries, home, disk, who holds the files, of which version they are."""

import fcntl
import os
import platform
import re
import shutil
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

from projections.store.stamp import Stamp, stamp
from projections.store.versions import PROJECTION_VERSION, SCHEMA_VERSION
from streams.broker.locks import held
from streams.compiled import REMEDY, Core, Looked
from streams.compiled import looked as looked_at
from streams.doctor.finding import Finding, broken, doubtful, well
from streams.settings import FILE, PREFIX, Settings

LEAST_FREE: Final = 200 * 2**20  # bytes; below it a copy or a checkpoint may not fit
LITTLE_FREE: Final = 2 * 2**30
COPIES: Final = 3  # of the home's files should fit: the file, its copy for readers, a rebuilt one
GIB: Final = 2**30
PIN: Final = re.compile(r"([A-Za-z0-9_.-]+)==([^\s;]+)$")
FLOCK: Final = "hhqqi4x"  # struct flock of Linux, 64 bit


def looked(settings: Settings) -> Iterator[Finding]:
    """Every check of this machine."""
    yield _settings()
    yield way(settings)
    yield _python()
    yield core(looked_at())
    yield libraries(requires("tocsin") or [], version)
    yield _home(settings.home)
    yield disk(settings.home, shutil.disk_usage(_existing(settings.home)).free)
    yield from _workers(settings)
    yield from files(settings.home)


def _settings() -> Finding:
    names = sorted(name for name in os.environ if name.startswith(PREFIX))
    return well("settings", f"{FILE if FILE.exists() else 'no ' + str(FILE)}; {', '.join(names) or 'no TOCSIN_*'}")


def way(settings: Settings) -> Finding:
    """Whether somebody on the way to the broker can read along."""
    said = f"{settings.security} to {settings.broker or 'the embedded Kafka, on loopback'}"
    if settings.security == "sasl_plaintext" and settings.sasl_mechanism == "PLAIN":
        return doubtful("security", f"{said}: the password goes over the wire in the clear", "sasl_ssl, or SCRAM")
    return well("security", said)


def _python() -> Finding:
    what = f"{platform.python_implementation()} {platform.python_version()}"
    return well("python", f"{what} on {platform.system()} {platform.machine()}")


def core(it: Looked) -> Finding:
    """Whether what is compiled, if anything is, is what the sources say."""
    if it.core is Core.STALE:
        return broken("core", f"{it.core}: {it.why}", REMEDY)
    return well("core", it.core)


def libraries(needed: list[str], installed: Callable[[str], str]) -> Finding:
    """Whether the libraries that are pinned are installed as pinned.

    Args:
        needed: requirements, as the package states them.
        installed: the version of a package that is there; `PackageNotFoundError` when it is not.
    """
    wrong, pinned = [], []
    for name, wanted in [match.groups() for it in needed if (match := PIN.match(it.replace(" ", "")))]:
        try:
            found = installed(name)
        except PackageNotFoundError:
            found = "none"
        pinned.append(f"{name} {found}")
        if found != wanted:
            wrong.append(f"{name}: expected {wanted}, found {found}")
    if wrong:
        return broken("libraries", "; ".join(wrong), "make setup installs what the lock says")
    return well("libraries", ", ".join(pinned))


def _home(home: Path) -> Finding:
    if not home.exists():
        return well("home", f"{home} is made at the first start")
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        return broken("home", f"{home} is no folder that can be written to", "set TOCSIN_HOME, or give it to this user")
    return well("home", str(home.absolute()))


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above that is there."""
    return next(it for it in (path.absolute(), *path.absolute().parents) if it.exists())


def disk(home: Path, free: int) -> Finding:
    """Whether the files can grow, be copied and be rebuilt."""
    used = sum(it.stat().st_size for it in home.glob("p*.duckdb*"))
    said = f"{free / GIB:.1f} GiB free, the projection takes {used / GIB:.2f}"
    if free < LEAST_FREE:
        return broken("disk", said, f"free at least {LEAST_FREE // 2**20} MiB: nothing can be committed on a full disk")
    if free < max(LITTLE_FREE, COPIES * used):
        return doubtful("disk", said, "a rebuild needs room for the file, its copy for readers and the new one")
    return well("disk", said)


def _workers(settings: Settings) -> Iterator[Finding]:
    """Who works in this home."""
    alive = [path for path in sorted((settings.home / "workers").glob("*")) if held(path)]
    for path in alive:
        yield well("worker", f"{path.name} runs here, process {path.read_text().strip() or 'unknown'}")
    if not alive:
        yield doubtful("worker", "none runs in this home", "`tocsin up` or `tocsin worker`; fine if one runs elsewhere")


def files(home: Path, writers: Mapping[Path, int] | None = None) -> Iterator[Finding]:
    """Who has each projection file open, and whether it and its copy for readers are of this version."""
    for path in sorted(home.glob("p*.duckdb")):
        pid = writer_of(path) if writers is None else writers.get(path)
        yield well("file", f"{path.name}: open in process {pid}") if pid else _version(path, "the worker rebuilds it")
    for path in sorted((home / "snapshots").glob("p*.duckdb")):
        yield _version(path, "a worker of this version publishes a new one")


def _version(path: Path, remedy: str) -> Finding:
    name, found = f"{path.parent.name}/{path.name}", stamp(path)
    if isinstance(found, str):
        return broken("file", f"{name}: {found}", f"delete it: {remedy} from the log")
    said = f"{name}: schema {found.schema_version}, projection {found.projection_version}, {_place(found)}"
    if not found.is_ours():
        wanted = f"expected schema {SCHEMA_VERSION}, projection {PROJECTION_VERSION}"
        return broken("file", f"{said}; {wanted}", f"delete it: {remedy} from the log")
    return well("file", said)


def _place(found: Stamp) -> str:
    return f"partition {found.partition} of {found.partitions}"


def writer_of(path: Path) -> int | None:
    """The process that has a file open for writing, from the system's table of locks; the file's bytes are not read."""
    if not sys.platform.startswith("linux"):
        return None
    asked = struct.pack(FLOCK, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
    with path.open("rb") as file:
        kind, _, _, _, pid = struct.unpack(FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    return int(pid) if kind != fcntl.F_UNLCK else None
