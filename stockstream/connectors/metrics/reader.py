"""Metrics of every process that reads the topic: its lag, and its commits."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, ParamSpec, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from stockstream.connectors.metrics.process import ProcessMetrics

COMMIT_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
Rebalance = Literal["assigned", "revoked", "lost"]

Given = ParamSpec("Given")
Outcome = TypeVar("Outcome")


class ReaderMetrics(ProcessMetrics):
    """Metrics of a member of a consumer group that commits batch by batch."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Create metrics at zero; `clock` returns monotonic seconds."""
        super().__init__(clock)
        self._messages = Counter(
            "stockstream_messages",
            "Messages of the topic that were worked off, once or again after a restart.",
            registry=self.registry,
        )
        self._commits = Histogram(
            "stockstream_batch_commit_seconds",
            "How long the transaction of a batch took, from its begin to the answer to COMMIT.",
            buckets=COMMIT_SECONDS,
            registry=self.registry,
        )
        self._committed_at = Gauge(
            "stockstream_last_commit_timestamp_seconds", "When the last commit was.", registry=self.registry
        )
        self._refused = Counter(
            "stockstream_batches_refused",
            "Batches that the fence refused, because another process has taken the partition over.",
            registry=self.registry,
        )
        self._rebalances = Counter(
            "stockstream_rebalances",
            "Times that the group gave partitions, took them, or gave them away as lost.",
            ["kind"],
            registry=self.registry,
        )
        for kind in ("assigned", "revoked", "lost"):
            self._rebalances.labels(kind)
        self._lags = ByPartition(
            "stockstream_lag_messages", "Messages of a partition that are still to be read.", self.registry
        )

    def timed(self, commit: Callable[Given, Outcome]) -> Callable[Given, Outcome]:
        """Return a commit function that also records how long it took, unless it failed."""

        def timed(*args: Given.args, **kwargs: Given.kwargs) -> Outcome:
            begun = self._clock()
            outcome = commit(*args, **kwargs)
            self._commits.observe(self._clock() - begun)
            self._committed_at.set_to_current_time()
            return outcome

        return timed

    def refused(self) -> None:
        """Count a batch that the fence has refused."""
        self._refused.inc()

    def rebalanced(self, kind: Rebalance) -> None:
        """Count an assignment, revocation or loss of partitions."""
        self._rebalances.labels(kind).inc()

    def behind(self, lags: Mapping[int, int]) -> None:
        """Set the lag of each partition of this member."""
        self._lags.set(lags)


class ByPartition(Collector):
    """A gauge per partition of this member; revoked partitions are no longer exported."""

    def __init__(self, name: str, help_text: str, registry: CollectorRegistry) -> None:
        self._name, self._help = name, help_text
        self._values: Mapping[int, float] = {}
        registry.register(self)

    def set(self, values: Mapping[int, float]) -> None:
        """Set all values at once: another thread may be reading the former ones."""
        self._values = values

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the gauge for Prometheus."""
        family = GaugeMetricFamily(self._name, self._help, labels=["partition"])
        for partition, value in sorted(self._values.items()):
            family.add_metric([str(partition)], value)
        yield family
