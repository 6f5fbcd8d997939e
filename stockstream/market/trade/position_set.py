"""Which positions of a partition are used, one bit each, so that millions take little memory."""

import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.int64]
SHOWN = 5


class PositionSet:
    """The positions from 0 up to an end.

    Attributes:
        end: the first position outside.
        count: how many are taken.
        twice: positions that were taken again, the first few of them.
        beyond: positions outside, the first few of them.

    >>> taken = PositionSet(4)
    >>> taken.take(np.array([0, 2]))
    >>> taken.take(np.array([3, 2, 9]))
    >>> taken.count, taken.twice, taken.beyond, taken.free()
    (3, [2], [9], [1])
    """

    def __init__(self, end: int) -> None:
        """Create a set without positions; `end` is the first position outside."""
        self.end = end
        self._bits = np.zeros((end >> 3) + 1, np.uint8)
        self.count = 0
        self.twice: list[int] = []
        self.beyond: list[int] = []

    def take(self, positions: Offsets) -> None:
        """Add positions, in any order."""
        is_inside = (positions >= 0) & (positions < self.end)
        _note(self.beyond, positions[~is_inside])
        positions, counts = np.unique(positions[is_inside], return_counts=True)
        where, bits = positions >> 3, np.left_shift(1, positions & 7).astype(np.uint8)
        is_new = self._bits[where] & bits == 0
        _note(self.twice, positions[~is_new | (counts > 1)])
        np.bitwise_or.at(self._bits, where, bits)
        self.count += int(is_new.sum())

    def free(self) -> list[int]:
        """Return the first few positions that are not taken."""
        holes = np.flatnonzero(self._bits != np.uint8(255))[: SHOWN + 1].tolist()
        near = (position for first in holes for position in range(first * 8, min(first * 8 + 8, self.end)))
        return [position for position in near if not self._bits[position >> 3] & (1 << (position & 7))][
            :SHOWN
        ]


def _note(noted: list[int], positions: Offsets) -> None:
    noted += positions[: SHOWN - len(noted)].tolist()
