"""The aggregator's loop: from the topic to candles that form."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Protocol

from stockstream.connectors.kafka.batch import Batch
from stockstream.connectors.metrics.aggregator import AggregatorMetrics
from stockstream.connectors.postgres.store.candles import RestorePoint
from stockstream.errors import FencedError, RecoverableError
from stockstream.jobs.decoded_batch import decode_batch
from stockstream.jobs.idle import Idle
from stockstream.jobs.progress_log import Progress
from stockstream.jobs.retry import Retry
from stockstream.market.candles.columns import FIELDS, columns
from stockstream.market.candles.frame import SECOND
from stockstream.market.candles.tumbling import Changes, Tumbling
from stockstream.market.trade.spans import count_absent

# A candle that forms is seen at once; while there is much to read, or to write, a checkpoint is dear.
CAUGHT_UP_EVERY = SECOND // 10
BEHIND_EVERY = SECOND
# Checkpoints take at most one part in so many of the time, which is mostly spent waiting for the disk.
CAUGHT_UP_SHARE, BEHIND_SHARE = 2, 4
# A message on its way takes kilobytes, and larger batches are no quicker.
BATCH = 5_000

log = logging.getLogger("aggregator")


class TradeSource(Protocol):
    """What gives batches of messages."""

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that are read."""

    @property
    def is_joined(self) -> bool:
        """Whether it knows what to read."""

    def lag(self) -> int:
        """Return how many messages are still to be read."""

    def caught_up(self) -> frozenset[int]:
        """Return the partitions that have nothing left to read."""

    def next_batch(self, most: int) -> Batch:
        """Return up to so many messages of those at hand; none is a fine answer."""

    def keep_alive(self) -> None:
        """Stay a member without reading."""

    def rewind(self) -> None:
        """Ask again where to read from."""

    def commit_to_group(self, batch: Batch) -> None:
        """Tell the broker how far we are."""


class CandleStore(Protocol):
    """Where candles are written."""

    def acquire(self, partitions: Sequence[int]) -> dict[int, RestorePoint]:
        """Take partitions over and return where to go on."""

    def write(self, changes: Changes) -> None:
        """Store changes and the place they were made at, or nothing."""


@dataclass
class Aggregated:
    """What went by since the start."""

    trades: int = 0
    candles: int = 0
    late: int = 0
    bad: int = 0

    def __str__(self) -> str:
        return (
            f"{self.trades:,} trades read, {self.candles:,} candles written, {self.late:,} late trades "
            f"left to the tape, {self.bad:,} messages skipped"
        )


class Aggregator:
    """Reads trades, keeps windows, and stores what changed a few times a second."""

    def __init__(
        self,
        candles: Tumbling,
        store: CandleStore,
        clock: Callable[[], int],
        metrics: AggregatorMetrics | None = None,
    ) -> None:
        """Prepare.

        Args:
            candles: without partitions yet.
            store: where candles go.
            clock: the time in microseconds since 1970.
            metrics: told of what is read, and of changes once they are committed.
        """
        self.total = Aggregated()
        self._metrics = metrics or AggregatorMetrics()
        self._candles = candles
        self._store = store
        self._write = self._metrics.timed(store.write)
        self._clock = clock
        self._stored_at = clock()
        self._storing_took = 0
        self._next_offsets: Mapping[int, int] = {}
        self._spans: dict[int, tuple[int, int]] = {}

    def acquire(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over; returns the offset to read on from, for each."""
        begun = self._store.acquire(partitions)
        for partition, each in begun.items():
            self._candles.hold(partition, each.next_offset, each.candles, self._clock())
        return {partition: each.next_offset for partition, each in begun.items()}

    def run(self, source: TradeSource, stop: Event, idle_limit: float | None = None) -> None:
        """Turn trades into candles until `stop` is set.

        Order of effects: the place in each partition and the candles, in one transaction; then the offset as
        a hint to the broker. While the database is away nothing is read and the member stays in its group.

        Args:
            source: where messages come from.
            stop: ends the loop after the batch at hand.
            idle_limit: also end when all is read and so many seconds brought nothing new; the candles
                of minutes that are over are then closed.
        """
        retry = Retry(stop, log, on_wait=source.keep_alive, metrics=self._metrics)
        progress, idle = Progress(log, self._seconds), Idle(source, self._seconds, idle_limit)
        ended = False
        while not (ended or stop.is_set()):
            self._metrics.turned()
            try:
                batch = retry(partial(source.next_batch, BATCH))
                self._read(batch, source.partitions)
                if len(batch):
                    idle.begin()
                progress.update(len(batch), str(self.total))
                ended = retry(idle.is_over)
                caught_up = self._candles.partitions if ended else source.caught_up()
                if ended or self._is_due(is_behind=len(batch) == BATCH):
                    self._store_changes(retry, caught_up, ended=ended)
                    source.commit_to_group(self._stored_batch())
            except FencedError as exc:
                log.warning("%s", exc)
                self._metrics.refused()
                self._let_go()
                source.rewind()
            except RecoverableError:
                # Patience gives up only when asked to stop; what is not stored is read again next time.
                return
        if not ended:
            self._store_last(source.caught_up())

    def _seconds(self) -> float:
        return self._clock() / SECOND

    def _read(self, batch: Batch, partitions: frozenset[int]) -> None:
        for gone in self._candles.partitions - partitions:
            self._candles.release(gone)
        if batch:
            trades = columns(decode_batch(batch, FIELDS))
            self._candles.add(trades, batch.spans, self._clock(), _without_message(batch))
            self._spans |= batch.spans
            self.total.trades += len(trades)
            self.total.bad += trades.bad
            self._metrics.read(len(trades), trades.bad)

    def _is_due(self, *, is_behind: bool) -> bool:
        """Whether it is time to store; who gets full batches has more to read at hand."""
        every, share = (BEHIND_EVERY, BEHIND_SHARE) if is_behind else (CAUGHT_UP_EVERY, CAUGHT_UP_SHARE)
        return self._clock() - self._stored_at >= max(every, share * self._storing_took)

    def _store_changes(self, retry: Retry, caught_up: Collection[int], *, ended: bool) -> None:
        self._stored_at = self._clock()
        changes = self._candles.changes(self._stored_at, caught_up, ended=ended)
        if changes.candles or changes.next_offsets != self._next_offsets:
            retry(partial(self._write, changes))
            self._storing_took = min(self._clock() - self._stored_at, SECOND)
            self._next_offsets = changes.next_offsets
            self._count(changes)

    def _count(self, changes: Changes) -> None:
        self._metrics.stored(changes, len(self._candles))
        self.total.candles += len(changes.candles)
        self.total.late += changes.late

    def _stored_batch(self) -> Batch:
        spans, self._spans = self._spans, {}
        return Batch(spans=spans)

    def _store_last(self, caught_up: Collection[int]) -> None:
        """Store what was read before the end, if it can be stored at once."""
        changes = self._candles.changes(self._clock(), caught_up)
        try:
            self._write(changes)
        except (FencedError, RecoverableError) as exc:
            log.warning("%s", exc)
        else:
            self._count(changes)

    def _let_go(self) -> None:
        for partition in self._candles.partitions:
            self._candles.release(partition)


def _without_message(batch: Batch) -> frozenset[int]:
    """Return the partitions that the batch moves on past offsets that hold no message, and nothing else."""
    holes = count_absent(batch.spans, batch.partitions)
    return frozenset(
        partition
        for partition, count in holes.items()
        if batch.spans[partition][0] + count == batch.spans[partition][1]
    )
