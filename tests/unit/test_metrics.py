"""The pages of a process: what is counted, and whether it goes on."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from stockstream.connectors.metrics.latency import NAME, Latency
from stockstream.connectors.metrics.process import ProcessMetrics
from stockstream.connectors.metrics.reader import ReaderMetrics
from stockstream.connectors.metrics.server import port_of, serve
from stockstream.settings import Settings
from tests.scrape import Scrape, free_base, page

log = logging.getLogger("test")


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@contextmanager
def served(metrics: ProcessMetrics) -> Iterator[int]:
    settings = Settings(metrics_port=free_base())
    serve("aggregator", settings, metrics, log)
    yield port_of("aggregator", settings)


def test_health_is_a_loop_that_turns_or_tries_again() -> None:
    clock = Clock()
    metrics = ProcessMetrics(clock)
    with served(metrics) as port:
        clock.now = 119.0
        assert page(port, "/healthz") == (200, "ok\n")
        clock.now = 121.0
        assert page(port, "/healthz") == (503, "the loop has not turned for 121 s\n")
        metrics.waits(TimeoutError())
        assert page(port, "/healthz") == (200, "ok\n")


def test_a_partition_that_is_taken_away_is_told_no_more() -> None:
    metrics = ReaderMetrics()
    with served(metrics) as port:
        metrics.behind({0: 7, 2: 0})
        assert Scrape(page(port)[1]).by("stockstream_lag_messages", "partition") == {"0": 7.0, "2": 0.0}
        metrics.behind({2: 5})
        assert Scrape(page(port)[1]).by("stockstream_lag_messages", "partition") == {"2": 5.0}


def test_only_a_commit_that_succeeds_counts() -> None:
    def fail() -> None:
        raise TimeoutError

    metrics = ReaderMetrics()
    with pytest.raises(TimeoutError):
        metrics.timed(fail)()
    assert metrics.timed(lambda number: number + 1)(1) == 2
    assert metrics.registry.get_sample_value("stockstream_batch_commit_seconds_count") == 1


def test_a_trade_ahead_of_our_clock_is_of_no_age() -> None:
    registry = CollectorRegistry()
    latency = Latency(registry)
    latency.add(np.array([-9_000_000, 20_000_000]))
    latency.add(np.array([30_000_000, 30_000_001]))
    assert registry.get_sample_value(f"{NAME}_bucket", {"le": "0.01"}) == 1
    assert registry.get_sample_value(f"{NAME}_bucket", {"le": "30.0"}) == 3
    assert registry.get_sample_value(f"{NAME}_count") == 4
    assert registry.get_sample_value(f"{NAME}_sum") == pytest.approx(80.000001)


def test_no_port_serves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    serve("consumer", Settings(metrics_port=0), ProcessMetrics(), log)
    assert not caplog.records


def test_a_host_that_is_not_ours_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(metrics_port=free_base(), metrics_host="192.0.2.1")
    serve("consumer", settings, ProcessMetrics(), log)
    (record,) = caplog.records
    assert "no metrics, cannot listen on port" in record.getMessage()
    assert "of 192.0.2.1" in record.getMessage()
