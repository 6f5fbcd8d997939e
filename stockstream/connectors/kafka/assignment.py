"""What the broker knows of a topic's partitions, and the offsets committed to a consumer group."""

from collections import deque
from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from stockstream.connectors.kafka.client import Where
from stockstream.connectors.kafka.ends import bounds_of, seen_high_watermark
from stockstream.connectors.kafka.errors import own_error
from stockstream.connectors.kafka.incarnations import Extent
from stockstream.errors import StockstreamError

TIMEOUT = 5.0
GLANCE = 1.0


class Partitions:
    """The partitions of one topic, queried by one group member; all numbers are Kafka offsets."""

    def __init__(self, consumer: Consumer, servers: Where, topic: str) -> None:
        """Query through `consumer`; `servers` are used in errors and to diagnose them."""
        self._consumer = consumer
        self._servers = servers
        self._topic = topic

    def named(self, partitions: Iterable[int]) -> list[TopicPartition]:
        """Return partitions in the client's type."""
        return [TopicPartition(self._topic, partition) for partition in partitions]

    def bounds(self, partition: int) -> tuple[int, int]:
        """Return the offset of the oldest message, and the end.

        Raises:
            KafkaUnreachableError: no broker answers within five seconds.
        """
        try:
            return bounds_of(self._consumer, self._topic, partition, TIMEOUT)
        except KafkaException as exc:
            raise self.own_error(exc.args[0]) from exc

    def extents(self, partitions: list[int]) -> dict[int, Extent]:
        """Return the extents of partitions.

        Raises:
            KafkaUnreachableError: no broker answers within five seconds.
        """
        try:
            group_offsets = self._consumer.committed(self.named(partitions), TIMEOUT)
        except KafkaException as exc:
            raise self.own_error(exc.args[0]) from exc
        return {each.partition: Extent(*self.bounds(each.partition), each.offset) for each in group_offsets}

    def seen_high_watermark(self, partition: int) -> int:
        """Return the high watermark of the broker's last answer, or a negative number before the first."""
        return seen_high_watermark(self._consumer, self._topic, partition)

    def are_ours(self, partitions: Iterable[int]) -> bool:
        """Return whether the group still has this member, tested with one of its partitions."""
        try:
            for one in sorted(partitions)[:1]:
                # Commit the committed offset again: the group refuses this if the consumer is no longer a
                # member.
                (committed,) = self._consumer.committed(self.named([one]), TIMEOUT)
                again = TopicPartition(self._topic, one, max(committed.offset, 0))
                self._consumer.commit(offsets=[again], asynchronous=False)
        except KafkaException:
            return False
        return True

    def require_answer(self, error: KafkaError) -> None:
        """Query any broker; raise the project's error if none answers within a second after `error`."""
        try:
            self._consumer.list_topics(self._topic, timeout=GLANCE)
        except KafkaException as exc:
            raise own_error(self._servers, exc.args[0], [error]) from exc

    def own_error(self, error: KafkaError) -> StockstreamError:
        """Return the project's error for an error of the client."""
        return own_error(self._servers, error)


class GroupOffsets:
    """Offsets to commit to the group for lag tools, kept until the reading thread can send them.

    Other threads may add offsets: the client's commit and consume deadlock if they are called by two threads
    at the same time.
    """

    def __init__(self) -> None:
        self._ends: deque[dict[int, int]] = deque()

    def add(self, ends: dict[int, int]) -> None:
        """Add the offsets after what was stored, by partition."""
        self._ends.append(ends)

    def take(self, topic: str, bases: Mapping[int, int], ours: Iterable[int]) -> list[TopicPartition]:
        """Remove all offsets and return the newest of each own partition, ready to commit."""
        ends: dict[int, int] = {}
        while self._ends:
            ends |= self._ends.popleft()
        return [
            TopicPartition(topic, partition, ends[partition] - bases[partition])
            for partition in ours
            if ends.get(partition, -1) >= bases[partition]
        ]
