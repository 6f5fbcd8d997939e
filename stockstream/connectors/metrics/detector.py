"""Metrics of the detector: findings by kind, and the age of its models."""

import math
import time
from collections.abc import Callable, Collection, Sequence

from prometheus_client import Counter, Gauge

from stockstream.connectors.metrics.reader import ReaderMetrics
from stockstream.market.anomalies.finding import Finding


class DetectorMetrics(ReaderMetrics):
    """Metrics of one watch."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time
    ) -> None:
        """Create metrics at zero; `clock` returns monotonic seconds, `now` seconds since 1970."""
        super().__init__(clock)
        self._now = now
        self._oldest = math.nan
        self._findings = Counter(
            "stockstream_findings", "Findings written, by kind.", ["kind"], registry=self.registry
        )
        self._models = Gauge(
            "stockstream_models", "Watched symbols that have a model of their own.", registry=self.registry
        )
        self._without = Gauge(
            "stockstream_symbols_without_model", "Watched symbols that have none.", registry=self.registry
        )
        Gauge(
            "stockstream_oldest_model_age_seconds",
            "How long ago the oldest of these models was made; NaN where there is none.",
            registry=self.registry,
        ).set_function(lambda: self._now() - self._oldest)

    def examined(self, messages: int, found: Sequence[Finding]) -> None:
        """Count a committed batch and its findings."""
        self._messages.inc(messages)
        for finding in found:
            self._findings.labels(finding.kind).inc()

    def models(self, made_at: Collection[float], without: int) -> None:
        """Set the models in use, by when each was made, in seconds since 1970."""
        self._models.set(len(made_at))
        self._without.set(without)
        self._oldest = min(made_at, default=math.nan)
