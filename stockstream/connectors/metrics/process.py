"""Metrics of every process: that it is running, and the outages it waits for."""

import time
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
)

# Each counter would add a second series with its creation time.
disable_created_metrics()  # type: ignore[no-untyped-call]


class ProcessMetrics:
    """Metrics of one process, in a registry of its own.

    >>> metrics = ProcessMetrics()
    >>> metrics.waits(ConnectionError())
    >>> metrics.goes_on()
    >>> metrics.registry.get_sample_value("stockstream_retries_total", {"error": "ConnectionError"})
    1.0
    >>> metrics.registry.get_sample_value("stockstream_outages_total")
    1.0
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Create metrics at zero; `clock` returns monotonic seconds."""
        self.registry = CollectorRegistry()
        self._clock = clock
        ProcessCollector(registry=self.registry)
        self._retries = Counter(
            "stockstream_retries",
            "Tries that failed because a server was away, each made again, by the error.",
            ["error"],
            registry=self.registry,
        )
        self._outages = Counter("stockstream_outages", "Outages waited out.", registry=self.registry)
        self._waiting = Gauge(
            "stockstream_waiting", "1 while the process waits for a server, else 0.", registry=self.registry
        )
        self._is_waiting = False
        self.turned()

    def turned(self) -> None:
        """Record a turn of the loop: the process is not stuck."""
        self._turned_at = self._clock()

    def silence(self) -> float:
        """Return the seconds since the loop last turned."""
        return self._clock() - self._turned_at

    def waits(self, exc: BaseException) -> None:
        """Count a try that failed because of an outage; trying again also counts as a turn."""
        self.turned()
        self._retries.labels(type(exc).__name__).inc()
        self._set_waiting(now=True)

    def goes_on(self) -> None:
        """Count an outage that is over."""
        self._outages.inc()
        self._set_waiting(now=False)

    def _set_waiting(self, *, now: bool) -> None:
        self._is_waiting = now
        self._waiting.set(now)
