"""Asking SQL of the snapshots without trusting it: starts the sandbox, hands over statements, kills what overruns."""

import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from events.errors import ConfigInvalid

ROOT: Final = Path(__file__).parent.parent  # where our packages lie; `python -I` looks nowhere by itself
CHILD: Final = (
    "import sys; sys.path.append(sys.argv[1]); from projections.store.sandbox import start; start(sys.argv[2:])"
)
GRACE_S: Final = 1.0  # for what ignores DuckDB's own time limit
START_S: Final = 20.0  # for the start of the process on a busy machine


class QueryRefused(ConfigInvalid):
    """A statement was not taken, was wrong, or took more than it may."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one statement may take."""

    seconds: float = 10.0
    memory_mb: int = 512
    rows: int = 100_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement found."""

    columns: list[str]
    rows: list[dict[str, Any]]
    more: bool  # there were more rows than it may take


class Sandbox:
    """A process that answers SQL on the snapshots of one folder, as they were when it began."""

    def __init__(self, folder: Path, limits: Limits | None = None, known_at: int | None = None) -> None:
        """Start it, over what was known at an instant (µs) if one is given, and wait until it is ready."""
        self.limits = limits or Limits()
        numbers: tuple[int, ...] = (self.limits.memory_mb, int(self.limits.seconds * 1000), self.limits.rows)
        if known_at is not None:
            numbers += (known_at,)
        command = [sys.executable, "-I", "-c", CHILD, str(ROOT), str(folder.absolute()), *map(str, numbers)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env={}, cwd="/")
        self._receive(START_S)

    def ask(self, sql: str) -> Answer:
        """What one statement finds.

        Raises:
            QueryRefused: it is no single SELECT or EXPLAIN, it is wrong, or it took more than it may.
        """
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write(json.dumps({"sql": sql}).encode() + b"\n")
        self._process.stdin.flush()
        said = self._receive(self.limits.seconds + GRACE_S)
        if "refused" in said:
            raise QueryRefused(said["refused"])
        return Answer(**said)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _receive(self, seconds: float) -> dict[str, Any]:
        """One line of the process; it is killed when there is none in time."""
        assert self._process.stdout is not None  # noqa: S101
        source, end, line = self._process.stdout.fileno(), time.monotonic() + seconds, bytearray()
        while not line.endswith(b"\n"):
            if not select.select([source], [], [], max(0.0, end - time.monotonic()))[0]:
                self.close()
                raise QueryRefused(f"stopped: it took more than {self.limits.seconds:g} seconds")
            if not (more := os.read(source, 2**20)):
                self.close()
                raise QueryRefused(f"stopped: it ended its process, most likely for want of {self.limits.memory_mb} MB")
            line += more
        try:
            said: dict[str, Any] = json.loads(line)
        except ValueError:
            self.close()
            raise QueryRefused(
                f"stopped: expected an answer, found {line.decode(errors='replace').strip()!r}"
            ) from None
        return said

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
