"""Causal statistics over finite windows, as machine code.

Each value is computed from its own window only, never from a running sum: the value for a trade is thus the
same whether it is computed over a day's tape or over the last few hundred trades. Only the order of a
window's values is carried along, which does not depend on its history.

`first` is always the first trade to compute; everything before it is context, and is zero in the result.
"""

import numpy as np

from stockstream.market.anomalies.features.trade_window import Floats
from stockstream.market.compiled import compiled


@compiled
def _replace(ordered: Floats, old: float, new: float) -> None:
    """Replace one value of a sorted window with another."""
    size = len(ordered)
    place = np.searchsorted(ordered, old)
    if new >= old:
        while place + 1 < size and ordered[place + 1] < new:
            ordered[place] = ordered[place + 1]
            place += 1
    else:
        while place > 0 and ordered[place - 1] > new:
            ordered[place] = ordered[place - 1]
            place -= 1
    ordered[place] = new


@compiled
def _middle(ordered: Floats) -> float:
    half = len(ordered) // 2
    middle: float = ordered[half] if len(ordered) % 2 else 0.5 * (ordered[half - 1] + ordered[half])
    return middle


@compiled
def _distance(ordered: Floats, centre: float, rank: int) -> float:
    """Return the `rank`-th smallest distance of the values from the centre, counted from zero.

    The nearest values are adjacent in a sorted window, so the first of them is found by bisection.
    """
    low, high = 0, len(ordered) - 1 - rank
    while low < high:
        at = (low + high) // 2
        if centre - ordered[at] > ordered[at + rank + 1] - centre:
            low = at + 1
        else:
            high = at
    distance: float = max(centre - ordered[low], ordered[low + rank] - centre)
    return distance


@compiled
def _sigma(ordered: Floats, centre: float, floor: float) -> float:
    """Return the robust standard deviation.

    This is the mean of the estimates from the 50th, the 75th and the 90th percentile of the absolute
    deviations (the first is the usual MAD: Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993; the
    others are steadier), or the largest of them if they differ by a factor of two: if most trades have one
    round lot or one price, the median deviation is almost zero and the others are not. If all three are zero,
    the window has hardly moved: the result is then 1.2533 times the mean absolute deviation and at least
    `floor`, so that a tick after a long standstill is not infinite.
    """
    last = len(ordered) - 1
    inner = 1.4826 * _distance(ordered, centre, int(0.50 * last))
    middle = 0.8693 * _distance(ordered, centre, int(0.75 * last))
    outer = 0.6080 * _distance(ordered, centre, int(0.90 * last))
    largest = max(inner, middle, outer)
    if largest == 0:
        return max(1.2533 * float(np.mean(np.abs(ordered - centre))), floor)
    return (inner + middle + outer) / 3 if 2 * min(inner, middle, outer) > largest else largest


@compiled
def robust_z(values: Floats, first: int, window: int, floor: float, least: float) -> tuple[Floats, Floats]:
    """Return each value's distance from the median of the `window` before it, in deviations and absolute.

    Args:
        values: the values, shape (n,).
        first: the first row to compute.
        window: the number of values before each.
        floor: the deviation of a window that has hardly moved.
        least: the lower limit of the deviation.
    """
    z, plain = np.zeros(len(values)), np.zeros(len(values))
    if first >= len(values):
        return z, plain
    ordered = np.sort(values[first - window : first])
    for row in range(first, len(values)):
        centre = _middle(ordered)
        plain[row] = values[row] - centre
        z[row] = plain[row] / max(_sigma(ordered, centre, floor), least)
        _replace(ordered, values[row - window], values[row])
    return z, plain


@compiled
def from_median(values: Floats, first: int, window: int) -> Floats:
    """Return each value's distance from the median of the `window` before it."""
    plain = np.zeros(len(values))
    if first >= len(values):
        return plain
    ordered = np.sort(values[first - window : first])
    for row in range(first, len(values)):
        plain[row] = values[row] - _middle(ordered)
        _replace(ordered, values[row - window], values[row])
    return plain


@compiled
def weighted(values: Floats, weights: Floats, first: int) -> Floats:
    """Return, for each row, the weighted sum of the values before it; the last weight is the newest's."""
    sums, size = np.zeros(len(values)), len(weights)
    for row in range(first, len(values)):
        # Four sums in parallel, because each addition waits for the one before.
        one = two = three = four = 0.0
        start = row - size
        for at in range(0, size - 3, 4):
            one += values[start + at] * weights[at]
            two += values[start + at + 1] * weights[at + 1]
            three += values[start + at + 2] * weights[at + 2]
            four += values[start + at + 3] * weights[at + 3]
        sums[row] = (one + two) + (three + four)
    return sums


@compiled
def total(values: Floats, first: int, window: int) -> Floats:
    """Return the sum of the `window` values before each row; a window is a multiple of four."""
    sums = np.zeros(len(values) + 1)
    for row in range(first, len(values) + 1):
        one = two = three = four = 0.0
        for at in range(row - window, row, 4):
            one += values[at]
            two += values[at + 1]
            three += values[at + 2]
            four += values[at + 3]
        sums[row] = (one + two) + (three + four)
    return sums


@compiled
def reversal(price: Floats, first: int, window: int) -> Floats:
    """Return how far the log price moved and returned within the `window` up to each row."""
    back = np.zeros(len(price))
    for row in range(first, len(price)):
        begin, end = price[row - window], price[row]
        highest = lowest = begin
        for at in range(row - window, row + 1):
            highest = max(highest, price[at])
            lowest = min(lowest, price[at])
        back[row] = max(
            min(highest - begin, highest - end),
            min(begin - lowest, end - lowest),
        )
    return back
