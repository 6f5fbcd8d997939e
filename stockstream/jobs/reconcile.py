"""Reconcile: compare each candle whose minute is over with the tape, and correct it.

Any number of reconcilers may run, beside engines or without any. Each takes minutes that no other works on,
in transactions of about `GOAL` seconds, so that an interruption loses nothing and no lock is held for long.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Protocol

from stockstream.connectors.metrics.reconciler import ReconcilerMetrics
from stockstream.connectors.postgres.read.trade_reader import BEGINNING
from stockstream.connectors.postgres.store.reconciliation import FIRST, QUIET, Key, Settled, Span, Waiting
from stockstream.errors import RecoverableError, StockstreamError
from stockstream.jobs.retry import Retry

# Seconds between two passes, and the target duration of a transaction.
PAUSE, LONGEST_PAUSE = 0.5, 5.0
GOAL = 0.25
FEWEST, MOST = 50, 5_000
# Seconds without a reconciled candle after which waiting minutes are assumed to wait for another process.
STUCK = 10.0
AT_ONCE = timedelta(0)

log = logging.getLogger("reconciler")

Offsets = Callable[[], Mapping[int, int]]


class Minutes(Protocol):
    """The waiting minutes, and the tape they are compared with."""

    def now(self) -> datetime:
        """Return the database's time."""

    def collect(self) -> None:
        """Collect the noted minutes."""

    def settle(self, after: Key, most: int, quiet: timedelta, stored_up_to: datetime) -> Settled:
        """Make the candles of the next due minutes equal to the tape."""

    def close_wide(self, quiet: timedelta) -> None:
        """Close the wider windows that are over."""

    def waiting(self, span: Span | None = None) -> Waiting:
        """Return the minutes that wait."""


@dataclass
class Reconciled:
    """Counts since the start."""

    candles: int = 0
    mended: int = 0

    def __str__(self) -> str:
        return f"{self.candles:,} candles reconciled, {self.mended:,} of them changed after they were final"


class Barrier:
    """The time up to which the consumer has stored everything that an engine can have read.

    No engine has read beyond the topic's end. So once the consumer has reached the position where the topic
    ended at some time, the tape contains everything that any engine had read by then. It is needed only if a
    candle is ahead of the tape.
    """

    def __init__(self, now: Callable[[], datetime], ends: Offsets, stored: Offsets) -> None:
        """Create a barrier that has not passed any time.

        Args:
            now: returns the database's time.
            ends: returns the topic's ends, by partition.
            stored: returns the consumer's committed offsets, by partition.
        """
        self.passed = BEGINNING
        self._now = now
        self._ends = ends
        self._stored = stored
        self._aim: tuple[datetime, Mapping[int, int]] | None = None

    def look(self) -> None:
        """Update the barrier with the consumer's progress; leave it unchanged if that is unknown."""
        try:
            if self._aim is None:
                now = self._now()
                self._aim = now, self._ends()
            stored = self._stored()
        except StockstreamError as exc:
            log.debug("cannot tell how far the consumer is: %s", exc)
            return
        at, ends = self._aim
        if all(stored.get(partition, 0) >= end for partition, end in ends.items()):
            self.passed, self._aim = at, None


class Reconciler:
    """Makes candles equal to the tape, pass by pass."""

    def __init__(
        self,
        minutes: Minutes,
        barrier: Barrier,
        clock: Callable[[], float],
        metrics: ReconcilerMetrics | None = None,
    ) -> None:
        """Create a reconciler; `clock` returns monotonic seconds."""
        self.total = Reconciled()
        self._minutes = minutes
        self._barrier = barrier
        self._clock = clock
        self._metrics = metrics or ReconcilerMetrics()
        self._most = FEWEST
        self._is_ahead = False

    def run(self, stop: Event, idle_limit: float | None = None) -> None:
        """Reconcile until `stop` is set, or nothing was due for `idle_limit` seconds."""
        retry = Retry(stop, log)
        idle_since, pause = self._clock(), PAUSE
        try:
            while not stop.is_set():
                if self.step(retry, stop):
                    idle_since, pause = self._clock(), PAUSE
                elif self._is_ahead:
                    # Minutes that wait for the consumer are checked less and less often.
                    pause = min(2 * pause, LONGEST_PAUSE)
                if idle_limit is not None and self._clock() - idle_since >= idle_limit:
                    self.finish(retry, stop)
                    break
                stop.wait(pause)
        except RecoverableError:
            # A retry gives up only when asked to stop; what was not done waits.
            return

    def step(self, retry: Retry, stop: Event, quiet: timedelta = QUIET) -> int:
        """Make one pass over all due minutes and return how many candles were made equal to the tape."""
        retry(self._minutes.collect)
        after, settled, self._is_ahead = FIRST, 0, False
        while not stop.is_set():
            begun = self._clock()
            found = retry(partial(self._minutes.settle, after, self._most, quiet, self._barrier.passed))
            self._count(found)
            after, settled = found.last, settled + found.settled
            self._is_ahead |= found.settled < found.looked_at
            if found.is_all:
                break
            if found.looked_at == self._most:
                self._most = _paced(self._most, self._clock() - begun)
        if self._is_ahead:
            self._barrier.look()
        retry(partial(self._minutes.close_wide, quiet))
        left = retry(self._minutes.waiting)
        self._metrics.waiting(left.minutes, left.since)
        return settled

    def finish(self, retry: Retry, stop: Event) -> None:
        """Reconcile everything possible without waiting: nothing else writes any more."""
        while self.step(retry, stop, AT_ONCE):
            pass
        # Once more for minutes that waited for the consumer, which may have advanced.
        self._barrier.look()
        self.step(retry, stop, AT_ONCE)

    def catch_up(
        self, span: Span, retry: Retry, stop: Event, on_progress: Callable[[int, int], object]
    ) -> int:
        """Reconcile a span until all minutes that wait now are done, or no more can be done.

        Args:
            span: the span whose minutes are reconciled.
            retry: repeats what fails while the database is unavailable.
            stop: ends the work.
            on_progress: called with the number of minutes done and their total.

        Returns:
            How many minutes of the span still wait.
        """
        retry(self._minutes.collect)
        span = replace(span, noted_before=retry(self._minutes.now))
        total = left = retry(partial(self._minutes.waiting, span)).minutes
        moved_at = self._clock()
        while left and not stop.is_set() and self._clock() - moved_at < STUCK:
            if self.step(retry, stop, AT_ONCE):
                moved_at = self._clock()
            else:
                stop.wait(PAUSE)
            left = retry(partial(self._minutes.waiting, span)).minutes
            total = max(total, left)
            on_progress(total - left, total)
        return left

    def _count(self, found: Settled) -> None:
        self.total.candles += found.settled
        self.total.mended += found.mended
        self._metrics.reconciled(found.settled, found.mended)


def _paced(most: int, took: float) -> int:
    """Return how many minutes to take next, so that a transaction takes about `GOAL`."""
    wanted = round(most * min(max(GOAL / max(took, 0.001), 0.5), 2))
    return min(max(wanted, FEWEST), MOST)
