"""A threshold from an alert budget: the score that only so small a share of ordinary trades passes."""

import math

import numpy as np

from stockstream.market.anomalies.stretch import Floats

# The tail is read from the scores in these bands of rank, each half as wide as the one before: far
# enough out to be a tail, and not so far that the anomalies which the slice itself may hold (no
# label says which) would set the threshold.
BANDS = ((0.10, 0.20), (0.05, 0.10), (0.025, 0.05))
OUTER = 0.025
HEAVIEST = 0.35
FEWEST = 100


def at_budget(scores: Floats, share: float, floor: float) -> float:
    """Return the threshold that a share of ordinary scores is expected to reach, at least `floor`.

    A generalised Pareto tail is laid through the means of the three bands and followed out to
    `share` (after Pickands, Statistical Inference Using Extreme Order Statistics, 1975; means of
    bands instead of quantiles, because scores of round lots come in lumps). Its shape is kept
    between an exponential's and a third, so that few scores make no wild tail. Where the slice is
    long enough to show the share itself, the threshold is not above that.

    Args:
        scores: of a slice that nothing was fitted on, shape (n,).
        share: of scores that may reach it; at or above 2.5 percent it is read off directly.
        floor: returned where the scores say less, or are fewer than a hundred.

    >>> ordinary = np.random.default_rng(7).exponential(size=20_000)
    >>> round(at_budget(ordinary, share=1e-4, floor=0.0), 1), round(math.log(1e4), 1)
    (9.3, 9.2)
    >>> at_budget(np.zeros(500), share=0.001, floor=4.0)
    4.0
    """
    if len(scores) < FEWEST:
        return floor
    shown = float(np.quantile(scores, 1 - min(share, 1.0)))
    if share >= OUTER:
        return max(shown, floor)
    reached = _followed_out(np.sort(scores)[::-1], share)
    return max(min(reached, shown) if share * len(scores) >= 1 else reached, floor)


def _followed_out(descending: Floats, share: float) -> float:
    near, middle, far = (_mean_of_band(descending, band) for band in BANDS)
    shape = _shape(middle - near, far - middle)
    out_middle, out_far = (_mean_way_out(band, shape) for band in BANDS[1:])
    scale = (far - middle) / (out_far - out_middle)
    return far + scale * (_way_out(share, shape) - out_far)


def _mean_of_band(descending: Floats, band: tuple[float, float]) -> float:
    first, last = (round(part * len(descending)) for part in band)
    return float(descending[first:last].mean())


def _shape(near: float, far: float) -> float:
    """Return the tail's shape from two steps outwards, each of which halves the share beyond."""
    if near <= 0 or far <= 0:
        return 0.0
    return min(max(math.log2(far / near), 0.0), HEAVIEST)


def _way_out(share: float, shape: float) -> float:
    """Return how far out, in scales, a tail has only `share` left."""
    return (share**-shape - 1) / shape if shape else -math.log(share)


def _mean_way_out(band: tuple[float, float], shape: float) -> float:
    return float(np.mean([_way_out(share, shape) for share in np.linspace(*band, 33)]))
