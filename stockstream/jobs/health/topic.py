"""Kafka and the topic: whether they answer, and where each partition ends."""

from collections.abc import Callable
from dataclasses import dataclass

from stockstream.connectors.kafka.client import Where
from stockstream.connectors.kafka.topic import ends, partition_counts
from stockstream.errors import KafkaBusyError, KafkaRefusedError, StockstreamError
from stockstream.jobs.health.check_result import Check, failed, happened, ok, unknown
from stockstream.jobs.health.samples import SamplePair

TIMEOUT = 3.0


@dataclass(frozen=True)
class TopicSample:
    """The ends of the topic's partitions at two moments; no partitions if there is no topic."""

    ends: SamplePair[dict[int, int]]


def look_at_topic(servers: Where, topic: str, pause: Callable[[], object]) -> TopicSample:
    """Sample the topic before and after a pause.

    Raises:
        KafkaUnreachableError: no broker answers within a few seconds.
    """
    if topic not in partition_counts(servers, TIMEOUT):
        return TopicSample(SamplePair({}, {}))
    before = ends(servers, topic, TIMEOUT)
    pause()
    return TopicSample(SamplePair(before, ends(servers, topic, TIMEOUT)))


def judge_topic(servers: Where, topic: str, sample: TopicSample | StockstreamError) -> list[Check]:
    """Judge the broker and the topic."""
    if isinstance(sample, StockstreamError):
        broker = failed("kafka", happened(sample), _remedy(sample))
        return [broker, unknown("topic", "kafka")]
    broker = ok("kafka", f"answers at {servers}")
    count = len(sample.ends.after)
    if not count:
        return [broker, failed("topic", f"there is no topic {topic}", "./start.sh, or python consumer.py")]
    return [broker, ok("topic", f"{topic} with {count} partition{'s'[: count > 1]}")]


def _remedy(fault: StockstreamError) -> str:
    if isinstance(fault, KafkaBusyError):
        return "wait; if it lasts, see the broker's log"
    if isinstance(fault, KafkaRefusedError):
        return str(fault.facts["remedy"])
    return "./start.sh, or docker compose up -d --wait kafka"
