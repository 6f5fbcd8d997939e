"""A Kafka source that returns batches of messages.

The source never commits as it reads: when the group assigns partitions, it calls `positions` for the offsets
to start from, because the committed offsets are in PostgreSQL. `commit_to_group` reports progress to the
broker for lag tools only. Internally the source uses Kafka offsets; its callers see record positions, which
are the offsets plus the base of the topic's incarnation.
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

# Possible outages, which the client recovers from by itself, but of which a waiting person should know.
DOUBTS = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, *LOGIN_REFUSED)  # noqa: SLF001
NO_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC)  # noqa: SLF001
# Seconds: storing a batch takes about as long, so a shorter time would cost more than it saves.
LINGER = 0.005
BACKLOG = 1_000
FETCH_WAIT = 50  # milliseconds

CONSUMER_SETTINGS: dict[str, str | int | bool] = {
    "enable.auto.commit": False,
    # Reveals offsets that hold no message, and that everything has been read. See `ends`.
    "enable.partition.eof": True,
    "auto.offset.reset": "error",
    "partition.assignment.strategy": "cooperative-sticky",
    # The lowest that brokers allow by default: a killed member's partitions move on after this time.
    "session.timeout.ms": 6_000,
    "heartbeat.interval.ms": 1_500,
    # A member whose connection broke while it joined counts as joining for this long, and the whole group
    # waits for it: five minutes by default, as seen after a broker was killed. No job here works that long
    # between polls.
    "max.poll.interval.ms": 45_000,
    # With the default of 1 s, a full local queue would stop fetching for that long.
    "fetch.queue.backoff.ms": 5,
    # A query for a partition's bounds waits behind the fetch that waits for messages (half a second by
    # default), and a rebalance makes two queries per partition.
    "fetch.wait.max.ms": FETCH_WAIT,
    # Added partitions, and a topic that reappears, are noticed after this time.
    "topic.metadata.refresh.interval.ms": 10_000,
    "queued.max.messages.kbytes": 4_096,
    # Small fetches from each partition in turn, so that a batch covers several, which two connections can
    # share.
    "max.partition.fetch.bytes": 131_072,
}


class KafkaSource:
    """A member of a consumer group on one topic that returns batches of messages."""

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
            servers: the Kafka brokers.
            topic: the topic to read.
            group: the consumer group to join.
            positions: called with partitions that the group assigns; returns the record position at which to
                start for each. `next_batch` raises its errors, and it is called again at the next call.
            incarnations: returns the bases of the topic's partitions, or refuses to read them; it is called
                before `positions`. By default record positions are offsets.
            ahead_kbytes: how much is fetched ahead; it takes three times as much memory.
            least_bytes: what the broker waits for, at most FETCH_WAIT: a higher value means less work for
                both sides and messages that arrive a little later.
            metrics: updated with the lag, and with partitions that are assigned and revoked.
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
        """Whether the group has assigned its partitions and reading has begun."""
        return self._has_share and not self._waiting

    def next_batch(self, most: int = 16_000, wait: float = 0.05) -> Batch:
        """Return up to `most` messages, waiting at most `wait` seconds for the first; it may be empty.

        It may also advance partitions without a message, past offsets that hold none.

        Raises:
            KafkaUnreachableError: no broker answers; call again, the client reconnects by itself.
            RecoverableError: what `positions` or `incarnations` raised.
            StockstreamError: the offset to read from is gone; it says what to do.
        """
        self._commit_group_offsets()
        self._raise_trouble()
        if self._is_in_doubt and not self._is_still_member(wait):
            return Batch()
        self._start_waiting()
        self._fetch_only(self._at.keys() - self._waiting - self._left_out)
        events = sorted_events(self._fetch(most, wait), self._at.keys())
        # Raised at the next call, so that the good messages that came with it are not lost.
        self._last_error = events.fault or self._last_error
        batch = batch_of(events.messages, self._at, self._bases, events.eofs)
        if batch and not self._is_same_topic():
            return Batch()
        self._at |= {partition: end for partition, (_, end) in batch.spans.items()}
        self._ends.reached(events.eofs)
        self._metrics.behind(self._seen_lags())
        return batch

    def _fetch(self, most: int, wait: float) -> list[Message]:
        """Wait for the first message, for what came with it, and for a full batch if there is a backlog.

        EOF events before the first message are taken without waiting. Taking one per call would starve the
        partitions behind them if reading is interrupted more often than events are taken.
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
        """Commit to the group at the next call; lag tools read it, and nothing else depends on it.

        It may be called from another thread than the one that reads.
        """
        self._group_offsets.add({partition: end for partition, (_, end) in batch.spans.items()})

    def keep_alive(self) -> None:
        """Stay in the group without reading, for a batch that waits for its database."""
        self._commit_group_offsets()
        self._serve_group(0)

    def leave_out(self, partitions: frozenset[int]) -> None:
        """Read nothing from these partitions until the next call, and from all others again."""
        self._left_out = partitions

    def rewind(self) -> None:
        """Call `positions` again for every partition and read from there, after a refusal.

        The partitions of a member that was away too long have another owner, from which it must not take them
        back. So the group is first asked whether this consumer is still a member.
        """
        self._waiting |= set(self._at)
        self._is_in_doubt = True

    def lag(self) -> int:
        """Return how many offsets lie between the current positions and the end of what can be read now.

        Raises:
            KafkaUnreachableError: no broker answers within five seconds.
        """
        return sum(
            max(self._partitions.bounds(partition)[1] + self._bases[partition] - at, 0)
            for partition, at in self._at.items()
        )

    def _seen_lags(self) -> dict[int, int]:
        """Return each partition's lag at the broker's last answer, without a request.

        Before the end, it is the distance to the high watermark, which counts open transactions.
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
        """Return the partitions that had nothing left to read at the broker's last answer.

        An open transaction does not hold them back: what it has written cannot be read yet.
        """
        return frozenset(
            partition
            for partition, at in self._at.items()
            if self._ends.is_at(partition, at - self._bases[partition])
        )

    def close(self) -> None:
        """Leave the group; if no broker answers, the group finds out by itself."""
        self._commit_group_offsets()
        # The client waits forever for answers to its requests, but the process need not.
        leaving = Thread(target=self._consumer.close, name="leaving", daemon=True)
        leaving.start()
        leaving.join(TIMEOUT)

    def _commit_group_offsets(self) -> None:
        offsets = self._group_offsets.take(self._topic, self._bases, self._at)
        if offsets:
            self._consumer.commit(offsets=offsets, asynchronous=True)

    def _is_still_member(self, wait: float) -> bool:
        """Serve the group and ask whether this consumer is a member; if not, its partitions are revoked."""
        self._serve_group(wait)
        self._is_in_doubt = not self._partitions.are_ours(self._at)
        return not self._is_in_doubt

    def _serve_group(self, wait: float) -> None:
        """Let the group assign and revoke partitions, without reading any."""
        self._fetch_only(frozenset())
        self._last_error = fault_of(self._consumer.consume(1, wait)) or self._last_error

    def _fetch_only(self, wanted: AbstractSet[int]) -> None:
        """Let the client fetch these partitions from the current positions, and no others.

        They are assigned and unassigned, never paused: the client drops a resume that coincides with the
        start of the same partition in its own thread, and the partition would then stay silent.
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
        """Return whether a batch is from the topic that was entered, not from one that has replaced it.

        The batch was fetched before this check, and no two topics share an id.
        """
        is_same = False
        try:
            is_same = self._incarnations.is_current()
        except TopicMissingError:
            # Nothing has replaced it yet.
            is_same = True
        finally:
            if not is_same:
                self._waiting |= set(self._at)
        return is_same

    def _assigned(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        # Fetch none before its position is known; without this call the client would start by itself.
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
        """Return the offset to read a partition from: that of `at`, or of the oldest message after it."""
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
        # A report that no broker is left follows a refused login, and says less.
        if self._last_error is None or self._last_error.code() not in LOGIN_REFUSED:
            self._last_error = error

    def _raise_trouble(self) -> None:
        """Raise the error that prevents reading, or find it by reading again from the current positions."""
        error, self._last_error = self._last_error, None
        if error is None:
            return
        if error.code() in NO_TOPIC:
            self._last_error = error
            # Raises as long as there is no such topic.
            self._incarnations.is_current()
            self._last_error = None
        if error.code() in REMEDIES:
            raise self._partitions.own_error(error)
        if error.code() in NO_TOPIC or error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
            self._waiting |= set(self._at)
        if error.code() in DOUBTS:
            # The client reports each connection it loses, but not those it restores.
            self._last_error = error
            self._partitions.require_answer(error)
            self._last_error = None


def _log_of(group: str) -> logging.Logger:
    """Return the client's log without a line for each connection attempt, which `error_cb` receives too."""
    own = logging.getLogger(group)
    own.addFilter(_is_news)
    return own


def _is_news(line: logging.LogRecord) -> bool:
    return not line.getMessage().startswith(("FAIL ", "ERROR "))
