"""The committed records of a partition, in order, a piece at a time: for a fold beside the worker's."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from events.errors import LogChanged
from events.log import Record
from projections.reading import Bad, Read
from streams.faust.batches import size_of
from streams.worker.peek import reader

PIECE: Final = 8_000  # records
PIECE_BYTES: Final = 16 * 2**20
AHEAD: Final = 2  # pieces that are read while one is applied
WAIT_MS: Final = 500

Reading = Callable[[], Sequence[Read | Bad]]  # what records say, once it is asked for


class Piece(NamedTuple):
    """Records that follow each other, whatever holes their offsets have."""

    start: int
    end: int  # exclusive
    records: Sequence[Record]


async def pieces(
    servers: str, part: TopicPartition, start: int, upto: int | None = None
) -> AsyncGenerator[Piece, None]:
    """What lies from `start` to `upto`, else to the end that the partition has now.

    Raises:
        LogChanged: the log does not reach that far, or does not go back as far as `start`.
    """
    async with reader(servers) as consumer:
        consumer.assign([part])
        first, end = (await consumer.beginning_offsets([part]))[part], (await consumer.end_offsets([part]))[part]
        upto = end if upto is None else upto
        where = f"{part.topic}[{part.partition}]"
        if end < upto:
            raise LogChanged(f"{where}: expected a log up to offset {upto}, found that it ends at {end}")
        if first > start:
            raise LogChanged(f"{where}: expected offset {start}, found that the log begins at {first}")
        consumer.seek(part, start)
        while start < upto:
            piece = await _next(consumer, part, start, upto)
            yield piece
            start = piece.end


async def applied(
    those: AsyncIterator[Piece],
    read: Callable[[Sequence[Record]], Reading],
    apply: Callable[[Sequence[Read | Bad], int, int], None],
) -> AsyncGenerator[int, None]:
    """Apply pieces in order, in a thread, each while the next are fetched and read; how many offsets each has taken."""
    under_way: asyncio.Future[None] | None = None
    ahead: deque[tuple[Reading, Piece]] = deque()
    try:
        async for piece in _and_none(those):
            if piece is not None:
                ahead.append((read(piece.records), piece))
            while ahead and (piece is None or len(ahead) > AHEAD or under_way is None or under_way.done()):
                if under_way:
                    await under_way
                reading, turn = ahead.popleft()
                under_way = asyncio.ensure_future(asyncio.to_thread(_apply, reading, apply, turn))
                yield turn.end - turn.start
    finally:  # whoever closes the file must find it at rest
        if under_way:
            await under_way


async def _and_none(those: AsyncIterator[Piece]) -> AsyncGenerator[Piece | None, None]:
    """Pieces, and after the last one that there are no more."""
    async for piece in those:
        yield piece
    yield None


def _apply(reading: Reading, apply: Callable[[Sequence[Read | Bad], int, int], None], piece: Piece) -> None:
    apply(reading(), piece.start, piece.end)


async def _next(consumer: AIOKafkaConsumer, part: TopicPartition, start: int, upto: int) -> Piece:
    records: list[Record] = []
    position, size = start, 0
    while position < upto and len(records) < PIECE and size < PIECE_BYTES:
        fetched = (await consumer.getmany(part, timeout_ms=WAIT_MS)).get(part, [])
        records += fetched
        size += sum(map(size_of, fetched))
        position = await consumer.position(part)
    if position > upto:
        records = [record for record in records if record.offset < upto]
    return Piece(start, min(position, upto), records)
