"""What a worker tells of itself in numbers: Prometheus metrics in a registry of its own, docs/adr/0014.

What is counted is counted as it happens; what is measured is read from the vitals when it is asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector, disable_created_metrics
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.worker.applying import Run
from streams.worker.partitions import Applied
from streams.worker.vitals import Held, Vitals

SECONDS = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)  # alone 2 ms, a full batch 0.2 s
SEVERITIES = ("watch", "warning", "critical")  # shown as 0 too: an absent series rings nobody

disable_created_metrics()  # type: ignore[no-untyped-call]  # two more series for each, and nobody reads them


class Meter:
    """The metrics of one worker process, over all its lives."""

    def __init__(self, vitals: Vitals | None = None) -> None:
        self.vitals = vitals or Vitals()
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Info("tocsin", "The version that runs.", registry=self.registry).info({"version": version("tocsin")})
        self.registry.register(Gauges(self.vitals))
        self._applied = self._counter("applied", "Events that were applied.")
        self._duplicates = self._counter("duplicates", "Records that said again what was applied.")
        self._rejected = self._counter("rejected", "Records that were set aside.")
        self._messages = self._counter("messages", "Alert messages that were committed.")
        self._fold = self._histogram(
            "fold_seconds", "What a batch took until it was judged, waiting for its reading included."
        )
        self._commit = self._histogram("commit_seconds", "What the transaction of a batch took.")

    def _counter(self, name: str, said: str) -> Counter:
        return Counter(f"tocsin_{name}", said, ["partition"], registry=self.registry)

    def _histogram(self, name: str, said: str) -> Histogram:
        return Histogram(f"tocsin_{name}", said, ["partition"], registry=self.registry, buckets=SECONDS)

    def batch(self, run: Run, applied: Applied, seconds: Mapping[str, float]) -> None:
        """Count what became of a batch."""
        label = str(run.partition)
        self._applied.labels(label).inc(applied.applied)
        self._duplicates.labels(label).inc(applied.duplicates)
        self._rejected.labels(label).inc(applied.rejected)
        self._messages.labels(label).inc(applied.messages)
        self._fold.labels(label).observe(sum(seconds.get(stage, 0.0) for stage in ("decode", "fold", "rules")))
        self.vitals.applied(run.partition, run.end)

    def written(self, partition: int, transactions: Iterable[float]) -> None:
        """Count transactions, by the seconds that each took."""
        for seconds in transactions:
            self._commit.labels(str(partition)).observe(seconds)


class Gauges(Collector):
    """The vitals of what is held now, as metrics."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def collect(self) -> Iterator[Metric]:
        now, held = self._vitals.clock(), self._vitals.held.copy()
        for name, said, value in self._per_partition(now):
            gauge = GaugeMetricFamily(f"tocsin_{name}", said, labels=["partition"])
            for partition, it in held.items():
                if (found := value(it)) is not None:
                    gauge.add_metric([str(partition)], found)
            yield gauge
        yield self._open_alerts(held)
        yield self._last_tick()
        yield self._state("alive", "1 while neither event loop nor files' thread is wedged.", self._vitals.not_alive)
        yield self._state("ready", "1 while the worker does its work.", self._vitals.not_ready)

    @staticmethod
    def _per_partition(now: float) -> Iterator[tuple[str, str, Callable[[Held], float | None]]]:
        yield "checkpoint", "The next offset to apply.", lambda it: it.checkpoint
        yield "lag_records", "Offsets of the log that are still to be applied.", lambda it: it.lag
        yield (
            "lag_seconds",
            "For how long the checkpoint has stood still while there was something to apply.",
            lambda it: now - it.moved if it.lag else 0.0,
        )
        yield "unsent_messages", "Alert messages and dead letters that are not on the wire yet.", lambda it: it.unsent
        yield (
            "snapshot_age_seconds",
            "Since when readers have had the newest snapshot.",
            lambda it: None if it.published is None else now - it.published,
        )

    @staticmethod
    def _open_alerts(held: Mapping[int, Held]) -> Metric:
        gauge = GaugeMetricFamily("tocsin_open_alerts", "Alerts that are open, by severity.", labels=["severity"])
        for severity in SEVERITIES:
            gauge.add_metric([severity], sum(it.open_alerts.get(severity, 0) for it in held.values()))
        return gauge

    def _last_tick(self) -> Metric:
        said = "When a live timeline was last ticked, since the epoch."
        gauge = GaugeMetricFamily("tocsin_last_tick_timestamp_seconds", said, labels=["timeline"])
        for timeline, at in self._vitals.ticked.copy().items():
            gauge.add_metric([timeline], at)
        return gauge

    @staticmethod
    def _state(name: str, said: str, faults: Callable[[], list[str]]) -> Metric:
        return GaugeMetricFamily(f"tocsin_{name}", said, value=0 if faults() else 1)
