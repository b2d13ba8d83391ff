"""The worker's HTTP server: what it says, to whom, and that it says so while the loop hangs."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from events.errors import ConfigInvalid
from streams.faust.batches import Batch
from streams.settings import Address, load_settings
from streams.worker.applying import Run
from streams.worker.endpoint import Endpoint
from streams.worker.meter import Meter
from tests.streams.line import Line, until, until_true
from tests.streams.toy_store import Applied

LOOPBACK = Address("127.0.0.1", 0)
ROOT = Path(__file__).parents[2]
HANGS = """
import asyncio, sys, time
from streams.logs import set_up_logs
from streams.settings import Address
from streams.worker.endpoint import Endpoint
from streams.worker.meter import Meter
from streams.worker.process import _turn
from streams.worker.vitals import Patience, Vitals

async def work(meter):
    turning = asyncio.ensure_future(_turn(meter))
    await asyncio.sleep(0.1)
    print(endpoint.url, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    time.sleep(30)  # in the loop: it is wedged

set_up_logs("warning")
meter = Meter(Vitals(Patience(loop=0.6)))
with Endpoint(Address("127.0.0.1", 0), meter) as endpoint:
    asyncio.run(work(meter))
"""


def get(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def series(text: str) -> dict[tuple[str, ...], float]:
    """Values by name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def meter() -> Meter:
    """That of a worker that holds partition 0."""
    meter = Meter()
    meter.vitals.broker_reached()
    meter.vitals.assigned()
    meter.vitals.opened(0, 5)
    meter.vitals.heard(0, 12, ago=0.0)
    return meter


@pytest.fixture
def endpoint(meter: Meter) -> Iterator[Endpoint]:
    with Endpoint(LOOPBACK, meter) as open_:
        yield open_


def test_a_worker_that_is_well_says_so(endpoint: Endpoint) -> None:
    """Given a worker that does its work, when asked, then 200 and ok; there is nothing else to be had."""
    assert get(f"{endpoint.url}/livez") == (200, "ok\n")
    assert get(f"{endpoint.url}/readyz") == (200, "ok\n")
    assert get(f"{endpoint.url}/")[0] == 200
    assert get(f"{endpoint.url}/etc/passwd")[0] == 404


def test_a_worker_that_is_not_ready_says_why(endpoint: Endpoint, meter: Meter) -> None:
    """Given a worker that holds nothing yet, when asked, then readiness is 503 with the reason, and life is 200."""
    meter.vitals.begin_anew()

    assert get(f"{endpoint.url}/livez")[0] == 200
    assert get(f"{endpoint.url}/readyz") == (503, "partitions: expected the group's word on them, found none yet\n")


def test_metrics_count_what_was_applied_and_show_how_it_stands(endpoint: Endpoint, meter: Meter) -> None:
    """Given a batch, when metrics are scraped, then counters, times and gauges say what it did."""
    run = Run(0, [Batch(0, 5, 9, (), size_bytes=0, log_end=12, epoch=1)])
    meter.batch(run, Applied(3, 1, 1, 2, {}), {"decode": 0.01, "fold": 0.02, "rules": 0.01, "store": 0.0, "total": 1.0})
    meter.written(0, [0.3])
    meter.vitals.ticked["iraq-syria"] = 1_700_000_000.0

    found = series(get(f"{endpoint.url}/metrics")[1])

    assert {name: found[f"tocsin_{name}", "0"] for name in ("applied_total", "duplicates_total", "rejected_total")} == {
        "applied_total": 3,
        "duplicates_total": 1,
        "rejected_total": 1,
    }
    assert found["tocsin_messages_total", "0"] == 2
    assert (found["tocsin_checkpoint", "0"], found["tocsin_lag_records", "0"]) == (9, 3)
    assert found["tocsin_fold_seconds_sum", "0"] == pytest.approx(0.04)
    assert found["tocsin_commit_seconds_bucket", "0.25", "0"] == 0
    assert found["tocsin_commit_seconds_bucket", "0.5", "0"] == 1
    assert found["tocsin_last_tick_timestamp_seconds", "iraq-syria"] == 1_700_000_000.0
    assert (found["tocsin_alive",], found["tocsin_ready",]) == (1, 1)
    assert found["tocsin_open_alerts", "critical"] == 0


def test_a_wedged_loop_is_told_by_a_thread_that_is_not() -> None:
    """Given a process whose loop sleeps for good, when asked, then livez is 503 and names the loop; before: 200."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HANGS]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            before = get(f"{url}/livez")
            process.stdin.write("\n")
            process.stdin.flush()
            after = poll_until_503(f"{url}/livez")
        finally:
            process.kill()

    assert before == (200, "ok\n")
    assert after.startswith("the event loop: expected a turn within 0.6 s, found none for ")


def poll_until_503(url: str) -> str:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        status, said = get(url)
        if status == 503:
            return said
        time.sleep(0.05)
    raise AssertionError("still 200")


def test_beyond_loopback_a_token_must_be_set() -> None:
    """Given an address that others reach, when there is no token, then the settings are refused; with one, not."""
    with pytest.raises(ConfigInvalid, match="TOCSIN_HTTP_TOKEN"):
        load_settings(http="0.0.0.0:9464")

    secret = load_settings(http="0.0.0.0:9464", http_token="s3cret-word")

    assert "s3cret-word" not in repr(secret)
    assert secret.listen == ("0.0.0.0", 9464)


def test_without_the_token_nothing_is_told(meter: Meter) -> None:
    """Given a token, when asked without it or with another, then 401 everywhere; with it all is told."""
    with Endpoint(LOOPBACK, meter, "word") as endpoint:
        assert [get(f"{endpoint.url}{path}")[0] for path in ("/", "/livez", "/readyz", "/metrics")] == [401] * 4
        assert get(f"{endpoint.url}/metrics", Authorization="Bearer wor")[0] == 401
        assert get(f"{endpoint.url}/livez", Authorization="Bearer word") == (200, "ok\n")


def test_a_port_that_is_taken_is_a_wrong_setting(endpoint: Endpoint, meter: Meter) -> None:
    """Given a port in use, when another worker wants it, then one line names the setting and the address."""
    port = int(endpoint.url.rpartition(":")[2])

    with pytest.raises(ConfigInvalid, match=f"TOCSIN_HTTP: 127.0.0.1:{port} can not be listened on"):
        Endpoint(Address("127.0.0.1", port), meter)


async def test_a_worker_tells_how_it_does_over_http(line: Line) -> None:
    """Given a real worker, when it has applied a log, then its metrics say so, it is ready, and its file is sent."""
    await line.append(line.store.writes(0, 190))  # the last attack is of the clock's own day: its alert is open
    worker = line.start(http="127.0.0.1:0")
    await line.settled()
    [url] = [it["url"] for it in worker.lines() if it["event"] == "worker listens"]

    async def measured() -> bool:
        found = series(get(f"{url}/metrics")[1])
        return {found.get(("tocsin_lag_records", p)) for p in "01"} == {0} and found["tocsin_open_alerts", "watch"] > 0

    await until_true(measured)

    found = series(get(f"{url}/metrics")[1])
    lines = [it for it in worker.lines() if it["event"] == "batch applied"]
    for metric, name in (("applied_total", "applied"), ("rejected_total", "rejected"), ("messages_total", "messages")):
        assert sum(found[f"tocsin_{metric}", p] for p in "01") == sum(it[name] for it in lines) > 0
    assert [found["tocsin_unsent_messages", p] for p in "01"] == [0, 0]
    assert found["tocsin_snapshot_age_seconds", "0"] < 60
    assert get(f"{url}/readyz") == (200, "ok\n")
    assert json.dumps(worker.said()) == '""'


async def test_a_worker_without_a_broker_lives_and_is_not_ready(line: Line) -> None:
    """Given a worker without a broker, when asked, then it lives and is not ready: a restart would help nobody."""
    worker = line.start(http="127.0.0.1:0", broker="127.0.0.1:1")
    await until(lambda: any(it["event"] == "waiting for the broker" for it in worker.lines()))
    [url] = [it["url"] for it in worker.lines() if it["event"] == "worker listens"]

    assert get(f"{url}/livez") == (200, "ok\n")
    assert get(f"{url}/readyz")[0] == 503
    worker.kill()
