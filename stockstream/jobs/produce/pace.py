"""The schedule of trades, in which sleeping errors do not add up, and their event times."""

import time
from typing import Protocol

import numpy as np

from stockstream.market.simulator.tape import Floats, Ints

TICK = 0.02  # seconds: trades due within one tick are sent together
GRACE = 1.0  # seconds of schedule that are made up for after a stall
OLDEST = 50_000  # microseconds


class Clock(Protocol):
    """A source of time for producers."""

    def monotonic(self) -> float:
        """Return monotonic seconds, for the pace."""

    def now(self) -> int:
        """Return microseconds since 1970 in UTC, for event times."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def now(self) -> int:
        """Return microseconds since 1970 in UTC."""
        return time.time_ns() // 1000


class Pace:
    """Keeps trades on schedule: what is at second 7 is due 7 seconds after the start.

    A stall (a full queue, a suspended machine) of up to `GRACE` seconds is made up for. Anything longer is
    removed from the schedule: trades come later and none is dropped, but there is no flood of trades that
    claim to happen now.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.monotonic()

    def due(self, at: Floats) -> Ints:
        """Return, for each trade that is due, how many microseconds ago it was due.

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
        """Return the seconds until second `at` of the schedule, at least one tick."""
        return max(TICK, self._start + at - self._clock.monotonic())


class EventTimes:
    """Gives trades their event time: now, and each later than the previous one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def of(self, ages: Ints) -> Ints:
        """Return event times in microseconds since 1970, strictly increasing.

        Args:
            ages: microseconds since each trade was due, descending; what was due longer than `OLDEST` ago is
                given an age of `OLDEST`, because a past price would be false.
        """
        rank = np.arange(ages.size)
        times = np.maximum(self._clock.now() - np.minimum(ages, OLDEST) - rank, self._last + 1)
        rising: Ints = np.maximum.accumulate(times) + rank
        if rising.size:
            self._last = int(rising[-1])
        return rising
