"""Who keeps a snapshot fresh: a small file beside it, written when a partition is taken and when it is given away.

A worker that was killed writes nothing any more; but then nobody holds the lock of its name. A snapshot whose partition
went to a worker of another home stays where it is and grows old: whoever reads it must be told.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from streams.broker.locks import held
from streams.clock import now


class Owner(NamedTuple):
    """The last word of a worker about a partition."""

    member: str  # its name in the group
    since: datetime  # when it took the partition
    until: datetime | None = None  # when it gave it away; None: it has not


def path_of(folder: Path, partition: int) -> Path:
    return folder / f"p{partition}.owner.json"


def take(folder: Path, partition: int, member: str) -> None:
    """Say that the partition is ours: before anything of it is published, after its file was opened."""
    _write(folder, partition, Owner(member, now()))


def give_away(folder: Path, partition: int) -> None:
    """Say that it is ours no more: before its file is closed, so that the next owner has the last word."""
    if owner := owner_of(folder, partition):
        _write(folder, partition, owner._replace(until=now()))


def owner_of(folder: Path, partition: int) -> Owner | None:
    """What stands beside a snapshot; None: nothing, or nothing of ours."""
    try:
        said = json.loads(path_of(folder, partition).read_text())
        until = said["until"] and datetime.fromisoformat(said["until"])
        return Owner(said["member"], datetime.fromisoformat(said["since"]), until)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def ownerless(home: Path, folder: Path, made: Mapping[int, datetime]) -> dict[int, datetime]:
    """Partitions whose snapshots nobody here keeps fresh, and since when.

    Args:
        home: of the workers.
        folder: of the snapshots.
        made: when each snapshot was; of a killed owner that is the last sign of life.
    """
    found = {}
    for partition, at in made.items():
        owner = owner_of(folder, partition)
        if owner and (owner.until or not held(home / "workers" / owner.member)):
            found[partition] = owner.until or at
    return found


def _write(folder: Path, partition: int, owner: Owner) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    until = owner.until and owner.until.isoformat()
    path = path_of(folder, partition)
    half = path.with_name(f"{path.name}.{os.getpid()}")
    half.write_text(json.dumps({"member": owner.member, "since": owner.since.isoformat(), "until": until}) + "\n")
    half.replace(path)
