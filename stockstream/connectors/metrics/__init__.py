"""What each process tells Prometheus of itself, counted where it happens, by the batch.

A process has one object of its own kind, hands it to what does the work, and serves what it has counted.
Names follow Prometheus' conventions: base units, `_total` for what only grows, `_timestamp_seconds` for
moments.
"""

from stockstream.connectors.metrics.aggregator import AggregatorMetrics
from stockstream.connectors.metrics.consumer import ConsumerMetrics
from stockstream.connectors.metrics.detector import DetectorMetrics
from stockstream.connectors.metrics.process import ProcessMetrics
from stockstream.connectors.metrics.producer import ProducerMetrics
from stockstream.connectors.metrics.reader import ReaderMetrics
from stockstream.connectors.metrics.server import PROCESSES, port_of, serve

__all__ = [
    "PROCESSES",
    "AggregatorMetrics",
    "ConsumerMetrics",
    "DetectorMetrics",
    "ProcessMetrics",
    "ProducerMetrics",
    "ReaderMetrics",
    "port_of",
    "serve",
]
