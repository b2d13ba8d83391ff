"""Random kills: of two workers, at any moment and at their crash points, and of the broker they stand on."""

import asyncio
import random  # noqa: TID251 -- seeded: the same kills in every run
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from streams.broker.embedded import EmbeddedKafka
from streams.worker.crash import POINTS
from tests.streams.line import Line, Worker

NAMES = "ab"
AT_A_POINT = 0.35  # of the workers are started with a crash point before them
BROKER = 0.2  # of the kills are the broker's
GENTLE = 0.35  # of a worker's other kills are a SIGTERM
TAKEOVER = 0.1  # of the dead stay away until the other one has their partitions
AWAY_S = 12.0  # longer than a session
SECONDS = (0.5, 4.5)  # between two kills
MEANWHILE = 0.3  # of the broker's deaths a worker dies too, while the broker is away


@dataclass
class Chaos:
    """Two workers on one home, or each on its own, and a broker; all of them are killed and started again."""

    line: Line
    broker: EmbeddedKafka
    dice: random.Random
    homes: dict[str, Path]  # of each worker
    say: Callable[[str], None]
    kills: Counter[str] = field(default_factory=Counter)
    ended: list[str] = field(default_factory=list)  # what ended otherwise than it should
    alive: dict[str, Worker] = field(default_factory=dict)
    armed: dict[str, str] = field(default_factory=dict)  # worker -> the crash point before it

    async def strike(self, times: int) -> None:
        """Kill so many times."""
        for name in NAMES:
            self.start(name)
        while self.kills.total() < times:
            await asyncio.sleep(self.dice.uniform(*SECONDS))
            if self.dice.random() < BROKER:
                await self._broker()
            else:
                await self._worker(self.dice.choice(NAMES))
            self.revive()
            self.say(f"{self.kills.total()} of {times} kills")

    def start(self, name: str, *, armed: bool = True) -> None:
        """Start a worker; some with a crash point that they reach sooner or later."""
        point = self.dice.choice(POINTS) if armed and self.dice.random() < AT_A_POINT else ""
        more = {"crash_at": f"{point}:{self.dice.randint(1, 4)}"} if point else {}
        self.alive[name] = self.line.start(name, home=str(self.homes[name]), **more)
        self.armed[name] = point

    def revive(self, *, armed: bool = True) -> None:
        """Start again who has died by itself: at its crash point, or for a reason that is told."""
        for name, worker in list(self.alive.items()):
            if worker.process.poll() is not None:
                self._died(name, worker.process.returncode)
                self.start(name, armed=armed)

    async def disarm(self) -> None:
        """Have both workers run without a crash point before them."""
        for name, worker in self.alive.items():
            if self.armed[name] and worker.process.poll() is None:
                worker.kill()
                self.start(name, armed=False)
        self.revive(armed=False)

    async def end(self) -> None:
        """End both in good order."""
        for name, worker in self.alive.items():
            if code := await asyncio.to_thread(worker.stop):
                self.ended.append(f"{name} ended with {code} on SIGTERM: {_last(worker)}")

    def _died(self, name: str, code: int) -> None:
        if code == -signal.SIGKILL and self.armed[name]:
            self.kills[f"worker at {self.armed[name]}"] += 1
        else:
            self.ended.append(f"{name} ended by itself with {code}: {_last(self.alive[name])}")

    async def _worker(self, name: str) -> None:
        worker = self.alive[name]
        if worker.process.poll() is not None:
            return
        if self.dice.random() < GENTLE:
            code = await asyncio.to_thread(worker.stop)
            self.kills["worker SIGTERM"] += 1
            if code == -signal.SIGKILL and self.armed[name]:  # its crash point lay on its way out
                self.kills[f"worker at {self.armed[name]}"] += 1
            elif code not in (0, -signal.SIGTERM):  # it may be too young to know what to do then
                self.ended.append(f"{name} ended with {code} on SIGTERM: {_last(worker)}")
        else:
            worker.kill()
            self.kills["worker kill -9"] += 1
        if self.dice.random() < TAKEOVER:
            await asyncio.sleep(AWAY_S)
        self.start(name)

    async def _broker(self) -> None:
        await asyncio.to_thread(self.broker.kill)
        self.kills["broker kill -9"] += 1
        if self.dice.random() < MEANWHILE:
            await self._worker(self.dice.choice(NAMES))
        await asyncio.sleep(self.dice.uniform(0, 2))
        await asyncio.to_thread(self.broker.start)


def _last(worker: Worker) -> str:
    said = worker.said().strip().splitlines() or worker.log.read_text().splitlines()
    return said[-1][:300] if said else "nothing said"
