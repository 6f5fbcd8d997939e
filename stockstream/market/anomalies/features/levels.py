"""Returns of prices, also of those that are not above zero."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def returns(before: Floats, after: Floats) -> Floats:
    """Return the returns from prices to others, each of shape (n,).

    It is ln(after / before) if both are above zero, else their difference over the larger of their sizes: oil
    fell from 0.01 to -37.63 dollars on 20 April 2020.

    >>> returns(np.array([1.0, 2.0, 0.0]), np.array([np.e, 0.0, -4.0])).tolist()
    [1.0, -1.0, -1.0]
    """
    known = (before > 0) & (after > 0)
    if known.all():
        logs: Floats = np.log(after) - np.log(before)
        return logs
    tiny = np.finfo(np.float64).tiny
    found: Floats = (after - before) / np.maximum(np.maximum(np.abs(before), np.abs(after)), tiny)
    found[known] = np.log(after[known]) - np.log(before[known])
    return found


def levels(price: Floats) -> Floats:
    """Return a column whose steps are the returns of prices, shape (n,): their logarithms if there are all.

    >>> levels(np.array([1.0, np.e])).tolist(), levels(np.array([2.0, 0.0, -4.0, -3.0])).tolist()
    ([0.0, 1.0], [0.0, -1.0, -2.0, -1.75])
    """
    if (price > 0).all():
        logs: Floats = np.log(price)
        return logs
    return np.concatenate([[0.0], np.cumsum(returns(price[:-1], price[1:]))])
