"""The threshold of each method: an alert budget split evenly between the methods.

By Bonferroni's inequality the methods together then keep the budget, however their alerts overlap.
"""

import math

from stockstream.market.anomalies.scores import METHODS, SEQUENCES, ZSCORES, Scores
from stockstream.market.anomalies.sequences import Streaks
from stockstream.market.anomalies.stretch import Floats
from stockstream.market.anomalies.threshold import at_budget

Thresholds = dict[str, float]

# Without a model there is no slice to measure tails on; eight deviations are rare in heavy ones too.
ZSCORE_UNMEASURED = 8.0
# No measured threshold goes below: the cut that Iglewicz and Hoaglin (1993) give for ordinary data.
LEAST_ZSCORE = 3.5
LEAST_ISOLATION = 0.55


def unmeasured(budget: float) -> Thresholds:
    """Return the thresholds for a symbol without a model.

    Args:
        budget: false alerts allowed per 1,000 trades, all methods together.

    >>> {method: round(limit, 2) for method, limit in unmeasured(1.0).items()}["same_side"]
    3.78
    """
    surprise = _surprise(budget)
    return dict.fromkeys(ZSCORES, ZSCORE_UNMEASURED) | dict.fromkeys(SEQUENCES, surprise)


def measured(scores: Scores, budget: float) -> Thresholds:
    """Return the thresholds that keep the budget on a slice that nothing was fitted on."""
    share = _share(budget)
    of_trades = {
        method: at_budget(values, share, LEAST_ZSCORE if method in ZSCORES else LEAST_ISOLATION)
        for method, values in scores.trades.items()
    }
    count = len(scores.features)
    return of_trades | {
        method: at_budget(ends, share * count / max(len(ends), 1), _surprise(budget))
        for method, ends in ((method, _ends(streaks)) for method, streaks in scores.streaks.items())
    }


def _share(budget: float) -> float:
    return budget / 1_000 / len(METHODS)


def _surprise(budget: float) -> float:
    return -math.log10(_share(budget))


def _ends(streaks: Streaks) -> Floats:
    """Return the score that each streak has come to when it ends."""
    is_end = (streaks.length[:-1] > 0) & (streaks.length[1:] <= 1)
    ends: Floats = streaks.score[:-1][is_end]
    return ends
