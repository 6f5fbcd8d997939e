"""Management of the topic: its creation, its bounds, and the lag of a job."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.cimpl import NewTopic
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from stockstream.connectors.kafka.admin import Admin
from stockstream.connectors.kafka.client import Where, consumer
from stockstream.connectors.kafka.ends import bounds_of
from stockstream.connectors.kafka.errors import own_error
from stockstream.errors import KafkaBusyError

TIMEOUT = 5.0


def ensure_topic(servers: Where, topic: str, partitions: int, timeout: float = TIMEOUT) -> bool:
    """Create the topic unless it exists, and return whether it was created.

    Raises:
        KafkaUnreachableError: no broker answers within `timeout` seconds.
    """
    if topic in partition_counts(servers, timeout):
        return False
    admin = Admin(servers)
    # The replication factor is the cluster's default.
    wish = NewTopic(topic, num_partitions=partitions, replication_factor=-1)
    try:
        admin.create_topics([wish], request_timeout=timeout)[topic].result()
    except KafkaException as exc:
        if exc.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise admin.own_error(exc) from exc
    _await_topic(servers, topic, timeout)
    return True


def _await_topic(servers: Where, topic: str, timeout: float) -> None:
    """Wait until the broker lists the topic, which happens a moment after its controller created it."""
    listed = Retrying(
        retry=retry_if_result(lambda counts: topic not in counts),
        stop=stop_after_delay(timeout),
        wait=wait_fixed(0.05),
    )
    try:
        listed(partition_counts, servers, timeout)
    except RetryError as exc:
        raise KafkaBusyError(servers=servers, reason=f"topic {topic} does not appear") from exc


def partition_counts(servers: Where, timeout: float = TIMEOUT) -> dict[str, int]:
    """Return each topic's number of partitions.

    Raises:
        KafkaUnreachableError: no broker answers within `timeout` seconds.
    """
    admin = Admin(servers)
    try:
        found = admin.list_topics(timeout=timeout)
    except KafkaException as exc:
        raise admin.own_error(exc) from exc
    return {name: len(topic.partitions) for name, topic in found.topics.items()}


def id_of(admin: Admin, topic: str, timeout: float = TIMEOUT) -> str | None:
    """Return the id that Kafka gave the topic at its creation, or None if there is no such topic.

    Raises:
        KafkaUnreachableError: no broker answers within `timeout` seconds.
    """
    try:
        found = admin.describe_topics(TopicCollection([topic]), request_timeout=timeout)
        return str(found[topic].result().topic_id)
    except KafkaException as exc:
        if exc.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None
        raise admin.own_error(exc) from exc


def begins(servers: Where, topic: str, timeout: float = TIMEOUT) -> dict[int, int]:
    """Return the first offset of each partition: that of the oldest message still there.

    Raises:
        KafkaUnreachableError: no broker answers within `timeout` seconds.
    """
    return {partition: begin for partition, (begin, _) in bounds(servers, topic, timeout).items()}


def ends(servers: Where, topic: str, timeout: float = TIMEOUT) -> dict[int, int]:
    """Return the end of each partition: everything that can be read now lies before it (see `ends`).

    Raises:
        KafkaUnreachableError: no broker answers within `timeout` seconds.
    """
    return {partition: end for partition, (_, end) in bounds(servers, topic, timeout).items()}


def bounds(servers: Where, topic: str, timeout: float = TIMEOUT) -> dict[int, tuple[int, int]]:
    """Return the first offset and the end of each partition, as of one moment.

    Raises:
        KafkaUnreachableError: no broker answers within `timeout` seconds.
    """
    count = partition_counts(servers, timeout).get(topic, 0)
    with _looking(servers, "stockstream-look") as looker:
        return {each: bounds_of(looker, topic, each, timeout) for each in range(count)}


def group_offsets(
    servers: Where, topic: str, group: str, partitions: Iterable[int], timeout: float = TIMEOUT
) -> dict[int, int]:
    """Return a group's offset for each partition, negative if it never committed one.

    Raises:
        KafkaUnreachableError: no broker answers within `timeout` seconds.
    """
    with _looking(servers, group) as looker:
        wanted = [TopicPartition(topic, partition) for partition in partitions]
        return {each.partition: each.offset for each in looker.committed(wanted, timeout)}


@contextmanager
def _looking(servers: Where, group: str) -> Iterator[Consumer]:
    """Yield a client for queries; it reads nothing and never joins the group that it names."""
    heard: list[KafkaError] = []
    looker = consumer(servers, {"group.id": group, "log_level": 0, "error_cb": heard.append})
    try:
        yield looker
    except KafkaException as exc:
        raise own_error(servers, exc.args[0], heard) from exc
    finally:
        looker.close()


def lag(ends_of_topic: Mapping[int, int], next_offsets: Mapping[int, int]) -> dict[int, int]:
    """Return, for each partition, how many offsets lie between a job's committed offset and the end."""
    return {
        partition: max(end - next_offsets.get(partition, 0), 0) for partition, end in ends_of_topic.items()
    }
