"""All metrics that the processes serve, read from their registries."""

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from stockstream.connectors.metrics.aggregator import AggregatorMetrics
from stockstream.connectors.metrics.consumer import ConsumerMetrics
from stockstream.connectors.metrics.detector import DetectorMetrics
from stockstream.connectors.metrics.producer import ProducerMetrics

ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def registries() -> list[CollectorRegistry]:
    """Return the registry that a process of each kind has at its start."""
    kinds = (ProducerMetrics, ConsumerMetrics, AggregatorMetrics, DetectorMetrics)
    return [kind().registry for kind in kinds]


def ours() -> dict[str, Metric]:
    """Return the project's own metrics by the names that the documents use."""
    found = [each for registry in registries() for each in registry.collect()]
    return {
        each.name + ("_total" if each.type == "counter" else ""): each
        for each in found
        if each.name.startswith("stockstream_")
    }


def series() -> set[str]:
    """Return all names that a query may use, including those of the process itself."""
    found = [each for registry in registries() for each in registry.collect()]
    return {each.name + ending for each in found for ending in ENDINGS[each.type]}
