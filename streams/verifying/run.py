"""Which checks there are, and running them over every published partition."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from pathlib import Path
from typing import Final

from aiokafka import TopicPartition

from events.errors import LogChanged
from projections.store.reader import published
from projections.store.verify import episodes, knowledge, sums
from projections.store.verify.found import Advance, Verdict, Wrong
from projections.store.verify.replayed import Replay
from projections.store.verify.snapshot import Snapshot
from streams.collector import calm_collector
from streams.decoder import Decoder
from streams.reading.log import applied, pieces
from streams.topics import Topics
from streams.verifying import wire

# check -> what it asks, in the order in which they are made
CHECKS: Final = {
    "chain": "is the log the one that was applied, record by record",
    "replay": "does a fresh fold of the log give the same tables",
    "incidents": "is each incident what its events say, by SQL",
    "tallies": "is each tally what the events alone make it, by SQL",
    "counters": "is each counter what the events alone make it, by SQL",
    "sums": "is each tally the sum of its incidents and of its counters",
    "knowledge": "is what was known at three instants of the log what the events up to then say, by SQL",
    "episodes": "are the episodes those that SQL finds",
    "evidence": "does each alert name the incidents that stood behind it",
    "messages": "is each alert message on the wire once, in order",
    "dead-letters": "is each rejected record among the dead letters once, in order",
}
OF_LOG: Final = ("chain", "replay")
OF_WIRE: Final = {"messages": wire.messages, "dead-letters": wire.dead_letters}
OF_TABLES: Final[dict[str, Callable[[Snapshot], Verdict]]] = {
    "incidents": sums.incidents,
    "tallies": sums.tallies,
    "counters": sums.counters,
    "sums": sums.sums,
    "knowledge": knowledge.knowledge,
    "episodes": episodes.episodes,
    "evidence": episodes.evidence,
}
NEED_A_BROKER: Final = frozenset({*OF_LOG, *OF_WIRE})


@contextmanager
def opened(folder: Path) -> Iterator[list[Snapshot]]:
    """The newest snapshots of a folder, open; they stay as they are while the worker goes on.

    Raises:
        Unreadable: one is no file of ours.
    """
    with ExitStack() as open_ones:
        yield [open_ones.enter_context(Snapshot(it.path)) for it in published(folder)]


class Verification:
    """Checks over the snapshots of a home."""

    def __init__(self, home: Path, servers: str, topics: Topics, wanted: Collection[str]) -> None:
        self.home, self.servers, self.topics, self.wanted = home, servers, topics, wanted

    async def verdicts(self, snapshots: list[Snapshot], advance: Advance) -> AsyncGenerator[Verdict, None]:
        """What each wanted check says of each snapshot; `advance` is told of the records that were replayed."""
        for it in snapshots:
            for verdict in await self._of_log(it, advance):
                yield verdict
            for name in self._wanted_of(OF_TABLES):
                yield await asyncio.to_thread(OF_TABLES[name], it)
            for name in self._wanted_of(OF_WIRE):
                yield await OF_WIRE[name](self.servers, self.topics, it)

    def _wanted_of(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name in self.wanted]

    async def _of_log(self, it: Snapshot, advance: Advance) -> list[Verdict]:
        if not (wanted := self._wanted_of(OF_LOG)):
            return []
        with tempfile.TemporaryDirectory(dir=self.home, prefix="verify-") as folder:
            replay = Replay(it, Path(folder), fold="replay" in wanted)
            try:
                await self._replay(it, replay, advance)
                made = {"chain": replay.chain, "replay": replay.tables}
                return [await asyncio.to_thread(made[name]) for name in wanted]
            except LogChanged as why:
                wrong = Wrong("the log", f"everything below offset {it.next_offset}", str(why))
                return [Verdict.of(name, it.partition, "the log", [wrong]) for name in wanted]
            finally:
                replay.close()

    async def _replay(self, it: Snapshot, replay: Replay, advance: Advance) -> None:
        part = TopicPartition(self.topics.events, it.partition)
        with calm_collector(), Decoder() as decoder:
            async with aclosing(pieces(self.servers, part, 0, it.next_offset)) as those:
                async for count in applied(those, decoder.read, replay.follow):
                    advance(count)
