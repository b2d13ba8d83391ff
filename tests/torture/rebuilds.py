"""`tocsin rebuild`, again and again beside workers and broker that are killed: the files of a home are swapped."""

import asyncio
import os
import random  # noqa: TID251 -- seeded: the same homes and pauses in every run
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.streams.line import ROOT, Line

REBUILD = [sys.executable, "-c", "from streams.cli.main import main; main()", "rebuild", "--yes"]
SECONDS = (2.0, 6.0)  # between two rebuilds
SAID = {
    "its worker has taken it into use": "swapped in by a worker",
    "it is in place": "put in place of a file that nobody had open",
    "it is taken later": "left for a worker to take",
}
AWAY = ("no Kafka ", "Kafka is gone", "the Kafka at ", "holds no partition")  # why it may not have come to an end


@dataclass
class Rebuilds:
    """What became of the files that were made anew."""

    line: Line
    homes: Sequence[Path]
    dice: random.Random
    files: Counter[str] = field(default_factory=Counter)
    ended: list[str] = field(default_factory=list)  # what a rebuild said or left that it should not have

    async def run(self, over: asyncio.Event) -> None:
        """Rebuild until told that it is over, which kills the one under way; then every home once, in peace."""
        while not over.is_set():
            await self._one(self.dice.choice(self.homes), over)
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), self.dice.uniform(*SECONDS))
        for home in self.homes:
            await self._one(home, asyncio.Event())
            self.ended += [f"{it} was left over" for it in home.glob("*.rebuil*")]

    async def _one(self, home: Path, over: asyncio.Event) -> None:
        given = {"broker": self.line.servers, "home": str(home), "prefix": self.line.topics.prefix}
        env = {**os.environ, "PYTHONPATH": str(ROOT), **{f"TOCSIN_{it.upper()}": said for it, said in given.items()}}
        pipes = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.PIPE}
        process = await asyncio.create_subprocess_exec(*REBUILD, env=env, **pipes)
        ending, telling = asyncio.ensure_future(process.communicate()), asyncio.ensure_future(over.wait())
        await asyncio.wait([ending, telling], return_when=asyncio.FIRST_COMPLETED)
        telling.cancel()
        if ending.done():
            self._heard(home, process.returncode or 0, ending.result()[1].decode())
        else:
            process.kill()
            await ending
            self.files["killed before they were whole"] += 1

    def _heard(self, home: Path, code: int, said: str) -> None:
        became = [what for line in said.splitlines() for text, what in SAID.items() if text in line]
        self.files.update(became)
        if not became:
            self.files["given up: no Kafka, or nothing there yet"] += 1
        if "refused" in said or (not became and not (code and any(it in said for it in AWAY))):
            self.ended.append(f"a rebuild of {home.name} ended with {code}: {said.strip()[-300:]}")
