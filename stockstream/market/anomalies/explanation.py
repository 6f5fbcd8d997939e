"""Findings in words: a sentence each, with the numbers that make it checkable."""

import math

import numpy as np

from stockstream.market.anomalies.features import NAMES, WINDOW
from stockstream.market.anomalies.model import Model
from stockstream.market.anomalies.sequences import Streaks
from stockstream.market.anomalies.stretch import Floats, Stretch

KINDS = {
    "zscore_price": "price_spike",
    "zscore_size": "volume_spike",
    "zscore_value": "value_spike",
    "same_side": "one_sided_run",
    "alternating": "wash_trades",
}
KINDS_OF_FEATURE = {
    "return_volatilities": "price_spike",
    "return_z": "price_spike",
    "move_z": "price_spike",
    "vwap_distance": "price_drift",
    "volatility_ratio": "volatility_shift",
    "size_z": "volume_spike",
    "size_ratio": "volume_spike",
    "value_z": "value_spike",
    "pause": "odd_pace",
    "imbalance": "one_sided_flow",
}


def of_price(stretch: Stretch, index: int, row: Floats) -> str:
    """Say how far the price jumped."""
    price, former = stretch.price[index], stretch.price[index - 1]
    change = 100 * (price / former - 1)
    direction = "above" if change > 0 else "below"
    usual = abs(row[NAMES.index("return_z")])
    return (
        f"price {price:,.10g} is {abs(change):.2f} % {direction} the trade before, {usual:,.1f} times "
        f"the usual deviation of the last {WINDOW} trades"
    )


def of_size(stretch: Stretch, index: int, row: Floats) -> str:
    """Say how large the trade is."""
    times = math.exp(row[NAMES.index("size_ratio")])
    volume = stretch.volume[index]
    return f"volume {volume:,.10g} is {times:,.3g} times the median of the last {WINDOW} trades"


def of_value(stretch: Stretch, index: int, row: Floats) -> str:
    """Say how much money the trade moved."""
    value = stretch.price[index] * stretch.volume[index]
    deviations = row[NAMES.index("value_z")]
    return f"value {value:,.2f} is {deviations:,.1f} deviations above the median of the last {WINDOW} trades"


OF_ZSCORE = {"zscore_price": of_price, "zscore_size": of_size, "zscore_value": of_value}


def of_forest(model: Model, row: Floats, score: float) -> tuple[str, str]:
    """Return the kind and the sentence of a trade that only the forest found."""
    distance = (np.arcsinh(row) - model.centre) / model.scale
    leading = np.argsort(-np.abs(distance))[:2]
    first, second = (f"{NAMES[each]} {row[each]:,.3g}" for each in leading)
    sentence = (
        f"the trade stands apart by its features together: isolation score {score:.3f} against "
        f"{model.card.thresholds['isolation_forest']:.3f}; most unusual are {first} and {second}"
    )
    return KINDS_OF_FEATURE[NAMES[leading[0]]], sentence


def of_same_side(stretch: Stretch, index: int, streaks: Streaks, row: int) -> str:
    """Say how long a run is, and how likely."""
    side = "BUY" if stretch.buy[index] else "SELL"
    share = 100 * streaks.share[row]
    return (
        f"{streaks.length[row]} {side} trades in a row have a probability of {10 ** -streaks.score[row]:.2g} "
        f"where {share:.0f} % of trades are {side}"
    )


def of_alternating(stretch: Stretch, index: int, streaks: Streaks, row: int) -> str:
    """Say what is repeated, how often, and how likely that is."""
    return (
        f"{streaks.length[row] + 1} trades in a row of {stretch.volume[index]:,.10g} at "
        f"{stretch.price[index]:,.10g} on alternating sides have a probability of "
        f"{10 ** -streaks.score[row]:.2g}"
    )


OF_STREAK = {"same_side": of_same_side, "alternating": of_alternating}
