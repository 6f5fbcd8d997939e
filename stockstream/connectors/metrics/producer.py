"""What the producer tells: how far its sink is, and how its feed does."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from stockstream.connectors.metrics.process import ProcessMetrics


class FeedCounts(Protocol):
    """What a feed counts of itself."""

    connections: int
    garbage: int

    @property
    def missing(self) -> int:
        """Return how many trades the venue has numbered and not given."""


class Sink(Protocol):
    """What the producer sends through."""

    @property
    def accepted(self) -> int:
        """Return how many trades the client has taken."""

    @property
    def acknowledged(self) -> int:
        """Return how many of them the broker has."""

    @property
    def failed(self) -> int:
        """Return how many of them could not be delivered."""

    @property
    def outage(self) -> Exception | None:
        """Return why the broker does not answer; None while it does."""


@dataclass(frozen=True)
class Sent:
    """How far the sink was at a moment."""

    accepted: int = 0
    acknowledged: int = 0
    failed: int = 0


class ProducerMetrics(ProcessMetrics, Collector):
    """Counts of one producer; the sink and the feed keep them, here they are told."""

    def __init__(
        self,
        feed: Callable[[], FeedCounts | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin at nought.

        Args:
            feed: returns the counts of the feed that is read, if one is.
            clock: tells seconds that never go back.
        """
        super().__init__(clock)
        self._feed = feed
        self._sent = Sent()
        self.registry.register(self)

    def polled(self, sink: Sink) -> None:
        """Take note of how far the sink is: in the thread that owns it, because its counting is for one."""
        self.turned()
        self._sent = Sent(sink.accepted, sink.acknowledged, sink.failed)
        is_out = sink.outage is not None
        if is_out != self._is_waiting:
            if is_out:
                self.waits(sink.outage or TimeoutError())
            else:
                self.goes_on()

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Return them as Prometheus wants them."""
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
