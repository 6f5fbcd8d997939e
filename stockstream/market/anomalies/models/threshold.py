"""A threshold from an alert budget: the score that only a given share of ordinary trades exceeds."""

from statistics import NormalDist

import numpy as np

from stockstream.market.anomalies.features.trade_window import Floats

# The tail is read from the scores at these ranks: far enough out to be a tail, but not so far that
# anomalies in the slice itself (no label identifies them) would set the threshold.
RANKS = (0.05, 0.036, 0.025, 0.018, 0.0125, 0.009, 0.006)
# The number of inner ranks, which a burst or two do not fill with their own scores.
INNER = 3
# Scores this many times the 99th percentile are left out: they are no ordinary trades.
GROSS = 3.0
FEWEST = 200
FEWEST_BEYOND = 5
NORMAL = NormalDist()


def at_budget(
    scores: Floats, share: float, floor: float, *, heavy: bool = False, straight: bool = False
) -> float:
    """Return the threshold that a share of ordinary scores is expected to reach, at least `floor`.

    The scores are plotted against the normal distribution's quantiles (Wilk and Gnanadesikan,
    Biometrika 55, 1968), and a parabola through the outer ones is extrapolated to `share`: a straight
    line is a normal tail, an upward bend a heavier tail; a downward bend is not allowed. If the
    slice is long enough to show the share itself, the threshold is not above that.

    Args:
        scores: scores of a slice that nothing was fitted on, shape (n,).
        share: the share of scores that may reach the threshold.
        floor: returned if the scores give less, or there are fewer than two hundred of them.
        heavy: whether the tail may follow a power law: then a line through the logarithms is extrapolated
            too, and the mean of both results is used.
        straight: whether the tail is normal by its law, so that a line through the inner ranks is
            extrapolated: one event whose scores span many trades would bend a parabola far up.

    >>> ordinary = np.random.default_rng(7).normal(size=200_000)
    >>> abs(at_budget(ordinary, share=1e-5, floor=0.0) - NORMAL.inv_cdf(1 - 1e-5)) < 0.3
    True
    >>> at_budget(np.zeros(500), share=0.001, floor=4.0)
    4.0
    """
    if len(scores) < FEWEST:
        return floor
    if share >= RANKS[0]:
        return max(float(np.quantile(scores, 1 - min(share, 1.0))), floor)
    reached = _followed_out(_ordinary(scores), share, heavy=heavy, straight=straight)
    if share * len(scores) >= 1:
        reached = min(reached, float(np.quantile(scores, 1 - share)))
    return max(reached, floor)


def _ordinary(scores: Floats) -> Floats:
    middle, far = np.quantile(scores, (0.5, 0.99))
    ordinary: Floats = scores[scores <= middle + GROSS * (far - middle)]
    return ordinary


def _followed_out(scores: Floats, share: float, *, heavy: bool, straight: bool) -> float:
    outer = RANKS[:INNER] if straight else RANKS
    ranks = [rank for rank in outer if rank * len(scores) >= FEWEST_BEYOND] or [RANKS[0]]
    out = np.array([NORMAL.inv_cdf(1 - rank) for rank in ranks])
    reached = np.quantile(scores, [1 - rank for rank in ranks])
    way = NORMAL.inv_cdf(1 - share) - out[-1]
    parabola, line = (_through(out - out[-1], reached, degree) for degree in (2, 1))
    end = float(np.polyval(parabola if parabola[0] > 0 and not straight else line, way))
    if not heavy or reached[0] <= 0:
        return end
    return 0.5 * (end + float(np.exp(np.polyval(_through(out - out[-1], np.log(reached), 1), way))))


def _through(out: Floats, reached: Floats, degree: int) -> Floats:
    fitted: Floats = np.polyfit(out, reached, min(degree, len(out) - 1))
    return fitted
