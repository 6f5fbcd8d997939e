"""What the broker knows of a topic's partitions, and how far it was told that a group is."""

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
    """The partitions of one topic, asked by one member of a group; all numbers are offsets of Kafka."""

    def __init__(self, consumer: Consumer, servers: Where, topic: str) -> None:
        """Ask through `consumer`; `servers` are what an error names and looks at."""
        self._consumer = consumer
        self._servers = servers
        self._topic = topic

    def named(self, partitions: Iterable[int]) -> list[TopicPartition]:
        """Return partitions as the client names them."""
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
        """Return what partitions hold.

        Raises:
            KafkaUnreachableError: no broker answers within five seconds.
        """
        try:
            group_offsets = self._consumer.committed(self.named(partitions), TIMEOUT)
        except KafkaException as exc:
            raise self.own_error(exc.args[0]) from exc
        return {each.partition: Extent(*self.bounds(each.partition), each.offset) for each in group_offsets}

    def seen_high_watermark(self, partition: int) -> int:
        """Return the high watermark of the broker's last answer, below zero before the first."""
        return seen_high_watermark(self._consumer, self._topic, partition)

    def are_ours(self, partitions: Iterable[int]) -> bool:
        """Ask the group whether we belong to it, by one of our partitions."""
        try:
            for one in sorted(partitions)[:1]:
                # To commit what is committed is refused by the group where we are no member any more.
                (committed,) = self._consumer.committed(self.named([one]), TIMEOUT)
                again = TopicPartition(self._topic, one, max(committed.offset, 0))
                self._consumer.commit(offsets=[again], asynchronous=False)
        except KafkaException:
            return False
        return True

    def require_answer(self, error: KafkaError) -> None:
        """Ask any broker; raises the project's error if none answers within a second, `error` before that."""
        try:
            self._consumer.list_topics(self._topic, timeout=GLANCE)
        except KafkaException as exc:
            raise own_error(self._servers, exc.args[0], [error]) from exc

    def own_error(self, error: KafkaError) -> StockstreamError:
        """Return the project's own error."""
        return own_error(self._servers, error)


class GroupOffsets:
    """How far we are, for lag tools: kept until the thread that reads can tell the broker.

    Another thread than that one may add to them: the client's commit and its consume block each other
    for good when two threads are in them.
    """

    def __init__(self) -> None:
        self._ends: deque[dict[int, int]] = deque()

    def add(self, ends: dict[int, int]) -> None:
        """Keep the places after what is stored, by partition."""
        self._ends.append(ends)

    def take(self, topic: str, bases: Mapping[int, int], ours: Iterable[int]) -> list[TopicPartition]:
        """Return the newest for each partition of ours, as offsets to commit; they are kept no more."""
        ends: dict[int, int] = {}
        while self._ends:
            ends |= self._ends.popleft()
        return [
            TopicPartition(topic, partition, ends[partition] - bases[partition])
            for partition in ours
            if ends.get(partition, -1) >= bases[partition]
        ]
