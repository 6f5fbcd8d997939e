"""The linear complement of the forest: how far a trade deviates from the others' correlations.

Hotelling's T-squared on principal components (Jackson and Mudholkar, Technometrics 21, 1979). A
forest cuts one feature at a time, so it is weak if each is ordinary but their combination is not.
"""

from dataclasses import dataclass

import numpy as np

from stockstream.market.anomalies.features.trade_window import Floats
from stockstream.market.compiled import compiled

STILL_FEATURE = 1e-3
# Components that carry less than this share of one feature's variance are rounding noise.
LEAST_VARIANCE = 1e-2
# The outermost rows are left out of the second estimate, since they may be anomalies.
KEPT = 0.98


@dataclass(frozen=True, eq=False)
class Linear:
    """A centre, a scale for each feature, and the directions in which trades have equal variance.

    Attributes:
        centre: each feature's median, as the forest sees features; shape (k,).
        scale: each feature's robust standard deviation, likewise.
        whitening: a row for each direction; turns centred and scaled features into uncorrelated ones
            of variance one; shape (k, k).

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
        """Return the square root of T-squared: a distance in deviations, over all directions."""
        return _distance(rows, self.centre, self.scale, self.whitening)


@compiled
def _distance(rows: Floats, centre: Floats, scale: Floats, whitening: Floats) -> Floats:
    # Row by row in a fixed order: rounding in a matrix product depends on the number of rows.
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
    """Return the directions of rows, estimated again without the outermost two percent."""
    centre = np.median(rows, axis=0)
    scale = np.maximum(1.4826 * np.median(np.abs(rows - centre), axis=0), STILL_FEATURE)
    first = Linear(centre, scale, _whitening((rows - centre) / scale))
    distance = first.score(rows)
    inner = rows[distance <= np.quantile(distance, KEPT)]
    return Linear(centre, scale, _whitening((inner - centre) / scale))


def _whitening(away: Floats) -> Floats:
    variance, directions = np.linalg.eigh(np.atleast_2d(np.cov(away, rowvar=False)))
    return np.ascontiguousarray((directions / np.sqrt(np.maximum(variance, LEAST_VARIANCE))).T)
