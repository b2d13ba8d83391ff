"""Whether the workers of a home beat: read from their files alone, so that it can be asked when nothing else works."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from streams.worker.heartbeat import FOLDER


@dataclass(frozen=True, slots=True)
class Beat:
    """The newest sign of life of one worker."""

    member: str
    age_s: float | None  # None: its file can not be read
    ready: bool
    pid: int | None = None
    problem: str | None = None


def beats(home: Path, now: datetime, most_s: float) -> list[Beat]:
    """Every worker that should beat, judged; one problem and no member when there is none."""
    found = [_beat(path, now, most_s) for path in sorted((home / FOLDER).glob("*.json"))]
    return found or [Beat("", None, ready=False, problem=f"no worker has left a heartbeat in {home / FOLDER}")]


def _beat(path: Path, now: datetime, most_s: float) -> Beat:
    try:
        said = json.loads(path.read_bytes())
        age = round((now - datetime.fromisoformat(said["at"])).total_seconds(), 1)
        faults, ready, pid = said["faults"], bool(said["ready"]), int(said["pid"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        return Beat(path.stem, None, ready=False, problem=f"{path}: expected a heartbeat, found {type(error).__name__}")
    problem = f"expected a heartbeat within {most_s:g} s, found one {age:g} s old" if age > most_s else None
    return Beat(path.stem, age, ready, pid, problem or ("; ".join(faults) if faults else None))
