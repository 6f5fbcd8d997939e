"""The topic itself: make it, look at it, and tell how far a job lags behind."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from stockstream.errors import KafkaUnreachableError

PATIENCE = 5.0
QUIET: dict[str, Any] = {"log_level": 0, "error_cb": lambda _error: None}


def ensure_topic(servers: str, topic: str, partitions: int, patience: float = PATIENCE) -> bool:
    """Make the topic unless it is there; returns whether it was made.

    Raises:
        KafkaUnreachableError: no broker answers within `patience` seconds.
    """
    if topic in partition_counts(servers, patience):
        return False
    admin = AdminClient({"bootstrap.servers": servers} | QUIET)
    # How many copies there are of it is the cluster's own choice.
    wish = NewTopic(topic, num_partitions=partitions, replication_factor=-1)
    try:
        admin.create_topics([wish], request_timeout=patience)[topic].result()
    except KafkaException as exc:
        error: KafkaError = exc.args[0]
        if error.code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise KafkaUnreachableError(servers=servers, reason=error.str()) from exc
    _await_topic(servers, topic, patience)
    return True


def _await_topic(servers: str, topic: str, patience: float) -> None:
    """Wait until the broker tells of the topic: it hears of it a moment after its controller made it."""
    listed = Retrying(
        retry=retry_if_result(lambda counts: topic not in counts),
        stop=stop_after_delay(patience),
        wait=wait_fixed(0.05),
    )
    try:
        listed(partition_counts, servers, patience)
    except RetryError as exc:
        raise KafkaUnreachableError(servers=servers, reason=f"topic {topic} does not appear") from exc


def partition_counts(servers: str, patience: float = PATIENCE) -> dict[str, int]:
    """Return each topic's number of partitions.

    Raises:
        KafkaUnreachableError: no broker answers within `patience` seconds.
    """
    try:
        found = AdminClient({"bootstrap.servers": servers} | QUIET).list_topics(timeout=patience)
    except KafkaException as exc:
        raise KafkaUnreachableError(servers=servers, reason=exc.args[0].str()) from exc
    return {name: len(topic.partitions) for name, topic in found.topics.items()}


def id_of(admin: AdminClient, servers: str, topic: str, patience: float = PATIENCE) -> str | None:
    """Return the id that Kafka gave the topic when it was made, None where there is no such topic.

    Raises:
        KafkaUnreachableError: no broker answers within `patience` seconds.
    """
    try:
        found = admin.describe_topics(TopicCollection([topic]), request_timeout=patience)
        return str(found[topic].result().topic_id)
    except KafkaException as exc:
        if exc.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None
        raise KafkaUnreachableError(servers=servers, reason=exc.args[0].str()) from exc


def begins(servers: str, topic: str, patience: float = PATIENCE) -> dict[int, int]:
    """Return the begin of each partition: the offset of the oldest message that is still there.

    Raises:
        KafkaUnreachableError: no broker answers within `patience` seconds.
    """
    return {partition: begin for partition, (begin, _) in _bounds(servers, topic, patience).items()}


def ends(servers: str, topic: str, patience: float = PATIENCE) -> dict[int, int]:
    """Return the end of each partition: the offset that its next message will get.

    Raises:
        KafkaUnreachableError: no broker answers within `patience` seconds.
    """
    return {partition: end for partition, (_, end) in _bounds(servers, topic, patience).items()}


def hints(
    servers: str, topic: str, group: str, partitions: Iterable[int], patience: float = PATIENCE
) -> dict[int, int]:
    """Return the offset that a group last committed for each partition, below zero where it never did.

    Raises:
        KafkaUnreachableError: no broker answers within `patience` seconds.
    """
    with _looking(servers, group) as looker:
        wanted = [TopicPartition(topic, partition) for partition in partitions]
        return {each.partition: each.offset for each in looker.committed(wanted, patience)}


def _bounds(servers: str, topic: str, patience: float) -> dict[int, tuple[int, int]]:
    count = partition_counts(servers, patience).get(topic, 0)
    with _looking(servers, "stockstream-look") as looker:
        return {
            partition: looker.get_watermark_offsets(TopicPartition(topic, partition), timeout=patience)
            for partition in range(count)
        }


@contextmanager
def _looking(servers: str, group: str) -> Iterator[Consumer]:
    """A client that asks and reads nothing; it never joins the group that it names."""
    looker = Consumer({"bootstrap.servers": servers, "group.id": group} | QUIET)
    try:
        yield looker
    except KafkaException as exc:
        raise KafkaUnreachableError(servers=servers, reason=exc.args[0].str()) from exc
    finally:
        looker.close()


def lag(ends_of_topic: Mapping[int, int], next_offsets: Mapping[int, int]) -> dict[int, int]:
    """Return, for each partition, how many messages lie between a job's place and the end."""
    return {
        partition: max(end - next_offsets.get(partition, 0), 0) for partition, end in ends_of_topic.items()
    }
