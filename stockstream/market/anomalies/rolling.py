"""Causal rolling statistics over finite windows.

Each is computed from its own window alone, never from a running sum: so the value for a trade is
the same whether it is computed over a day's tape or over the last few hundred trades.
All arrays end at the newest trade; what a window cannot fill yet is missing at the front.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from stockstream.market.anomalies.stretch import Floats

# Percentiles of the absolute deviation, and what each is a normal deviation's share of.
TO_SIGMA = ((0.50, 1.4826), (0.75, 0.8693), (0.90, 0.6080))
MEAN_DEVIATION_TO_SIGMA = 1.2533


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
    Detect and Handle Outliers, 1993), or what the 75th or the 90th percentile of the absolute
    deviations says, if that is more: where most trades are of one round lot, or at one price, the
    median deviation is next to nothing and the others are not.

    Where all three are zero, a window has hardly moved: then it is 1.2533 times the mean absolute
    deviation and at least `floor`, so that a tick after a long standstill is no infinity.

    >>> centre, sigma = spread(np.array([[1.0, 2.0, 3.0, 4.0, 90.0], [5.0, 5.0, 5.0, 5.0, 5.0]]), floor=0.1)
    >>> centre.tolist(), sigma.round(3).tolist()
    ([3.0, 5.0], [1.739, 0.1])
    """
    centre = np.median(windows, axis=1)
    distance = np.sort(np.abs(windows - centre[:, None]), axis=1)
    last = windows.shape[1] - 1
    sigma = np.max([distance[:, int(part * last)] * factor for part, factor in TO_SIGMA], axis=0)
    mean = MEAN_DEVIATION_TO_SIGMA * distance.mean(axis=1)
    return centre, np.where(sigma > 0, sigma, np.maximum(mean, floor))


def decaying(size: int, decay: float) -> Floats:
    """Return weights that fall by `decay` with each step back, newest last; their sum is one.

    >>> decaying(3, 0.5).round(3).tolist()
    [0.143, 0.286, 0.571]
    """
    weights: Floats = decay ** np.arange(size, dtype=np.float64)[::-1]
    weights /= weights.sum()
    return weights
