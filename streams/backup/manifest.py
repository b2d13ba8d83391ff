"""What a backup holds: a file per partition, with counts, offsets and hashes. Written last: no backup without it."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from streams.backup.lines import Damaged

NAME: Final = "manifest.json"


class Part(BaseModel):
    """One partition's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    partition: NonNegativeInt
    first: NonNegativeInt  # the log's first offset
    end: NonNegativeInt  # the offset after its last one, markers included
    records: NonNegativeInt
    raw: NonNegativeInt  # of these, those that are not written as we write events
    newest: int | None  # the greatest timestamp; ms since the epoch
    sha256: str  # of the lines, uncompressed


class Manifest(BaseModel):
    """All of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["tocsin-log/1"] = "tocsin-log/1"
    topic: str
    parts: tuple[Part, ...]  # by partition; as many as the topic has


def load(folder: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        Damaged: there is none, or it is not one.
    """
    path = folder / NAME
    try:
        found = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise Damaged(str(path), "the manifest of a finished backup", error.strerror or "none") from error
    except ValidationError as error:
        raise Damaged(str(path), "a manifest of format tocsin-log/1", str(error.errors()[0]["msg"])) from error
    if [it.partition for it in found.parts] != list(range(len(found.parts))):
        raise Damaged(str(path), "one part for each partition, from 0", str([it.partition for it in found.parts]))
    if strange := [it.name for it in found.parts if Path(it.name).name != it.name]:
        raise Damaged(str(path), "names of files beside it", strange[0])
    return found


def save(folder: Path, manifest: Manifest) -> None:
    """Write the manifest: from now on the folder is a backup."""
    draft = folder / f"{NAME}.part"
    draft.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / NAME)


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """A new file of lines, compressed if its name ends so; the same lines give the same bytes."""
    with path.open("xb") as raw:
        if path.suffix != ".gz":
            yield raw
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed:
            yield cast("IO[bytes]", packed)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file of lines.

    Raises:
        Damaged: there is none.
    """
    try:
        with path.open("rb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile(fileobj=raw) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield raw
    except FileNotFoundError as error:
        raise Damaged(str(path), "a file that the manifest names", "none") from error
    except (gzip.BadGzipFile, EOFError) as error:
        raise Damaged(str(path), "a whole gzip file", str(error)) from error


class Sum:
    """Counts and hashes lines as they pass."""

    def __init__(self) -> None:
        self.records, self.raw, self._hash = 0, 0, sha256()

    def add(self, line: bytes, *, raw: bool) -> None:
        self.records += 1
        self.raw += raw
        self._hash.update(line)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()
