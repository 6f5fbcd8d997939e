"""What the aggregator tells: candles as they are written, trades that came late, windows that are held."""

import time
from collections.abc import Callable

from prometheus_client import Counter, Gauge

from stockstream.connectors.metrics.reader import ByPartition, ReaderMetrics
from stockstream.market.windows_checkpoint import NEVER, Checkpoint

MICRO = 1_000_000


class AggregatorMetrics(ReaderMetrics):
    """Counts of one aggregator."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin at nought; `clock` tells seconds that never go back."""
        super().__init__(clock)
        self._bad = Counter(
            "stockstream_skipped_messages",
            "Messages that are no trades; the consumer keeps them.",
            registry=self.registry,
        )
        self._candles = Counter(
            "stockstream_candles",
            "Times that a candle was written: while it formed, as it turned final, or restated after that.",
            ["state"],
            registry=self.registry,
        )
        for state in ("forming", "final", "restated"):
            self._candles.labels(state)
        self._late = Counter(
            "stockstream_late_trades",
            "Trades that came after the allowed lateness and are in no candle; repeats are told apart later.",
            registry=self.registry,
        )
        self._windows = Gauge(
            "stockstream_open_windows",
            "Windows that are held: those that form, and those that a late trade may still restate.",
            registry=self.registry,
        )
        self._watermarks = ByPartition(
            "stockstream_watermark_timestamp_seconds",
            "The event time up to which a partition's candles are final.",
            self.registry,
        )

    def read(self, trades: int, bad: int) -> None:
        """Count what was read, once or again after a restart."""
        self._messages.inc(trades + bad)
        self._bad.inc(bad)

    def stored(self, checkpoint: Checkpoint, held: int) -> None:
        """Count a checkpoint that is committed, after which so many windows are held."""
        final = sum(candle.is_final for candle in checkpoint.candles)
        self._candles.labels("forming").inc(len(checkpoint.candles) - final)
        self._candles.labels("final").inc(final - checkpoint.restated)
        self._candles.labels("restated").inc(checkpoint.restated)
        self._late.inc(len(checkpoint.late))
        self._windows.set(held)
        passed = {partition: mark.watermark for partition, mark in checkpoint.marks.items()}
        self._watermarks.set(
            {partition: time_of / MICRO for partition, time_of in passed.items() if time_of != NEVER}
        )
