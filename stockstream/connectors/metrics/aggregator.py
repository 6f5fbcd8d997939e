"""Metrics of the aggregator: candles written, late trades, and open candles."""

import time
from collections.abc import Callable

from prometheus_client import Counter, Gauge

from stockstream.connectors.metrics.reader import ByPartition, ReaderMetrics
from stockstream.connectors.metrics.reconciler import ReconcilerMetrics
from stockstream.market.candles.tumbling import NEVER, Changes

MICRO = 1_000_000


class AggregatorMetrics(ReaderMetrics):
    """Metrics of one aggregator."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Create metrics at zero; `clock` returns monotonic seconds."""
        super().__init__(clock)
        self._bad = Counter(
            "stockstream_skipped_messages",
            "Messages that are no trades; the consumer keeps them.",
            registry=self.registry,
        )
        self._candles = Counter(
            "stockstream_candles",
            "Times that a candle was written: while it formed, or as it closed.",
            ["state"],
            registry=self.registry,
        )
        for state in ("forming", "final"):
            self._candles.labels(state)
        self._late = Counter(
            "stockstream_late_trades",
            "Trades that came after the allowed lateness; the reconciler brings them into their candles.",
            registry=self.registry,
        )
        self._windows = Gauge(
            "stockstream_open_windows",
            "Candles that form.",
            registry=self.registry,
        )
        self.reconciler = ReconcilerMetrics(self.registry)
        self._watermarks = ByPartition(
            "stockstream_watermark_timestamp_seconds",
            "The newest event time that was read of a partition.",
            self.registry,
        )

    def read(self, trades: int, bad: int) -> None:
        """Count what was read, once or again after a restart."""
        self._messages.inc(trades + bad)
        self._bad.inc(bad)

    def stored(self, changes: Changes, forming: int) -> None:
        """Count committed changes, and set the number of candles that are open after them."""
        final = sum(candle.is_final for candle in changes.candles)
        self._candles.labels("forming").inc(len(changes.candles) - final)
        self._candles.labels("final").inc(final)
        self._late.inc(changes.late)
        self._windows.set(forming)
        self._watermarks.set(
            {
                partition: time_of / MICRO
                for partition, time_of in changes.watermarks.items()
                if time_of != NEVER
            }
        )
