"""The partitions this worker holds: one file each, and one thread on which everything that touches a file runs."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from events.log import Record

P = ParamSpec("P")
T = TypeVar("T")


class Message(Protocol):
    """A message to be sent, as the file keeps it."""

    @property
    def offset(self) -> int: ...
    @property
    def seq(self) -> int: ...
    @property
    def topics(self) -> Sequence[str]: ...  # what follows the prefix: "alerts", "alerts.watch", "events.dlq" …
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...
    @property
    def timestamp(self) -> int: ...  # ms since the epoch


class Standing(Protocol):
    """How a file stands."""

    @property
    def unsent(self) -> int: ...  # messages, dead letters included, that were not marked sent
    @property
    def open_alerts(self) -> Mapping[str, int]: ...  # by severity


class Copy(Protocol):
    """A copy on its way, made by a child process (subprocess.Popen fits)."""

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...


class File(Protocol):
    """What the worker needs of a partition's file (projections.store.file.PartitionFile fits)."""

    @property
    def next_offset(self) -> int: ...
    @property
    def last_applied(self) -> tuple[int, str] | None: ...  # offset, hash of the record
    @property
    def relay_position(self) -> tuple[int, int] | None: ...  # offset, seq of the last message on the wire
    def waiting(self) -> Sequence[Message] | None:
        """The next messages to send, in order, from memory; None: only `unsent` knows them. On any thread."""

    def unsent(self, limit: int) -> Sequence[Message]: ...
    def mark_sent(
        self, offset: int, seq: int
    ) -> None: ...  # in memory, on any thread; written by `settle`, if not before
    def settle(self, *, wait: bool = True) -> bool:
        """Write what was applied and is not written yet, in one transaction; without `wait` not during a checkpoint.

        Whether there was something.
        """

    def took(self) -> Sequence[float]:
        """The seconds of each transaction that ended since this was last asked. On any thread."""

    def standing(self) -> Standing: ...
    def begin_publish(self, destination: Path) -> Copy:
        """Begin to checkpoint and copy; until the copy has ended the file makes no other checkpoint."""

    def close(self) -> None: ...


class Applied(Protocol):
    """What became of a batch."""

    @property
    def applied(self) -> int: ...
    @property
    def duplicates(self) -> int: ...
    @property
    def rejected(self) -> int: ...
    @property
    def messages(self) -> int: ...  # of alerts
    @property
    def seconds(self) -> dict[str, float]: ...  # per stage


class Live(Protocol):
    """How a live timeline stands (projections.known.Live fits)."""

    @property
    def timeline(self) -> str: ...
    @property
    def clock(self) -> int: ...  # µs
    @property
    def due(self) -> int | None: ...  # µs; when time alone can next change something


class Mark(Protocol):
    """How far a file is in its log (projections.store.stamp.Mark fits)."""

    @property
    def next_offset(self) -> int: ...
    @property
    def last_applied(self) -> tuple[int, str] | None: ...


def none_published(_path: Path) -> Mark | None:
    """No snapshot says how far it is."""
    return None


def never_fit(_file: Any, _rebuilt: Path) -> str | None:
    """No file takes another one's place."""
    return "expected a projection that can be rebuilt"


def never_swapped(_file: Any, _rebuilt: Path, _reached: Callable[[str], None]) -> None:
    """No file takes another one's place."""
    raise NotImplementedError


def none_live(_file: Any) -> Sequence[Live]:
    """No timeline is live."""
    return ()


@dataclass(frozen=True, slots=True)
class Projection:
    """What is done with the records: the worker's only way to the meaning of things."""

    open: Callable[[int, int], File]  # of a partition, and how many there are in all
    apply: Callable[[Any, Sequence[Any], int, int], Applied]  # file, what was read, start, end: one transaction
    hash_of: Callable[[Record], str]  # as in `File.last_applied`
    read: Callable[[Sequence[Record]], Sequence[Any]] = list  # what records hold, one for one; touches no file
    live: Callable[[Any], Sequence[Live]] = none_live  # the timelines of a file that the worker ticks
    mark: Callable[[Path], Mark | None] = none_published  # of a file that nobody writes; None: there is none of ours
    unfit: Callable[[Any, Path], str | None] = never_fit  # why a rebuilt file can not take an open one's place
    swap: Callable[[Any, Path, Callable[[str], None]], None] = never_swapped  # closes an open one, and puts that there
    reading: Callable[[Sequence[Record]], Callable[[], Sequence[Any]]] | None = (
        None  # begins `read`; None: it is called when asked
    )


class Partitions:
    """The open files by partition. Everything that touches a file goes through `run`."""

    def __init__(self, projection: Projection, count: int) -> None:
        self.projection, self.count = projection, count  # count: of the topic's partitions, held or not
        self.files: dict[int, File] = {}
        self._thread = ThreadPoolExecutor(1, "duckdb")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call on the files' thread. A cancelled caller does not stop the call: a transaction always ends."""
        return await asyncio.wrap_future(self.submit(function, *args, **kwargs))

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        return self._thread.submit(function, *args, **kwargs)

    async def open(self, partition: int) -> File:
        """Open a file; waits for the worker that held it before, if it must: the file's lock is the last word."""
        self.files[partition] = await self.run(self.projection.open, partition, self.count)
        return self.files[partition]

    def end(self) -> None:
        """Let the thread go; nothing can be opened or called any more."""
        self._thread.shutdown(wait=False)

    async def close(self, partitions: set[int]) -> None:
        """Close after what is under way has ended."""
        closing = [self.files.pop(partition) for partition in partitions & self.files.keys()]
        for file in closing:
            await self.run(file.close)
