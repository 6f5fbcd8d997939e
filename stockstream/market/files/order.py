"""Whether a file's trades are in order of time, and by how much they deviate."""

from datetime import timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Behind(NamedTuple):
    """The first trade of some that is older than one before it: its number among them, and by how much."""

    number: int
    span: timedelta


class Order:
    """The order of the trades so far.

    Attributes:
        seen: the number of trades.
        late: the number of trades that are older than one before them.
        furthest: by how much at most.

    >>> order = Order()
    >>> order.add(np.array([10, 30, 20, 30]) * 1_000_000)
    Behind(number=2, span=datetime.timedelta(seconds=10))
    >>> order.seen, order.late, order.furthest.seconds
    (4, 1, 10)
    """

    def __init__(self) -> None:
        self.seen = self.late = 0
        self.furthest = timedelta()
        self._latest = np.iinfo(np.int64).min

    def add(self, at: Ints) -> Behind | None:
        """Add the times of trades, in microseconds, at least one; return the first that is behind, if any."""
        latest = np.maximum(np.maximum.accumulate(at), self._latest)
        behind = latest - at
        late = np.flatnonzero(behind)
        self.seen += len(at)
        self._latest = int(latest[-1])
        if not late.size:
            return None
        self.late += len(late)
        self.furthest = max(self.furthest, timedelta(microseconds=int(behind.max())))
        first = int(late[0])
        return Behind(first, timedelta(microseconds=int(behind[first])))
