"""Kafka's door: the topic, a source that gives batches, and a sink that loses nothing.

The source never commits as it reads: where to read from is asked of `positions` when the group
hands over partitions, because the truth about progress stands in PostgreSQL. `hint` tells the
broker how far we are, for lag tools alone.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from stockstream.errors import KafkaUnreachableError, OffsetsGoneError

Positions = Callable[[list[int]], dict[int, int]]

# What the client reports and mends by itself, but a person who waits should hear of.
OUTAGES = (KafkaError._ALL_BROKERS_DOWN, KafkaError.UNKNOWN_TOPIC_OR_PART)  # noqa: SLF001

CONSUMER_SETTINGS: dict[str, str | int | bool] = {
    "enable.auto.commit": False,
    "enable.partition.eof": False,
    "auto.offset.reset": "error",
    "partition.assignment.strategy": "cooperative-sticky",
    # The least that brokers allow by default: a killed member's partitions move on after this long.
    "session.timeout.ms": 6_000,
    "heartbeat.interval.ms": 1_500,
    "max.poll.interval.ms": 300_000,
    # With the default of 1 s, a full local queue would stop fetching for as long.
    "fetch.queue.backoff.ms": 5,
    "queued.max.messages.kbytes": 32_768,
}


@dataclass(frozen=True)
class Batch:
    """Messages in the order of arrival, as columns of equal length, and the moves they make.

    `spans` has, for each partition, the offset that the batch begins at (where the one before
    ended) and the one it ends at (excluded).
    """

    values: list[bytes | None]
    keys: list[bytes | None]
    partitions: list[int]
    offsets: list[int]
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of messages."""
        return len(self.values)


class KafkaSource:
    """A member of a consumer group on one topic; gives batches of messages."""

    def __init__(self, servers: str, topic: str, group: str, positions: Positions) -> None:
        """Join the group.

        Args:
            positions: called with partitions that the group hands over; returns the offset
                to start at for each. What it raises comes out of `next_batch`, and it is
                asked again at the next call.
        """
        self._servers = servers
        self._topic = topic
        self._positions = positions
        self._at: dict[int, int] = {}
        self._waiting: set[int] = set()
        self._asleep = False
        self._has_share = False
        self._consumer = Consumer(
            CONSUMER_SETTINGS | {"bootstrap.servers": servers, "group.id": group, "error_cb": self._note},
            logger=logging.getLogger(group),
        )
        self._trouble: KafkaError | None = None
        self._consumer.subscribe(
            [topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
        )

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that this member reads now."""
        return frozenset(self._at)

    @property
    def is_joined(self) -> bool:
        """Whether the group has handed out its partitions, and reading has begun."""
        return self._has_share and not self._waiting

    def next_batch(self, most: int = 10_000, wait: float = 0.1) -> Batch:
        """Return up to `most` messages after at most `wait` seconds; it may be empty.

        Raises:
            KafkaUnreachableError: no broker answers; call again, it reconnects by itself.
            RecoverableError: what `positions` raised.
        """
        self._wake()
        self._start_waiting()
        self._raise_trouble()
        good = []
        for message in self._consumer.consume(most, wait):
            fault = message.error()
            if not fault and message.partition() in self._at:
                good.append(message)
            elif fault and message.partition() not in self._waiting:
                # Raised at the next call: the good ones beside it must not be lost. One that waits for
                # its position may stand before the oldest message, and is not read there.
                self._trouble = fault
        return self._batch(good)

    def hint(self, batch: Batch) -> None:
        """Tell the broker how far we are; lag tools read it, nothing else depends on it."""
        ends = [
            TopicPartition(self._topic, partition, end)
            for partition, (_, end) in batch.spans.items()
            if partition in self._at
        ]
        if ends:
            self._consumer.commit(offsets=ends, asynchronous=True)

    def keep_alive(self) -> None:
        """Stay in the group without reading: for a batch that waits for its database."""
        self._asleep = True
        self._consumer.pause(self._reading())
        # Paused partitions give nothing; the call serves the group, which may take some away.
        self._consumer.consume(1, 0)

    def rewind(self) -> None:
        """Ask `positions` again for every partition at the next call, and read from there."""
        self._waiting |= set(self._at)

    def lag(self) -> int:
        """Return how many messages the topic holds beyond our place, as last seen.

        Raises:
            KafkaUnreachableError: no broker answers within five seconds.
        """
        try:
            return sum(max(self._high(partition) - at, 0) for partition, at in self._at.items())
        except KafkaException as exc:
            raise self._unreachable(exc.args[0]) from exc

    def caught_up(self) -> frozenset[int]:
        """Return the partitions that had nothing left to read when the broker last answered."""
        return frozenset(
            partition for partition, at in self._at.items() if 0 <= self._seen_end(partition) <= at
        )

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _high(self, partition: int) -> int:
        _, high = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=5)
        return int(high)

    def _seen_end(self, partition: int) -> int:
        """Return the end that the last answer of the broker told, below zero before the first."""
        _, high = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), cached=True)
        return int(high)

    def _assigned(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        # Until the position is known, a plain number: to look up a named place such as the end takes a
        # round trip, and an answer that comes after the position was set would move the reader there.
        consumer.incremental_assign([TopicPartition(self._topic, each.partition, 0) for each in assigned])
        consumer.pause(assigned)
        self._waiting |= {each.partition for each in assigned}
        self._has_share = True

    def _revoked(self, consumer: Consumer, revoked: list[TopicPartition]) -> None:
        for each in revoked:
            self._at.pop(each.partition, None)
            self._waiting.discard(each.partition)
        consumer.incremental_unassign(revoked)

    def _wake(self) -> None:
        if self._asleep:
            self._consumer.resume(self._reading())
            self._asleep = False

    def _reading(self) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in self._at]

    def _start_waiting(self) -> None:
        """Start reading each partition that waits for its position."""
        if not self._waiting:
            return
        positions = self._positions(sorted(self._waiting))
        starts = [TopicPartition(self._topic, partition, at) for partition, at in sorted(positions.items())]
        self._consumer.incremental_unassign(starts)
        self._consumer.incremental_assign(starts)
        self._consumer.resume(starts)
        self._at |= positions
        self._waiting -= set(positions)

    def _batch(self, messages: list[Message]) -> Batch:
        partitions = [int(message.partition() or 0) for message in messages]
        offsets = [int(message.offset() or 0) for message in messages]
        spans = {partition: (self._at[partition], 0) for partition in set(partitions)}
        # The last offset of a partition wins: a partition's messages come in order.
        ends = dict(zip(partitions, offsets, strict=True))
        spans = {partition: (start, ends[partition] + 1) for partition, (start, _) in spans.items()}
        self._at |= {partition: end for partition, (_, end) in spans.items()}
        return Batch(
            [message.value() for message in messages],
            [message.key() for message in messages],
            partitions,
            offsets,
            spans,
        )

    def _note(self, error: KafkaError) -> None:
        self._trouble = error

    def _raise_trouble(self) -> None:
        trouble, self._trouble = self._trouble, None
        if trouble is None:
            return
        if trouble.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - the client's own name
            raise OffsetsGoneError(topic=self._topic, reason=trouble.str())
        if trouble.code() in OUTAGES:
            raise self._unreachable(trouble)

    def _unreachable(self, error: KafkaError) -> KafkaUnreachableError:
        return KafkaUnreachableError(servers=self._servers, reason=error.str())
