"""The aggregator's step: read trades from the topic and form candles."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stockstream.connectors.kafka.batch import Batch
from stockstream.connectors.metrics.aggregator import AggregatorMetrics
from stockstream.connectors.postgres.store.candles import RestorePoint
from stockstream.jobs.decoded_batch import decode_batch
from stockstream.jobs.source import TradeSource
from stockstream.market.candles.columns import FIELDS, columns
from stockstream.market.candles.frame import SECOND
from stockstream.market.candles.tumbling import Changes, Tumbling
from stockstream.market.trade.spans import count_absent

# When caught up, new candles become visible at once; with a backlog to read or write, a checkpoint is costly.
CAUGHT_UP_EVERY = SECOND // 10
BEHIND_EVERY = SECOND
# Checkpoints take at most 1/N of the time; most of that is spent waiting for the disk.
CAUGHT_UP_SHARE, BEHIND_SHARE = 2, 4
# A message in flight takes kilobytes, and larger batches are no faster.
BATCH = 5_000


class CandleStore(Protocol):
    """Storage for candles."""

    def acquire(self, partitions: Sequence[int]) -> dict[int, RestorePoint]:
        """Take partitions over and return their restore points."""

    def write(self, changes: Changes) -> None:
        """Store changes and their committed offsets, or nothing."""


@dataclass
class Aggregated:
    """Counts since the start."""

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
    """Reads trades, forms candles and stores the changed ones a few times a second."""

    # Everything that was read is in the candles, and the last commit stores them.
    is_busy = False

    def __init__(
        self,
        candles: Tumbling,
        store: CandleStore,
        clock: Callable[[], int],
        metrics: AggregatorMetrics | None = None,
    ) -> None:
        """Create an aggregator without partitions.

        Args:
            candles: the open candles, without partitions yet.
            store: where candles are stored.
            clock: returns the time in microseconds since 1970.
            metrics: updated with what was read, and with changes once they are committed.
        """
        self.total = Aggregated()
        self._metrics = metrics or AggregatorMetrics()
        self._candles = candles
        self._store = store
        self._write = self._metrics.timed(store.write)
        self._clock = clock
        self._stored_at = clock()
        self._storing_took = 0
        self._is_behind = False
        self._changes: Changes | None = None
        self._next_offsets: Mapping[int, int] = {}
        self._spans: dict[int, tuple[int, int]] = {}

    def __str__(self) -> str:
        return str(self.total)

    def acquire(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over and return the offset to continue from for each."""
        begun = self._store.acquire(partitions)
        for partition, each in begun.items():
            self._candles.hold(partition, each.next_offset, each.candles, self._clock())
        return {partition: each.next_offset for partition, each in begun.items()}

    def read(self, source: TradeSource) -> int:
        """Add the available messages to the candles; a full batch means that there is more to read."""
        batch = source.next_batch(BATCH)
        for gone in self._candles.partitions - source.partitions:
            self._candles.release(gone)
        if batch:
            trades = columns(decode_batch(batch, FIELDS))
            self._candles.add(trades, batch.spans, self._clock(), _without_message(batch))
            self._spans |= batch.spans
            self.total.trades += len(trades)
            self.total.bad += trades.bad
            self._metrics.read(len(trades), trades.bad)
        self._is_behind = len(batch) == BATCH
        return len(batch)

    def is_due(self, *, ended: bool) -> bool:
        """Return whether it is time to store."""
        every, share = (BEHIND_EVERY, BEHIND_SHARE) if self._is_behind else (CAUGHT_UP_EVERY, CAUGHT_UP_SHARE)
        return ended or self._clock() - self._stored_at >= max(every, share * self._storing_took)

    def commit(self, source: TradeSource, *, ended: bool) -> Batch:
        """Store the candles that changed; at the end, also close those whose minute is over."""
        if self._changes is None:
            self._stored_at = self._clock()
            caught_up = self._candles.partitions if ended else source.caught_up()
            self._changes = self._candles.changes(self._stored_at, caught_up, ended=ended)
        if self._changes.candles or self._changes.next_offsets != self._next_offsets:
            self._write(self._changes)
            self._storing_took = min(self._clock() - self._stored_at, SECOND)
            self._next_offsets = self._changes.next_offsets
            self._metrics.stored(self._changes, len(self._candles))
            self.total.candles += len(self._changes.candles)
            self.total.late += self._changes.late
        self._changes = None
        spans, self._spans = self._spans, {}
        return Batch(spans=spans)

    def release(self) -> None:
        """Discard all candles."""
        self._changes = None
        for partition in self._candles.partitions:
            self._candles.release(partition)

    def finish(self, source: TradeSource) -> Batch:
        """Store what was read before the end."""
        return self.commit(source, ended=False)


def _without_message(batch: Batch) -> frozenset[int]:
    """Return the partitions whose part of the batch is only offsets that hold no message."""
    holes = count_absent(batch.spans, batch.partitions)
    return frozenset(
        partition
        for partition, count in holes.items()
        if batch.spans[partition][0] + count == batch.spans[partition][1]
    )
