"""When trades are due: a schedule, so that no error of sleeping adds up, and the times they get."""

import time
from typing import Protocol

import numpy as np

from stockstream.market.simulator.tape import Floats, Ints

TICK = 0.02  # seconds: trades due within one go out together
GRACE = 1.0  # seconds of schedule that are made up after a stall
OLDEST = 50_000  # microseconds


class Clock(Protocol):
    """Time, as a producer sees it."""

    def monotonic(self) -> float:
        """Return seconds that never go back, for the pace."""

    def now(self) -> int:
        """Return microseconds since 1970 in UTC, for event times."""


class SystemClock:
    """The machine's time."""

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        return time.monotonic()

    def now(self) -> int:
        """Return microseconds since 1970 in UTC."""
        return time.time_ns() // 1000


class Pace:
    """Keeps trades to their schedule: what is at second 7 is due 7 seconds after the start.

    A stall (a full queue, a machine asleep) of up to `GRACE` seconds is made up. Of a longer one
    the rest is left out of the schedule: trades come later, none is dropped, and no flood of
    trades that claim to be of now follows.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.monotonic()

    def due(self, at: Floats) -> Ints:
        """Return, for each trade that is due, how many microseconds ago that was.

        Args:
            at: seconds of the schedule, ascending.
        """
        elapsed = self._clock.monotonic() - self._start
        if at.size and elapsed - at[0] > GRACE:
            self._start += elapsed - at[0] - GRACE
            elapsed = at[0] + GRACE
        due = at[: np.searchsorted(at, elapsed, side="right")]
        return np.rint((elapsed - due) * 1e6).astype(np.int64)

    def wait(self, at: float) -> float:
        """Return the seconds until second `at` of the schedule, one tick at least."""
        return max(TICK, self._start + at - self._clock.monotonic())


class EventTimes:
    """Gives trades their event time: now, and each later than the one before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def of(self, ages: Ints) -> Ints:
        """Return event times in microseconds since 1970, strictly increasing.

        Args:
            ages: microseconds since each trade was due, descending; what was due longer ago
                than `OLDEST` happens now, because a price of the past would be a lie.
        """
        rank = np.arange(ages.size)
        times = np.maximum(self._clock.now() - np.minimum(ages, OLDEST) - rank, self._last + 1)
        rising: Ints = np.maximum.accumulate(times) + rank
        if rising.size:
            self._last = int(rising[-1])
        return rising
