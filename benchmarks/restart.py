"""Beginning again: after kill -9 with a few more events meanwhile, and from nothing."""

import subprocess
import time
from typing import Any

from benchmarks.bed import Bed, Worker
from benchmarks.load import Load

MEANWHILE = 1_000  # events


async def restart(bed: Bed, load: Load) -> dict[str, Any]:
    """The seconds from the start of a process to its first batch, in a home whose worker was killed."""
    await bed.fill(load.records(MEANWHILE), lambda _: None)
    with bed.worker() as worker:
        opened = _first(worker, "partition opened")
        applied = _first(worker, "batch applied")
    return {"opened_s": opened - worker.began, "first_batch_s": applied - worker.began}


def rebuild(bed: Bed, events: int) -> dict[str, float]:
    """The seconds that `tocsin rebuild --yes` takes, start and comparison included, without a worker."""
    began = time.perf_counter()
    subprocess.run(bed.command("rebuild", "--yes", "--json"), check=True, capture_output=True, timeout=1200)
    return {"events": events, "seconds": time.perf_counter() - began}


def _first(worker: Worker, event: str) -> float:
    """When a line of this kind is first in the log."""
    wanted = f'"event": "{event}"'.encode()
    while wanted not in worker.log.read_bytes():
        if not worker.is_alive():
            raise AssertionError(worker.log.read_text()[-2000:])
        time.sleep(0.005)
    return time.perf_counter()
