"""Which symbols were met in which partition, so that only the first meeting of two costs more than a look."""

from collections.abc import Iterator

import numpy as np

from stockstream.market.compiled import compiled
from stockstream.market.windows_arrays import Flags, Ints


class Meetings:
    """The pairs of partition and symbol number that were met.

    >>> meetings = Meetings()
    >>> list(meetings.new(np.array([0, 1, 0]), np.array([5, 5, 5])))
    [(0, 5), (1, 5)]
    >>> list(meetings.new(np.array([1, 0]), np.array([5, 6])))
    [(0, 6)]
    """

    def __init__(self) -> None:
        """Start with none."""
        self._met = np.zeros((0, 0), np.bool_)

    def new(self, partitions: Ints, symbols: Ints) -> Iterator[tuple[int, int]]:
        """Give the pairs of these trades, shape (n,) each, that were not met before, and note them."""
        if len(partitions):
            self._make_room(int(partitions.max()) + 1, int(symbols.max()) + 1)
        for row in _new(partitions, symbols, self._met).tolist():
            yield int(partitions[row]), int(symbols[row])

    def forget(self, partition: int) -> None:
        """Let go of what was met in a partition."""
        self._met[partition : partition + 1] = False

    def _make_room(self, partitions: int, symbols: int) -> None:
        held = self._met.shape
        if partitions > held[0] or symbols > held[1]:
            grown = np.zeros((max(partitions, held[0]), 2 * max(symbols, held[1])), np.bool_)
            grown[: held[0], : held[1]] = self._met
            self._met = grown


@compiled
def _new(partitions: Ints, symbols: Ints, met: Flags) -> Ints:
    """Return the first row of each partition and symbol that `met` does not have, and note them there."""
    found = np.empty(len(partitions), np.int64)
    count = 0
    for row in range(len(partitions)):
        if not met[partitions[row], symbols[row]]:
            met[partitions[row], symbols[row]] = True
            found[count] = row
            count += 1
    return found[:count].copy()
