"""Metrics of the producer: the progress of its sink, and the state of its feed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from stockstream.connectors.metrics.process import ProcessMetrics


class FeedCounts(Protocol):
    """Counts kept by a feed."""

    connections: int
    garbage: int

    @property
    def missing(self) -> int:
        """Return how many trades the venue has numbered but not provided."""


class Sink(Protocol):
    """The sink that the producer sends through."""

    @property
    def accepted(self) -> int:
        """Return how many trades the client has accepted."""

    @property
    def acknowledged(self) -> int:
        """Return how many of them the broker has acknowledged."""

    @property
    def failed(self) -> int:
        """Return how many of them could not be delivered."""

    @property
    def outage(self) -> Exception | None:
        """Return why the broker does not answer, or None while it does."""


@dataclass(frozen=True)
class Sent:
    """The counts of the sink at one moment."""

    accepted: int = 0
    acknowledged: int = 0
    failed: int = 0


class ProducerMetrics(ProcessMetrics, Collector):
    """Metrics of one producer; the sink and the feed keep the counts, which are exported here."""

    def __init__(
        self,
        feed: Callable[[], FeedCounts | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create metrics at zero.

        Args:
            feed: returns the counts of the feed that is read, if there is one.
            clock: returns monotonic seconds.
        """
        super().__init__(clock)
        self._feed = feed
        self._sent = Sent()
        self.registry.register(self)

    def polled(self, sink: Sink) -> None:
        """Copy the sink's counts; to be called in the thread that owns the sink, which is not thread-safe."""
        self.turned()
        self._sent = Sent(sink.accepted, sink.acknowledged, sink.failed)
        is_out = sink.outage is not None
        if is_out != self._is_waiting:
            if is_out:
                self.waits(sink.outage or TimeoutError())
            else:
                self.goes_on()

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Return the metrics for Prometheus."""
        sent, feed = self._sent, self._feed()
        waiting = sent.accepted - sent.acknowledged - sent.failed
        yield from (
            _counter("produced_trades", "Trades given to the Kafka client.", sent.accepted),
            _counter("acknowledged_trades", "Trades that the broker has for sure.", sent.acknowledged),
            _counter("delivery_failures", "Trades that could not be delivered.", sent.failed),
            GaugeMetricFamily(
                "stockstream_unacknowledged_trades", "Trades on their way to the broker.", value=waiting
            ),
            _counter(
                "feed_reconnects",
                "Times that a live feed's connection was made again.",
                max(feed.connections - 1, 0) if feed else 0,
            ),
            _counter(
                "feed_missing_trades",
                "Trades that the venue has numbered and did not give.",
                feed.missing if feed else 0,
            ),
            _counter(
                "feed_bad_frames",
                "Frames of the venue that could not be read.",
                feed.garbage if feed else 0,
            ),
        )


def _counter(name: str, help_text: str, value: int) -> CounterMetricFamily:
    return CounterMetricFamily(f"stockstream_{name}", help_text, value=value)
