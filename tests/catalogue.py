"""All metrics that the processes serve, as their registries have them."""

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from stockstream.connectors.metrics.aggregator import AggregatorMetrics
from stockstream.connectors.metrics.consumer import ConsumerMetrics
from stockstream.connectors.metrics.detector import DetectorMetrics
from stockstream.connectors.metrics.producer import ProducerMetrics

ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def registries() -> list[CollectorRegistry]:
    """Return what a process of each kind has when it begins."""
    kinds = (ProducerMetrics, ConsumerMetrics, AggregatorMetrics, DetectorMetrics)
    return [kind().registry for kind in kinds]


def ours() -> dict[str, Metric]:
    """Return the project's own metrics by the names that a document tells."""
    found = [each for registry in registries() for each in registry.collect()]
    return {
        each.name + ("_total" if each.type == "counter" else ""): each
        for each in found
        if each.name.startswith("stockstream_")
    }


def series() -> set[str]:
    """Return all names that a query may ask for, those of the process itself included."""
    found = [each for registry in registries() for each in registry.collect()]
    return {each.name + ending for each in found for ending in ENDINGS[each.type]}
