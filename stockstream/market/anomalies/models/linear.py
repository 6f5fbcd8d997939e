"""The linear complement of the forest: how far a trade lies from the others along their correlations.

Hotelling's T-squared on principal components (Jackson and Mudholkar, Technometrics 21, 1979). A
forest cuts one feature at a time, so it is weak where each is ordinary and their combination is not.
"""

from dataclasses import dataclass

import numpy as np

from stockstream.market.anomalies.features.trade_window import Floats
from stockstream.market.compiled import compiled

STILL_FEATURE = 1e-3
# Components that carry less than this share of one feature's variance are noise of rounding.
LEAST_VARIANCE = 1e-2
# The outermost rows are left out of the second look: what they are is the question.
KEPT = 0.98


@dataclass(frozen=True, eq=False)
class Linear:
    """A centre, a scale for each feature, and the directions in which all lie equally far.

    Attributes:
        centre: each feature's median, as the forest sees features; shape (k,).
        scale: each feature's robust standard deviation, likewise.
        whitening: a row for each direction; turns features less centre over scale into uncorrelated
            ones of variance one; shape (k, k).

    >>> rng = np.random.default_rng(7)
    >>> one = rng.normal(size=2_000)
    >>> pair = lay(np.column_stack([one, one + 0.1 * rng.normal(size=2_000)]))
    >>> along, across = pair.score(np.array([[2.0, 2.0], [2.0, -2.0]]))
    >>> bool(along < 3 and across > 15)
    True
    """

    centre: Floats
    scale: Floats
    whitening: Floats

    def score(self, rows: Floats) -> Floats:
        """Return the square root of T-squared: a distance in deviations, all directions together."""
        return _distance(rows, self.centre, self.scale, self.whitening)


@compiled
def _distance(rows: Floats, centre: Floats, scale: Floats, whitening: Floats) -> Floats:
    # Row by row in a fixed order: a product of matrices would round by the number of rows.
    distance, features = np.zeros(len(rows)), len(centre)
    away = np.zeros(features)
    for row in range(len(rows)):
        for feature in range(features):
            away[feature] = (rows[row, feature] - centre[feature]) / scale[feature]
        for direction in range(features):
            along = 0.0
            for feature in range(features):
                along += away[feature] * whitening[direction, feature]
            distance[row] += along * along
    return np.sqrt(distance)


def lay(rows: Floats) -> Linear:
    """Return the directions of rows; the outermost two percent are looked at and then left out."""
    centre = np.median(rows, axis=0)
    scale = np.maximum(1.4826 * np.median(np.abs(rows - centre), axis=0), STILL_FEATURE)
    first = Linear(centre, scale, _whitening((rows - centre) / scale))
    distance = first.score(rows)
    inner = rows[distance <= np.quantile(distance, KEPT)]
    return Linear(centre, scale, _whitening((inner - centre) / scale))


def _whitening(away: Floats) -> Floats:
    variance, directions = np.linalg.eigh(np.atleast_2d(np.cov(away, rowvar=False)))
    return np.ascontiguousarray((directions / np.sqrt(np.maximum(variance, LEAST_VARIANCE))).T)
