"""The age of trades when they are stored: a histogram of all trades, updated once per batch."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

NAME = "stockstream_trade_latency_seconds"
HELP = "From a trade's own time to the end of the transaction that stored it; in a replay, how old it is."
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0)
MICRO = 1_000_000


class Latency(Collector):
    """A histogram that is updated with the ages of a whole batch.

    >>> latency = Latency(CollectorRegistry())
    >>> latency.add(np.array([5_000, 10_000, 70_000_000]))
    >>> (family,) = latency.collect()
    >>> [sample.value for sample in family.samples if sample.labels.get("le") in ("0.01", "60.0", "+Inf")]
    [2.0, 2.0, 3.0]
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._bounds = (np.array(SECONDS) * MICRO).astype(np.int64)
        # Replaced as a whole, never changed: another thread may be reading it.
        self._seen = np.zeros(len(SECONDS) + 1, np.int64), 0.0
        registry.register(self)

    def add(self, ages: NDArray[np.int64]) -> None:
        """Add trades by their ages in microseconds; the age of one ahead of the clock is zero."""
        ages = np.maximum(ages, 0)
        counts, seconds = self._seen
        places = np.searchsorted(self._bounds, ages)
        self._seen = (
            counts + np.bincount(places, minlength=len(counts)),
            seconds + float(ages.sum()) / MICRO,
        )

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Return the histogram for Prometheus: each bucket includes those below it."""
        counts, seconds = self._seen
        bounds = [*map(str, SECONDS), "+Inf"]
        family = HistogramMetricFamily(NAME, HELP)
        family.add_metric(
            [], list(zip(bounds, np.cumsum(counts).astype(float).tolist(), strict=True)), seconds
        )
        yield family
