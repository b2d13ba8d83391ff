"""Is a backup whole? Asked of every line before a single record is sent."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from events.log import Written
from streams.backup.lines import Damaged, from_line, is_raw
from streams.backup.manifest import Manifest, Part, Sum, load, opened

Progress = Callable[[int], None]


def check(folder: Path, progress: Progress) -> Manifest:
    """The manifest of a backup that is whole.

    Raises:
        Damaged: it is not; the text names file and line, what was expected and what was found.
    """
    manifest = load(folder)
    for part in manifest.parts:
        for _ in records(folder, part, progress):
            pass
    return manifest


def records(folder: Path, part: Part, progress: Progress) -> Iterator[Written]:
    """The records of a partition, each checked; at the end counts and hash of the whole.

    Raises:
        Damaged: as `check`.
    """
    found, path, at = Sum(), folder / part.name, part.first
    for number, line in enumerate(_lines(path), 1):
        where = f"{path}:{number}"
        record = from_line(line, where)
        if not at <= record.offset < part.end:
            raise Damaged(where, f"an offset from {at} to {part.end - 1}", str(record.offset))
        found.add(line, raw=is_raw(line))
        at = record.offset + 1
        progress(1)
        yield record
    _must_be_whole(path, part, found)


def _lines(path: Path) -> Iterator[bytes]:
    with opened(path) as file:
        try:
            yield from file
        except zlib.error as error:
            raise Damaged(str(path), "a whole gzip file", str(error)) from error


def _must_be_whole(path: Path, part: Part, found: Sum) -> None:
    if (found.records, found.raw) != (part.records, part.raw):
        expected = f"{part.records} records, {part.raw} of them raw"
        raise Damaged(str(path), expected, f"{found.records}, {found.raw} of them raw")
    if found.sha256 != part.sha256:
        raise Damaged(str(path), f"lines with SHA-256 {part.sha256[:12]}", found.sha256[:12])
