"""Reconcile: compare each candle whose minute is over with the tape, and make it equal.

Any number of reconcilers may run, beside engines or without any. Each takes what no other works on, in
transactions of about `GOAL` seconds, so that an interruption loses nothing and no lock is held for long.
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

# Seconds between two passes, and what a transaction should take.
PAUSE, LONGEST_PAUSE = 0.5, 5.0
GOAL = 0.25
FEWEST, MOST = 50, 5_000
# Seconds without a candle reconciled after which what waits is taken to wait for another process.
STUCK = 10.0
AT_ONCE = timedelta(0)

log = logging.getLogger("reconciler")

Offsets = Callable[[], Mapping[int, int]]


class Minutes(Protocol):
    """The minutes that wait, and the tape that they are compared with."""

    def now(self) -> datetime:
        """Return the database's time."""

    def collect(self) -> None:
        """Collect what was noted."""

    def settle(self, after: Key, most: int, quiet: timedelta, stored_up_to: datetime) -> Settled:
        """Make the candles of the next due minutes equal to the tape."""

    def close_wide(self, quiet: timedelta) -> None:
        """Close the wider windows that are over."""

    def waiting(self, span: Span | None = None) -> Waiting:
        """Return what waits."""


@dataclass
class Reconciled:
    """What went by since the start."""

    candles: int = 0
    mended: int = 0

    def __str__(self) -> str:
        return f"{self.candles:,} candles reconciled, {self.mended:,} of them changed after they were final"


class Barrier:
    """Up to which time the consumer has stored all that an engine can have read.

    No engine has read beyond the topic's end. So once the consumer has come to where the topic ended at a
    time, the tape has all that any engine had read by then. Asked for only where a candle is ahead of the
    tape.
    """

    def __init__(self, now: Callable[[], datetime], ends: Offsets, stored: Offsets) -> None:
        """Know nothing yet.

        Args:
            now: the database's time.
            ends: the topic's ends, by partition.
            stored: where the consumer is, by partition.
        """
        self.passed = BEGINNING
        self._now = now
        self._ends = ends
        self._stored = stored
        self._aim: tuple[datetime, Mapping[int, int]] | None = None

    def look(self) -> None:
        """See how far the consumer has come; where nobody can tell, the barrier stays."""
        try:
            if self._aim is None:
                now = self._now()
                self._aim = now, self._ends()
            stored = self._stored()
        except StockstreamError as exc:
            log.debug("how far the consumer is cannot be told: %s", exc)
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
        """Prepare; `clock` is in seconds and never goes back."""
        self.total = Reconciled()
        self._minutes = minutes
        self._barrier = barrier
        self._clock = clock
        self._metrics = metrics or ReconcilerMetrics()
        self._most = FEWEST
        self._is_ahead = False

    def run(self, stop: Event, idle_limit: float | None = None) -> None:
        """Reconcile until `stop` is set, or nothing was due for so many seconds."""
        retry = Retry(stop, log)
        idle_since, pause = self._clock(), PAUSE
        try:
            while not stop.is_set():
                if self.step(retry, stop):
                    idle_since, pause = self._clock(), PAUSE
                elif self._is_ahead:
                    # What waits for the consumer is not looked at again and again.
                    pause = min(2 * pause, LONGEST_PAUSE)
                if idle_limit is not None and self._clock() - idle_since >= idle_limit:
                    self.finish(retry, stop)
                    break
                stop.wait(pause)
        except RecoverableError:
            # Patience gives up only when asked to stop; what was not done waits.
            return

    def step(self, retry: Retry, stop: Event, quiet: timedelta = QUIET) -> int:
        """Do one pass over all that is due; returns how many candles were made equal to the tape."""
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
        """Reconcile all that can be, and wait for nothing: nobody writes any more."""
        while self.step(retry, stop, AT_ONCE):
            pass
        # Once more for those that waited for the consumer, as far as it has come by now.
        self._barrier.look()
        self.step(retry, stop, AT_ONCE)

    def catch_up(
        self, span: Span, retry: Retry, stop: Event, on_progress: Callable[[int, int], object]
    ) -> int:
        """Reconcile until all is done that waits of a span now, or nothing more can be done.

        Args:
            span: whose minutes are waited for.
            tell: is told how many of how many minutes are done.

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
