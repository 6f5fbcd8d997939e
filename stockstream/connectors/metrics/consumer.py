"""Metrics of the consumer: the outcome of messages, and the age of trades when they are stored."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from prometheus_client import Counter, Gauge

from stockstream.connectors.metrics.latency import MICRO, Latency
from stockstream.connectors.metrics.reader import ReaderMetrics
from stockstream.market.trade.arrivals import Arrivals, DeadLetter
from stockstream.market.trade.columns import micros

REFUSED = "refused"


class Stored(Protocol):
    """The outcome of a batch."""

    @property
    def trades(self) -> int:
        """Return how many of its trades are new."""

    @property
    def duplicates(self) -> int:
        """Return how many were already stored."""

    @property
    def dead_letters(self) -> int:
        """Return how many of its messages became dead letters."""


class ConsumerMetrics(ReaderMetrics):
    """Metrics of one consumer."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, now: Callable[[], int] = time.time_ns
    ) -> None:
        """Create metrics at zero; `clock` returns monotonic seconds, `now` nanoseconds since 1970."""
        super().__init__(clock)
        self._now = now
        self._trades = Counter("stockstream_trades", "Trades stored on the tape.", registry=self.registry)
        self._duplicates = Counter(
            "stockstream_duplicates", "Trades met again that the tape has already.", registry=self.registry
        )
        self._dead = Counter(
            "stockstream_dead_letters",
            "Messages kept as dead letters: not to be read (message), a field breaks a rule (field), or the "
            "database refuses a value (refused).",
            ["reason"],
            registry=self.registry,
        )
        for reason in ("message", "field", REFUSED):
            self._dead.labels(reason)
        self._latency = Latency(self.registry)
        self._newest = Gauge(
            "stockstream_newest_trade_timestamp_seconds",
            "The own time of the newest trade that this process has stored.",
            registry=self.registry,
        )
        self._newest_time = 0

    def stored(self, batch: Sequence[Arrivals], stored: Stored) -> None:
        """Count a committed batch, given as its parts."""
        self._trades.inc(stored.trades)
        self._duplicates.inc(stored.duplicates)
        self._count_dead([letter for part in batch for letter in part.dead], stored.dead_letters)
        for part in batch:
            self._count_ages(micros(part.trades))
        # Last: once a message is counted here, everything else about it has been counted.
        self._messages.inc(sum(map(len, batch)))

    def _count_dead(self, unread: Sequence[DeadLetter], total: int) -> None:
        for letter in unread:
            self._dead.labels(letter.fault).inc()
        # Decoded as trades, but became dead letters nevertheless.
        self._dead.labels(REFUSED).inc(total - len(unread))

    def _count_ages(self, times: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> None:
        if times.size:
            self._latency.add(self._now() // 1_000 - times)
            self._newest_time = max(self._newest_time, int(times.max()))
            self._newest.set(self._newest_time / MICRO)
