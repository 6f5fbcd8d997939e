"""Where a partition ends for its readers; no other module computes it.

The end is the last stable offset. All clients here read committed messages only (`isolation.level` is
`read_committed` by default), and messages at or above that offset belong to an open transaction or come after
one, so they cannot be read now. The high watermark counts them nevertheless. A transaction that stays open
forever thus causes no lag, and nothing waits for it.

Offsets below the end may hold no message (see `batch`). Lag counts offsets: it is 0 once the reader has
passed them, which the client's EOF event allows. The offset of an EOF event is also the last stable offset,
and means that every message before it has been returned.
"""

from collections.abc import Iterable

from confluent_kafka import Consumer, TopicPartition


def bounds_of(client: Consumer, topic: str, partition: int, timeout: float) -> tuple[int, int]:
    """Query the broker for the offset of the oldest record, and the end.

    librdkafka answers with the last stable offset here; the value that it caches is the high watermark.

    Raises:
        KafkaException: no answer within `timeout` seconds, or a refusal.
    """
    begin, end = client.get_watermark_offsets(TopicPartition(topic, partition), timeout=timeout)
    return int(begin), int(end)


def seen_high_watermark(client: Consumer, topic: str, partition: int) -> int:
    """Return the cached high watermark of the broker's last answer, negative before the first.

    It may lie beyond the end, but never before it.
    """
    _, high = client.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
    return int(high)


class ReachedEnds:
    """The ends that a reader has reached, by partition, until it reads beyond them or elsewhere."""

    def __init__(self) -> None:
        self._ends: dict[int, int] = {}

    def reached(self, ends: dict[int, int]) -> None:
        """Record the offsets of EOF events."""
        self._ends |= ends

    def forget(self, partitions: Iterable[int]) -> None:
        """Discard what is known of partitions: the client reports it again when it continues to read."""
        for partition in partitions:
            self._ends.pop(partition, None)

    def is_at(self, partition: int, offset: int) -> bool:
        """Return whether a reader whose next offset is `offset` has reached the partition's end."""
        return self._ends.get(partition) == offset
