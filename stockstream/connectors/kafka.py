"""Kafka's door: the topic, a source that gives batches, and a sink that loses nothing.

The source never commits as it reads: where to read from is asked of `positions` when the group
hands over partitions, because the truth about progress stands in PostgreSQL. `hint` tells the
broker how far we are, for lag tools alone. Inside, Kafka counts offsets; whoever uses the source
sees places on the tape, which lie the base of the topic's life above them.
"""

import logging
from collections.abc import Callable

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from stockstream.connectors.batch import Batch, batch_of
from stockstream.connectors.kafka_cluster import REFUSED, Where, consumer
from stockstream.connectors.kafka_partitions import Hints, Partitions
from stockstream.connectors.metrics import ReaderMetrics
from stockstream.connectors.topic_lives import Lives, OneLife
from stockstream.errors import OffsetsGoneError, TopicMissingError

log = logging.getLogger("kafka")

Positions = Callable[[list[int]], dict[int, int]]

# What the client reports and mends by itself, but a person who waits should hear of.
OUTAGES = (KafkaError._ALL_BROKERS_DOWN, *REFUSED)  # noqa: SLF001
NO_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC)  # noqa: SLF001
# Seconds: a batch takes about as long to store, so less would cost more than it saves.
LINGER = 0.005
BACKLOG = 1_000

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
    # Partitions that are added, and a topic that comes back, are noticed after this long.
    "topic.metadata.refresh.interval.ms": 10_000,
    "queued.max.messages.kbytes": 4_096,
    # Small bites of each partition in turns: a batch then is of several, which two connections can share.
    "max.partition.fetch.bytes": 131_072,
}


class KafkaSource:
    """A member of a consumer group on one topic; gives batches of messages."""

    def __init__(  # noqa: PLR0913 - where from, as whom, and how much ahead
        self,
        servers: Where,
        topic: str,
        group: str,
        positions: Positions,
        lives: Lives | None = None,
        *,
        ahead_kbytes: int = 8_192,
        metrics: ReaderMetrics | None = None,
    ) -> None:
        """Join the group.

        Args:
            positions: called with partitions that the group hands over; returns the place
                to start at for each. What it raises comes out of `next_batch`, and it is
                asked again at the next call.
            lives: tells where the topic's offsets lie on the tape, or refuses to read them; it is
                asked before `positions`. By default places are offsets.
            ahead_kbytes: how much is fetched ahead; it takes three times as much memory.
            metrics: told what is left to read, and of partitions that come and go.
        """
        self._metrics = metrics or ReaderMetrics()
        self._topic = topic
        self._positions = positions
        self._lives = lives or OneLife()
        self._at: dict[int, int] = {}
        self._bases: dict[int, int] = {}
        self._hints = Hints()
        self._waiting: set[int] = set()
        self._asleep = False
        self._left_out: frozenset[int] = frozenset()
        self._is_in_doubt = False
        self._has_share = False
        self._consumer = consumer(
            servers,
            CONSUMER_SETTINGS
            | {"group.id": group, "error_cb": self._note}
            | {"queued.max.messages.kbytes": ahead_kbytes},
            logger=logging.getLogger(group),
        )
        self._partitions = Partitions(self._consumer, servers, topic)
        self._trouble: KafkaError | None = None
        self._consumer.subscribe(
            [topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that this member reads now."""
        return frozenset(self._at)

    @property
    def is_joined(self) -> bool:
        """Whether the group has handed out its partitions, and reading has begun."""
        return self._has_share and not self._waiting

    def next_batch(self, most: int = 16_000, wait: float = 0.05) -> Batch:
        """Return up to `most` messages, the first after at most `wait` seconds; it may be empty.

        Raises:
            KafkaUnreachableError: no broker answers; call again, it reconnects by itself.
            RecoverableError: what `positions` or `lives` raised.
            StockstreamError: the place to read from is gone, and what to do.
        """
        self._wake()
        self._commit_hints()
        self._raise_trouble()
        if self._is_in_doubt and not self._is_still_member(wait):
            return Batch()
        self._start_waiting()
        messages = self._fetch(most, wait)
        if any(map(Message.error, messages)) or not self._at.keys() >= set(map(Message.partition, messages)):
            self._note_faults(messages)
            messages = [each for each in messages if not each.error() and each.partition() in self._at]
        if not self._is_same_topic(messages):
            return Batch()
        batch = batch_of(messages, self._at, self._bases)
        self._at |= {partition: end for partition, (_, end) in batch.spans.items()}
        self._metrics.behind(self._seen_lags())
        return batch

    def _fetch(self, most: int, wait: float) -> list[Message]:
        """Wait for the first message, for what came with it, and, of a backlog, for a full batch."""
        messages = self._consumer.consume(1, wait)
        if messages:
            messages += self._consumer.consume(most - 1, LINGER)
        if BACKLOG < len(messages) < most:
            messages += self._consumer.consume(most - len(messages), wait)
        return messages

    def _note_faults(self, messages: list[Message]) -> None:
        """Keep a fault to be raised at the next call: the good messages beside it must not be lost.

        A partition that waits for its position may stand before its oldest message, and is not read there.
        """
        for message in messages:
            if message.error() and message.partition() not in self._waiting:
                self._trouble = message.error()

    def hint(self, batch: Batch) -> None:
        """Tell the broker how far we are, at the next call: lag tools read it, nothing else depends on it.

        Another thread than the one that reads may call it.
        """
        self._hints.add({partition: end for partition, (_, end) in batch.spans.items()})

    def keep_alive(self) -> None:
        """Stay in the group without reading: for a batch that waits for its database."""
        self._asleep = True
        self._consumer.pause(self._reading())
        self._commit_hints()
        self._serve_group(0)

    def leave_out(self, partitions: frozenset[int]) -> None:
        """Read nothing of these partitions until the next call, and of all others again."""
        if partitions != self._left_out:
            self._consumer.resume(self._partitions.named(self._left_out & self._at.keys()))
            self._consumer.pause(self._partitions.named(partitions & self._at.keys()))
            self._left_out = partitions

    def rewind(self) -> None:
        """Ask `positions` again for every partition, and read from there: we were refused.

        A member that was away too long finds its partitions with an heir, and must not take them back
        from it. So the group is asked first whether we still belong to it.
        """
        self._waiting |= set(self._at)
        self._is_in_doubt = True

    def lag(self) -> int:
        """Return how many messages the topic holds beyond our place, as last seen.

        Raises:
            KafkaUnreachableError: no broker answers within five seconds.
        """
        return sum(
            max(self._partitions.bounds(partition)[1] + self._bases[partition] - at, 0)
            for partition, at in self._at.items()
        )

    def _seen_lags(self) -> dict[int, int]:
        """Return how much each partition had left when the broker last answered; it asks nobody."""
        ends = {partition: self._partitions.seen_end(partition) for partition in self._at}
        return {
            partition: max(end + self._bases[partition] - self._at[partition], 0)
            for partition, end in ends.items()
            if end >= 0
        }

    def caught_up(self) -> frozenset[int]:
        """Return the partitions that had nothing left to read when the broker last answered."""
        return frozenset(
            partition
            for partition, at in self._at.items()
            if 0 <= self._partitions.seen_end(partition) <= at - self._bases[partition]
        )

    def close(self) -> None:
        """Leave the group."""
        self._commit_hints()
        self._consumer.close()

    def _commit_hints(self) -> None:
        offsets = self._hints.take(self._topic, self._bases, self._at)
        if offsets:
            self._consumer.commit(offsets=offsets, asynchronous=True)

    def _is_still_member(self, wait: float) -> bool:
        """Serve the group and ask it whether we belong to it; if not, it takes our partitions away."""
        self._consumer.pause(self._reading())
        self._serve_group(wait)
        self._is_in_doubt = not self._partitions.are_ours(self._at)
        return not self._is_in_doubt

    def _serve_group(self, wait: float) -> None:
        """Let the group hand out and take away partitions; paused ones give nothing."""
        for message in self._consumer.consume(1, wait):
            fault = message.error()
            if fault:
                self._trouble = fault
            else:
                # It was on its way before the pause: it is to be read again.
                self._waiting |= {int(message.partition() or 0)} & set(self._at)

    def _is_same_topic(self, messages: list[Message]) -> bool:
        """Tell whether messages are of the topic that was entered, and not of one made in its place.

        They were fetched before this is asked, and no two topics share an id.
        """
        if not messages:
            return True
        is_same = False
        try:
            is_same = self._lives.is_current()
        except TopicMissingError:
            # Nothing has been made in its place yet.
            is_same = True
        finally:
            if not is_same:
                self._waiting |= set(self._at)
        return is_same

    def _assigned(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        # Until the position is known, a plain number: to look up a named place such as the end takes a
        # round trip, and an answer that comes after the position was set would move the reader there.
        consumer.incremental_assign([TopicPartition(self._topic, each.partition, 0) for each in assigned])
        consumer.pause(assigned)
        self._waiting |= {each.partition for each in assigned}
        self._has_share = True
        self._metrics.rebalanced("assigned")

    def _revoked(self, consumer: Consumer, revoked: list[TopicPartition]) -> None:
        self._metrics.rebalanced("revoked")
        self._let_go(consumer, revoked)

    def _lost(self, consumer: Consumer, lost: list[TopicPartition]) -> None:
        self._metrics.rebalanced("lost")
        self._let_go(consumer, lost)

    def _let_go(self, consumer: Consumer, revoked: list[TopicPartition]) -> None:
        for each in revoked:
            self._at.pop(each.partition, None)
            self._waiting.discard(each.partition)
        consumer.incremental_unassign(revoked)

    def _wake(self) -> None:
        if self._asleep:
            self._consumer.resume(self._reading())
            self._asleep, self._left_out = False, frozenset()

    def _reading(self) -> list[TopicPartition]:
        return self._partitions.named(self._at)

    def _start_waiting(self) -> None:
        """Start reading each partition that waits for its position."""
        if not self._waiting:
            return
        waiting = sorted(self._waiting)
        self._bases |= self._lives.enter(lambda: self._partitions.extents(waiting))
        positions = self._positions(waiting)
        starts = [self._start(partition, at) for partition, at in sorted(positions.items())]
        self._consumer.incremental_unassign(starts)
        self._consumer.incremental_assign(starts)
        self._consumer.resume(starts)
        self._at |= {start.partition: start.offset + self._bases[start.partition] for start in starts}
        self._waiting -= set(positions)

    def _start(self, partition: int, at: int) -> TopicPartition:
        """Return where to read a partition from: the place, or the oldest message after it."""
        begin, end = self._partitions.bounds(partition)
        offset = at - self._bases[partition]
        if offset > end:
            reason = f"partition {partition} ends at {end:,}, the place is {offset:,}"
            raise OffsetsGoneError(topic=self._topic, reason=reason)
        if offset < begin:
            log.info(
                "partition %s of %s: read from offset %s, its oldest message; what lay before cannot be "
                "looked at again",
                *(partition, self._topic, f"{begin:,}"),
            )
        return TopicPartition(self._topic, partition, max(offset, begin))

    def _note(self, error: KafkaError) -> None:
        # That no broker is left follows a refused login, and tells less.
        if self._trouble is None or self._trouble.code() not in REFUSED:
            self._trouble = error

    def _raise_trouble(self) -> None:
        """Raise what keeps us from reading, or find out by reading on from the place again."""
        trouble, self._trouble = self._trouble, None
        if trouble is None:
            return
        if trouble.code() in NO_TOPIC:
            self._trouble = trouble
            # It raises as long as there is no such topic.
            self._lives.is_current()
            self._trouble = None
        if trouble.code() in NO_TOPIC or trouble.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
            self._waiting |= set(self._at)
        if trouble.code() in OUTAGES:
            raise self._partitions.unreachable(trouble)
