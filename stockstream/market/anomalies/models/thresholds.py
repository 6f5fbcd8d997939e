"""The threshold of each method: an alert budget split between the methods.

By Bonferroni's inequality, all methods together then stay within the budget, however their alerts overlap.
"""

import math

import numpy as np

from stockstream.market.anomalies.features.pace import DAY
from stockstream.market.anomalies.features.trade_window import Floats, TradeWindow
from stockstream.market.anomalies.models.threshold import at_budget
from stockstream.market.anomalies.rules import RULES
from stockstream.market.anomalies.rules.rule import Rule, Scores, Streaks, Tail

Thresholds = dict[str, float]

# At a million trades a second, one alert a day could not be distinguished from none; at three trades a day,
# everything would be an alert.
SMALLEST_SHARE, LARGEST_SHARE = 2e-6, 1e-3

# This share of the budget is used for what the slice shows; the rest is reserved for what it does not show,
# such as an opening or a day of stress.
SPENT = 0.5
# Thresholds are also measured at the first multiple of the usual pace; none changes beyond the second.
FASTER, MOST_FAST = 8.0, 64.0


def unmeasured() -> Thresholds:
    """Return the thresholds for a symbol without a model.

    >>> unmeasured()["same_side"]
    6.0
    """
    return {rule.name: rule.prior for rule in RULES if rule.prior is not None}


def trades_a_day(window: TradeWindow) -> float:
    """Return the number of trades a day at the pace of a trade window."""
    span = max(int(window.micros.max() - window.micros.min()), 1)
    return len(window) * DAY / span


def share_of(budget: float, a_day: float) -> float:
    """Return the share of ordinary trades that may be alerts.

    Args:
        budget: false alerts allowed per day.
        a_day: trades per day.

    >>> share_of(1.0, 43_200) == 1 / 43_200, share_of(1.0, 1e9), share_of(1.0, 3.0)
    (True, 2e-06, 0.001)
    """
    return min(max(budget / a_day, SMALLEST_SHARE), LARGEST_SHARE)


def measured(slices: list[Scores], share: float) -> Thresholds:
    """Return the thresholds that keep the budget on slices that nothing was fitted on."""
    return {rule.name: _measured(rule, slices, _part(rule, share)) for rule in RULES}


def at_pace(threshold: float, faster: float, ratio: Floats) -> Floats:
    """Return the threshold at each trade, given the ratio of the pace there to the usual one.

    The budget is per day, not per number of trades: at FASTER times the pace, the share of trades that may
    pass is smaller by that factor. The threshold is a power of the pace through both thresholds, up to
    MOST_FAST.

    Args:
        threshold: the threshold at the usual pace.
        faster: the threshold at FASTER times the usual pace.
        ratio: the pace at each trade over the usual one.

    >>> at_pace(4.0, 5.0, np.array([0.5, 1.0, FASTER, FASTER**2])).tolist()
    [4.0, 4.0, 5.0, 6.25]
    """
    steps = np.log(np.clip(ratio, 1.0, MOST_FAST)) / math.log(FASTER)
    raised: Floats = threshold * (max(faster, threshold) / threshold) ** steps
    return raised


def _measured(rule: Rule, slices: list[Scores], share: float) -> float:
    if rule.least is None:
        ends = np.concatenate([_ends(each.streaks[rule.name]) for each in slices])
        trades = sum(len(each.features) for each in slices)
        return at_budget(ends, share * trades / max(len(ends), 1), -math.log10(share))
    scores = np.concatenate([each.each[rule.name] for each in slices])
    tails = {"heavy": rule.tail is Tail.HEAVY, "straight": rule.tail is Tail.STRAIGHT}
    return at_budget(scores, share, rule.least, **tails)


def _part(rule: Rule, share: float) -> float:
    return SPENT * share * rule.share / sum(each.share for each in RULES)


def _ends(streaks: Streaks) -> Floats:
    """Return the score that each streak has reached when it ends."""
    is_end = (streaks.length[:-1] > 0) & (streaks.length[1:] <= 1)
    ends: Floats = streaks.score[:-1][is_end]
    return ends
