"""Causal rolling statistics over finite windows.

Each is computed from its own window alone, never from a running sum: so the value for a trade is
the same whether it is computed over a day's tape or over the last few hundred trades.
All arrays end at the newest trade; what a window cannot fill yet is missing at the front.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from stockstream.market.anomalies.stretch import Floats

MAD_TO_SIGMA = 1.4826
MEAN_DEVIATION_TO_SIGMA = 1.2533
FAR = 5.0


def before(values: Floats, size: int) -> Floats:
    """Return, for each value that has `size` before it, those; shape (n - size, size).

    >>> before(np.array([1.0, 2.0, 3.0, 4.0]), 2).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    return sliding_window_view(values, size)[:-1]


def upto(values: Floats, size: int) -> Floats:
    """Return, for each value that has `size - 1` before it, those and itself; shape (n - size + 1, size).

    >>> upto(np.array([1.0, 2.0, 3.0]), 2).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    return sliding_window_view(values, size)


def spread(windows: Floats, floor: float) -> tuple[Floats, Floats]:
    """Return the median of each window and its robust standard deviation.

    The deviation is 1.4826 times the median absolute deviation (Iglewicz and Hoaglin, How to
    Detect and Handle Outliers, 1993), or 1.2533 times the mean absolute deviation where that is
    more: on a grid, such as round lots, the median jumps between two lots and the mean does not.
    Distances beyond five deviations count as five, so no outlier widens it much.

    Where more than half of a window is one value the median deviation is zero. Then the mean one
    counts, and at least `floor`, so that a tick after a long standstill is no infinity.

    >>> centre, sigma = spread(np.array([[1.0, 2.0, 3.0, 90.0], [5.0, 5.0, 5.0, 5.0]]), floor=0.1)
    >>> centre.tolist(), sigma.round(3).tolist()
    ([2.5, 5.0], [3.106, 0.1])
    """
    centre = np.median(windows, axis=1)
    distance = np.abs(windows - centre[:, None])
    sigma = MAD_TO_SIGMA * np.median(distance, axis=1)
    limit = np.where(sigma > 0, FAR * sigma, np.inf)
    mean = MEAN_DEVIATION_TO_SIGMA * np.minimum(distance, limit[:, None]).mean(axis=1)
    return centre, np.where(sigma > 0, np.maximum(sigma, mean), np.maximum(mean, floor))


def decaying(size: int, decay: float) -> Floats:
    """Return weights that fall by `decay` with each step back, newest last; their sum is one.

    >>> decaying(3, 0.5).round(3).tolist()
    [0.143, 0.286, 0.571]
    """
    weights: Floats = decay ** np.arange(size, dtype=np.float64)[::-1]
    weights /= weights.sum()
    return weights
