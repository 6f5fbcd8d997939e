"""The aggregator's loop: from the topic to candles."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Event
from typing import Protocol

from stockstream.connectors.batch import Batch, absent
from stockstream.connectors.metrics import AggregatorMetrics
from stockstream.errors import FencedError, RecoverableError
from stockstream.jobs.idle import Idle
from stockstream.jobs.patience import Patience
from stockstream.jobs.progress import Progress
from stockstream.market.windows import Windows
from stockstream.market.windows_checkpoint import Checkpoint, Mark
from stockstream.market.windows_columns import columns
from stockstream.market.windows_frame import SECOND

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

    def hint(self, batch: Batch) -> None:
        """Tell the broker how far we are."""


class CandleStore(Protocol):
    """What stores checkpoints, each once."""

    @property
    def has_waiting(self) -> bool:
        """Whether late trades wait for the tape."""

    def claim(self, partitions: Sequence[int]) -> dict[int, Mark]:
        """Take partitions over and return where each stands."""

    def write(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint and the place it was made at, or nothing."""


@dataclass
class Aggregated:
    """What went by since the start."""

    trades: int = 0
    candles: int = 0
    late: int = 0
    bad: int = 0

    def __str__(self) -> str:
        """Return it as a person reads it."""
        return (
            f"{self.trades:,} trades read, {self.candles:,} candles written, {self.late:,} trades too late, "
            f"{self.bad:,} bad messages skipped"
        )


class Aggregator:
    """Reads trades, keeps windows, and stores what changed a few times a second."""

    def __init__(
        self,
        windows: Windows,
        store: CandleStore,
        clock: Callable[[], int],
        metrics: AggregatorMetrics | None = None,
    ) -> None:
        """Prepare.

        Args:
            windows: empty windows.
            store: where candles go.
            clock: the time in microseconds since 1970.
            metrics: told of what is read, and of each checkpoint once it is committed.
        """
        self.total = Aggregated()
        self._metrics = metrics or AggregatorMetrics()
        self._windows = windows
        self._store = store
        self._write = self._metrics.timed(store.write)
        self._clock = clock
        self._stored_at = clock()
        self._storing_took = 0
        self._marks: dict[int, Mark] = {}
        self._spans: dict[int, tuple[int, int]] = {}

    def claim(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over; returns the offset to read on from, for each."""
        marks = self._store.claim(partitions)
        for partition, mark in marks.items():
            self._windows.hold(partition, mark, self._clock())
        return {partition: mark.rewind_offset for partition, mark in marks.items()}

    def run(self, source: TradeSource, stop: Event, idle_limit: float | None = None) -> None:
        """Turn trades into candles until `stop` is set.

        Order of effects, per checkpoint: the place in each partition, candles, late trades and marks,
        in one transaction; then the offset as a hint to the broker. A crash between any two repeats the
        checkpoint, and the fence makes the repeat harmless. While the database is away nothing is read
        and the member stays in its group.

        Args:
            source: where messages come from.
            stop: ends the loop after the batch at hand.
            idle_limit: also end when all is read and so many seconds brought nothing new; the candles
                of minutes that are over are then final.
        """
        patience = Patience(stop, log, meanwhile=source.keep_alive, metrics=self._metrics)
        progress, idle = Progress(log, self._seconds), Idle(source, self._seconds, idle_limit)
        ended = False
        while not (ended or stop.is_set()):
            self._metrics.turned()
            try:
                batch = patience(partial(source.next_batch, BATCH))
                self._read(batch, source.partitions)
                if len(batch):
                    idle.begin()
                progress.tell(len(batch), str(self.total))
                ended = patience(idle.is_over)
                caught_up = self._windows.partitions if ended else source.caught_up()
                if ended or self._is_due(is_behind=len(batch) == BATCH):
                    self._checkpoint(patience, caught_up, ended=ended)
                    source.hint(self._stored_batch())
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
        for gone in self._windows.partitions - partitions:
            self._windows.release(gone)
        if batch:
            trades = columns(batch.values, batch.partitions, batch.offsets, self._windows.naming)
            self._windows.add(trades, batch.spans, self._clock(), _without_message(batch))
            self._spans |= batch.spans
            self.total.trades += len(trades)
            self.total.bad += trades.bad
            self._metrics.read(len(trades), trades.bad)

    def _is_due(self, *, is_behind: bool) -> bool:
        """Whether it is time to store; who gets full batches has more to read at hand."""
        every = BEHIND_EVERY if is_behind else CAUGHT_UP_EVERY
        share = BEHIND_SHARE if is_behind else CAUGHT_UP_SHARE
        return self._clock() - self._stored_at >= max(every, share * self._storing_took)

    def _checkpoint(self, patience: Patience, caught_up: Collection[int], *, ended: bool) -> None:
        self._stored_at = self._clock()
        checkpoint = self._windows.checkpoint(self._stored_at, caught_up, ended=ended)
        if checkpoint.marks == self._marks and not (checkpoint.candles or self._store.has_waiting):
            return
        patience(partial(self._write, checkpoint))
        self._metrics.stored(checkpoint, self._windows.held)
        self._storing_took = min(self._clock() - self._stored_at, SECOND)
        self._marks = {
            partition: replace(mark, symbols={}, early=()) for partition, mark in checkpoint.marks.items()
        }
        self.total.candles += len(checkpoint.candles)
        self.total.late += len(checkpoint.late)

    def _stored_batch(self) -> Batch:
        spans, self._spans = self._spans, {}
        return Batch(spans=spans)

    def _store_last(self, caught_up: Collection[int]) -> None:
        """Store what was read before the end, if it can be stored at once."""
        checkpoint = self._windows.checkpoint(self._clock(), caught_up)
        try:
            self._write(checkpoint)
        except (FencedError, RecoverableError) as exc:
            log.warning("%s", exc)
        else:
            self._metrics.stored(checkpoint, self._windows.held)

    def _let_go(self) -> None:
        for partition in self._windows.partitions:
            self._windows.release(partition)


def _without_message(batch: Batch) -> frozenset[int]:
    """Return the partitions that the batch moves on past offsets that hold no message, and nothing else."""
    holes = absent(batch.spans, batch.partitions)
    return frozenset(
        partition
        for partition, count in holes.items()
        if batch.spans[partition][0] + count == batch.spans[partition][1]
    )
