"""The market's trades by their times alone: what a symbol's pace is held against."""

from collections.abc import Callable

import numpy as np

from stockstream.market.anomalies.stretch import Ints

# Gives the times of the market's trades from one moment to another, both included, in order: microseconds
# since 1970. None at all where the market is not known.
Market = Callable[[int, int], Ints]
NOBODY = np.empty(0, np.int64)
# A symbol with one trade in so many thousands of the market's is still held against it.
MOST = 1_000_000


def unknown(_first: int, _last: int) -> Ints:
    """Return nothing: the market of a tape that is looked at alone."""
    return NOBODY


class MarketBook:
    """The newest times of a live market, from the partitions that a process reads.

    >>> book = MarketBook()
    >>> book.add(0, np.array([10, 30]))
    >>> book.add(1, np.array([20]))
    >>> book.between(10, 25).tolist()
    [10, 20]
    >>> book.drop(0)
    >>> book.between(0, 99).tolist()
    [20]
    """

    def __init__(self, most: int = MOST) -> None:
        """Begin with nothing; at most so many times are kept."""
        self._most = most
        self._times, self._partitions = NOBODY, NOBODY

    def add(self, partition: int, times: Ints) -> None:
        """Take the times of a partition's trades, in any order."""
        if not len(times):
            return
        # New trades are the newest, but for a few: only the end is put in order.
        place = int(np.searchsorted(self._times, times.min(), side="right"))
        tail = np.concatenate([self._times[place:], times])
        owners = np.concatenate([self._partitions[place:], np.full(len(times), partition)])
        order = np.argsort(tail, kind="stable")
        self._times = np.concatenate([self._times[:place], tail[order]])[-self._most :]
        self._partitions = np.concatenate([self._partitions[:place], owners[order]])[-self._most :]

    def drop(self, partition: int) -> None:
        """Forget a partition's trades."""
        others = self._partitions != partition
        self._times, self._partitions = self._times[others], self._partitions[others]

    def between(self, first: int, last: int) -> Ints:
        """Return the times from one moment to another; a `Market`."""
        begin, end = np.searchsorted(self._times, first), np.searchsorted(self._times, last, side="right")
        return self._times[begin:end]
