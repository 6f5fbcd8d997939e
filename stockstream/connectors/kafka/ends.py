"""Where a partition ends for those who read it: the one place that computes it.

The end is the last stable offset. Every client here reads committed messages only (`isolation.level` is
`read_committed` by default), and what lies at or above that offset belongs to a transaction that is open, or
stands behind one: it cannot be read now. The high watermark counts it all the same. So a transaction that
hangs open for ever leaves no lag, and nobody waits for it.

Below the end there may be offsets that hold no message (see `batch`). Lag counts offsets: it is 0 once the
reader has passed them, which the client's EOF event lets it do. An EOF event's offset is the last stable
offset, too, and says that every message before it has been handed over.
"""

from collections.abc import Iterable

from confluent_kafka import Consumer, TopicPartition


def bounds_of(client: Consumer, topic: str, partition: int, timeout: float) -> tuple[int, int]:
    """Ask the broker for the offset of the oldest record, and the end.

    librdkafka answers with the last stable offset here; the value that it caches is the high watermark.

    Raises:
        KafkaException: no answer within `timeout` seconds, or a refusal.
    """
    begin, end = client.get_watermark_offsets(TopicPartition(topic, partition), timeout=timeout)
    return int(begin), int(end)


def seen_high_watermark(client: Consumer, topic: str, partition: int) -> int:
    """Return the high watermark of the broker's last answer, below zero before the first; it asks nobody.

    It may lie beyond the end, never before it.
    """
    _, high = client.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
    return int(high)


class ReachedEnds:
    """The ends that a reader has come to, by partition; they hold until it has read beyond, or elsewhere."""

    def __init__(self) -> None:
        self._ends: dict[int, int] = {}

    def reached(self, ends: dict[int, int]) -> None:
        """Note the offsets of EOF events."""
        self._ends |= ends

    def forget(self, partitions: Iterable[int]) -> None:
        """Believe no more what was known of partitions: the client says it again when it reads on."""
        for partition in partitions:
            self._ends.pop(partition, None)

    def is_at(self, partition: int, offset: int) -> bool:
        """Whether the reader of a partition, about to read `offset`, has come to the partition's end."""
        return self._ends.get(partition) == offset
