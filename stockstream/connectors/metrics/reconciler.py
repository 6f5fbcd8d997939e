"""What a reconciler tells: candles made equal to the tape, and minutes that wait."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge

from stockstream.connectors.reconciliation import Settled, Waiting


class ReconcilerMetrics:
    """Counts of one reconciler, in the registry of the process that it runs in."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Register; without a registry nothing is served."""
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

    def reconciled(self, settled: Settled) -> None:
        """Count a step that is committed."""
        self._reconciled.labels("changed").inc(settled.mended)
        self._reconciled.labels("confirmed").inc(settled.settled - settled.mended)

    def waiting(self, waiting: Waiting) -> None:
        """Tell what waits."""
        self._waiting.set(waiting.minutes)
        self._oldest.set(max(time.time() - waiting.since.timestamp(), 0) if waiting.since else 0)
