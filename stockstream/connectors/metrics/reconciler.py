"""Metrics of a reconciler: candles made equal to the tape, and minutes that wait."""

import time
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge


class ReconcilerMetrics:
    """Metrics of one reconciler, in the registry of its process."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Register the metrics; without a registry nothing is served."""
        self._reconciled = Counter(
            "stockstream_reconciled_candles",
            "Candles that were found equal to the tape, or made so; changed are those that had been final.",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("confirmed", "changed"):
            self._reconciled.labels(outcome)
        self._waiting = Gauge(
            "stockstream_waiting_minutes",
            "Minutes that are over and wait to be reconciled.",
            registry=registry,
        )
        self._oldest = Gauge(
            "stockstream_oldest_waiting_minute_seconds",
            "For how long the oldest of them has waited.",
            registry=registry,
        )

    def reconciled(self, candles: int, changed: int) -> None:
        """Count a committed step: its candles, and how many final ones of them were changed."""
        self._reconciled.labels("changed").inc(changed)
        self._reconciled.labels("confirmed").inc(candles - changed)

    def waiting(self, minutes: int, since: datetime | None) -> None:
        """Set how many minutes wait, and since when the oldest of them does."""
        self._waiting.set(minutes)
        self._oldest.set(max(time.time() - since.timestamp(), 0) if since else 0)
