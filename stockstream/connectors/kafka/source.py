"""Kafka's door: the topic, a source that gives batches, and a sink that loses nothing.

The source never commits as it reads: where to read from is asked of `positions` when the group
hands over partitions, because the truth about progress stands in PostgreSQL. `commit_to_group` tells the
broker how far we are, for lag tools alone. Inside, Kafka counts offsets; whoever uses the source
sees places on the tape, which lie the base of the topic's incarnation above them.
"""

import logging
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from threading import Thread

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from stockstream.connectors.kafka.assignment import TIMEOUT, GroupOffsets, Partitions
from stockstream.connectors.kafka.batch import Batch, batch_of
from stockstream.connectors.kafka.client import Where, consumer
from stockstream.connectors.kafka.ends import ReachedEnds
from stockstream.connectors.kafka.errors import LOGIN_REFUSED, REMEDIES
from stockstream.connectors.kafka.events import fault_of, is_eof, sorted_events
from stockstream.connectors.kafka.incarnations import Incarnations, SoleIncarnation
from stockstream.connectors.metrics.reader import ReaderMetrics
from stockstream.errors import OffsetsGoneError, TopicMissingError

log = logging.getLogger("kafka")

Positions = Callable[[list[int]], dict[int, int]]

# What may be an outage, which the client mends by itself, but a person who waits should hear of.
DOUBTS = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, *LOGIN_REFUSED)  # noqa: SLF001
NO_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC)  # noqa: SLF001
# Seconds: a batch takes about as long to store, so less would cost more than it saves.
LINGER = 0.005
BACKLOG = 1_000
FETCH_WAIT = 50  # milliseconds

CONSUMER_SETTINGS: dict[str, str | int | bool] = {
    "enable.auto.commit": False,
    # Its events tell of offsets that hold no message, and that all is read. See `kafka_ends`.
    "enable.partition.eof": True,
    "auto.offset.reset": "error",
    "partition.assignment.strategy": "cooperative-sticky",
    # The least that brokers allow by default: a killed member's partitions move on after this long.
    "session.timeout.ms": 6_000,
    "heartbeat.interval.ms": 1_500,
    # A member whose connection broke while it joined counts as joining for so long, and all of its group wait
    # for it: after a broker was killed that has been five minutes. Nothing here works as long between polls.
    "max.poll.interval.ms": 45_000,
    # With the default of 1 s, a full local queue would stop fetching for as long.
    "fetch.queue.backoff.ms": 5,
    # A question about a partition's bounds waits behind the fetch that waits for messages, and a rebalance
    # asks two a partition: half a second each by default.
    "fetch.wait.max.ms": FETCH_WAIT,
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
        incarnations: Incarnations | None = None,
        *,
        ahead_kbytes: int = 8_192,
        least_bytes: int = 1,
        metrics: ReaderMetrics | None = None,
    ) -> None:
        """Join the group.

        Args:
            positions: called with partitions that the group hands over; returns the place
                to start at for each. What it raises comes out of `next_batch`, and it is
                asked again at the next call.
            incarnations: tells where the topic's offsets lie on the tape, or refuses to read them; it is
                asked before `positions`. By default places are offsets.
            ahead_kbytes: how much is fetched ahead; it takes three times as much memory.
            least_bytes: what the broker waits for, FETCH_WAIT at most: more of it is less work for both, and
                messages that come a little later.
            metrics: told what is left to read, and of partitions that come and go.
        """
        self._metrics = metrics or ReaderMetrics()
        self._topic = topic
        self._positions = positions
        self._incarnations = incarnations or SoleIncarnation()
        self._at: dict[int, int] = {}
        self._bases: dict[int, int] = {}
        self._ends = ReachedEnds()
        self._group_offsets = GroupOffsets()
        self._waiting: set[int] = set()
        self._fetched: frozenset[int] = frozenset()
        self._left_out: frozenset[int] = frozenset()
        self._is_in_doubt = False
        self._has_share = False
        self._consumer = consumer(
            servers,
            CONSUMER_SETTINGS
            | {"group.id": group, "error_cb": self._note}
            | {"queued.max.messages.kbytes": ahead_kbytes, "fetch.min.bytes": least_bytes},
            logger=_log_of(group),
        )
        self._partitions = Partitions(self._consumer, servers, topic)
        self._last_error: KafkaError | None = None
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

        It may also move partitions on without a message, past offsets that hold none.

        Raises:
            KafkaUnreachableError: no broker answers; call again, it reconnects by itself.
            RecoverableError: what `positions` or `incarnations` raised.
            StockstreamError: the place to read from is gone, and what to do.
        """
        self._commit_group_offsets()
        self._raise_trouble()
        if self._is_in_doubt and not self._is_still_member(wait):
            return Batch()
        self._start_waiting()
        self._fetch_only(self._at.keys() - self._waiting - self._left_out)
        events = sorted_events(self._fetch(most, wait), self._at.keys())
        # It is raised at the next call: the good messages beside it must not be lost.
        self._last_error = events.fault or self._last_error
        batch = batch_of(events.messages, self._at, self._bases, events.eofs)
        if batch and not self._is_same_topic():
            return Batch()
        self._at |= {partition: end for partition, (_, end) in batch.spans.items()}
        self._ends.reached(events.eofs)
        self._metrics.behind(self._seen_lags())
        return batch

    def _fetch(self, most: int, wait: float) -> list[Message]:
        """Wait for the first message, for what came with it, and, of a backlog, for a full batch.

        The EOF events before it are taken without waiting. One a call would starve the partitions behind them
        when the reading is interrupted more often than the events are taken.
        """
        events = self._consumer.consume(1, wait)
        while events and is_eof(events[-1]):
            more = self._consumer.consume(1, 0)
            if not more:
                return events
            events += more
        if events:
            events += self._consumer.consume(most - 1, LINGER)
        if BACKLOG < len(events) < most:
            events += self._consumer.consume(most - len(events), wait)
        return events

    def commit_to_group(self, batch: Batch) -> None:
        """Tell the broker how far we are, at the next call: lag tools read it, nothing else depends on it.

        Another thread than the one that reads may call it.
        """
        self._group_offsets.add({partition: end for partition, (_, end) in batch.spans.items()})

    def keep_alive(self) -> None:
        """Stay in the group without reading: for a batch that waits for its database."""
        self._commit_group_offsets()
        self._serve_group(0)

    def leave_out(self, partitions: frozenset[int]) -> None:
        """Read nothing of these partitions until the next call, and of all others again."""
        self._left_out = partitions

    def rewind(self) -> None:
        """Ask `positions` again for every partition, and read from there: we were refused.

        A member that was away too long finds its partitions with an heir, and must not take them back
        from it. So the group is asked first whether we still belong to it.
        """
        self._waiting |= set(self._at)
        self._is_in_doubt = True

    def lag(self) -> int:
        """Return how many offsets lie between our place and the end of what can be read now.

        Raises:
            KafkaUnreachableError: no broker answers within five seconds.
        """
        return sum(
            max(self._partitions.bounds(partition)[1] + self._bases[partition] - at, 0)
            for partition, at in self._at.items()
        )

    def _seen_lags(self) -> dict[int, int]:
        """Return how much each partition had left when the broker last answered; it asks nobody.

        Short of the end it is the distance to the high watermark, which counts open transactions.
        """
        at_end = self.caught_up()
        ends = {partition: self._partitions.seen_high_watermark(partition) for partition in self._at}
        return {
            partition: 0
            if partition in at_end
            else max(end + self._bases[partition] - self._at[partition], 0)
            for partition, end in ends.items()
            if end >= 0
        }

    def caught_up(self) -> frozenset[int]:
        """Return the partitions that had nothing left to read when the broker last answered.

        A transaction that is open holds none of them back: what it has written cannot be read yet.
        """
        return frozenset(
            partition
            for partition, at in self._at.items()
            if self._ends.is_at(partition, at - self._bases[partition])
        )

    def close(self) -> None:
        """Leave the group; where no broker hears it, it finds out by itself."""
        self._commit_group_offsets()
        # The client waits without end for an answer to what it has asked: the process need not.
        leaving = Thread(target=self._consumer.close, name="leaving", daemon=True)
        leaving.start()
        leaving.join(TIMEOUT)

    def _commit_group_offsets(self) -> None:
        offsets = self._group_offsets.take(self._topic, self._bases, self._at)
        if offsets:
            self._consumer.commit(offsets=offsets, asynchronous=True)

    def _is_still_member(self, wait: float) -> bool:
        """Serve the group and ask it whether we belong to it; if not, it takes our partitions away."""
        self._serve_group(wait)
        self._is_in_doubt = not self._partitions.are_ours(self._at)
        return not self._is_in_doubt

    def _serve_group(self, wait: float) -> None:
        """Let the group hand out and take away partitions, and read none."""
        self._fetch_only(frozenset())
        self._last_error = fault_of(self._consumer.consume(1, wait)) or self._last_error

    def _fetch_only(self, wanted: AbstractSet[int]) -> None:
        """Have the client fetch these partitions from our places, and no others.

        They are taken and given back, never paused: the client drops a resume that meets the start of the
        same partition in its own thread, and the partition would be silent for good.
        """
        given_back, taken = self._fetched - wanted, sorted(wanted - self._fetched)
        self._ends.forget(given_back)
        if given_back:
            self._consumer.incremental_unassign(self._partitions.named(given_back))
        if taken:
            self._consumer.incremental_assign([self._place(partition) for partition in taken])
        self._fetched = frozenset(wanted)

    def _place(self, partition: int) -> TopicPartition:
        return TopicPartition(self._topic, partition, self._at[partition] - self._bases[partition])

    def _is_same_topic(self) -> bool:
        """Tell whether a batch is of the topic that was entered, and not of one made in its place.

        It was fetched before this is asked, and no two topics share an id.
        """
        is_same = False
        try:
            is_same = self._incarnations.is_current()
        except TopicMissingError:
            # Nothing has been made in its place yet.
            is_same = True
        finally:
            if not is_same:
                self._waiting |= set(self._at)
        return is_same

    def _assigned(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        # None is fetched before its position is known; the client would do so by itself if nothing were said.
        consumer.incremental_assign([])
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
        gone = {each.partition for each in revoked}
        for partition in gone:
            self._at.pop(partition, None)
        self._ends.forget(gone)
        self._waiting -= gone
        consumer.incremental_unassign(self._partitions.named(self._fetched & gone))
        self._fetched -= gone

    def _start_waiting(self) -> None:
        """Find the position of each partition that waits for it."""
        if not self._waiting:
            return
        self._fetch_only(self._fetched - self._waiting)
        waiting = sorted(self._waiting)
        self._bases |= self._incarnations.enter(lambda: self._partitions.extents(waiting))
        positions = self._positions(waiting)
        starts = {partition: self._start(partition, at) for partition, at in sorted(positions.items())}
        self._at |= {partition: start + self._bases[partition] for partition, start in starts.items()}
        self._waiting -= set(positions)

    def _start(self, partition: int, at: int) -> int:
        """Return the offset to read a partition from: the place's, or the oldest message's after it."""
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
        return max(offset, begin)

    def _note(self, error: KafkaError) -> None:
        # That no broker is left follows a refused login, and tells less.
        if self._last_error is None or self._last_error.code() not in LOGIN_REFUSED:
            self._last_error = error

    def _raise_trouble(self) -> None:
        """Raise what keeps us from reading, or find out by reading on from the place again."""
        error, self._last_error = self._last_error, None
        if error is None:
            return
        if error.code() in NO_TOPIC:
            self._last_error = error
            # It raises as long as there is no such topic.
            self._incarnations.is_current()
            self._last_error = None
        if error.code() in REMEDIES:
            raise self._partitions.own_error(error)
        if error.code() in NO_TOPIC or error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
            self._waiting |= set(self._at)
        if error.code() in DOUBTS:
            # The client tells of each connection that it loses, and of none that it has again.
            self._last_error = error
            self._partitions.require_answer(error)
            self._last_error = None


def _log_of(group: str) -> logging.Logger:
    """Return the client's own log, without what `error_cb` is told too: a line for each try to connect."""
    own = logging.getLogger(group)
    own.addFilter(_is_news)
    return own


def _is_news(line: logging.LogRecord) -> bool:
    return not line.getMessage().startswith(("FAIL ", "ERROR "))
