"""Findings in words: a sentence each, with the numbers that make it checkable."""

import math

import numpy as np

from stockstream.market.anomalies.features import pace
from stockstream.market.anomalies.features.table import LOOKBACK, NAMES, RAMP, SIZES, WINDOW
from stockstream.market.anomalies.features.trade_window import Floats, TradeWindow
from stockstream.market.anomalies.models.model import Model
from stockstream.market.anomalies.rules.arrival_scan import BASE, STEPS, crowd_z, shares
from stockstream.market.anomalies.rules.jumps import JUMPS, steps
from stockstream.market.anomalies.rules.sequences import MEAN, Streaks
from stockstream.market.anomalies.scores import FOREST, LEARNT, Scores

KINDS = {
    "zscore_price": "price_spike",
    "zscore_size": "volume_spike",
    "ramp": "price_ramp",
    "crowd": "burst",
    "same_side": "one_sided_run",
    "alternating": "wash_trades",
    "repeated_size": "repeated_size",
    "still_price": "still_price",
}
KINDS_OF_FEATURE = {
    "return_volatilities": "price_spike",
    "return_z": "price_spike",
    "jump_z": "price_spike",
    "vwap_distance": "price_drift",
    "volatility_ratio": "volatility_shift",
    "size_z": "volume_spike",
    "size_ratio": "volume_spike",
    "value_z": "value_spike",
    "pause": "odd_pace",
    "imbalance": "one_sided_flow",
    "ramp_z": "price_ramp",
    "reversal": "price_reversal",
    "crowd_z": "burst",
}


def of(  # noqa: PLR0913, PLR0917 - a sentence is made from all that is known of a trade
    window: TradeWindow, scores: Scores, row: int, method: str, threshold: float, model: Model | None
) -> tuple[str, str]:
    """Return the kind of a finding and its sentence."""
    features, index = scores.features[row], LOOKBACK + row
    if method in LEARNT and model is not None:
        return of_learnt(model, features, method, float(scores.each[method][row]), threshold)
    if method in OF_STREAK:
        return KINDS[method], OF_STREAK[method](window, index, scores.streaks[method], row)
    return KINDS[method], OF_ZSCORE[method](window, index, features)


def of_price(window: TradeWindow, index: int, row: Floats) -> str:
    """Say how far the price jumped."""
    price, former = window.price[index], window.price[index - 1]
    change = 100 * (price / former - 1)
    direction = "above" if change > 0 else "below"
    usual = abs(row[NAMES.index("jump_z")])
    return (
        f"price {price:,.10g} is {abs(change):.2f} % {direction} the trade before, {usual:,.1f} times "
        f"what the last {JUMPS} trades' prices move in such a pause"
    )


def of_size(window: TradeWindow, index: int, row: Floats) -> str:
    """Say how large the trade is."""
    times = math.exp(row[NAMES.index("size_ratio")])
    volume = window.volume[index]
    return f"volume {volume:,.10g} is {times:,.3g} times the median of the last {SIZES} trades"


def of_ramp(window: TradeWindow, index: int, row: Floats) -> str:
    """Say how far the price went in a few trades."""
    price, former = window.price[index], window.price[index - RAMP]
    usual = abs(row[NAMES.index("ramp_z")])
    return (
        f"price went {100 * (price / former - 1):+.2f} % in {RAMP} trades, to {price:,.10g}, "
        f"{usual:,.1f} times the usual deviation of the last {WINDOW} trades"
    )


def of_crowd(window: TradeWindow, index: int, row: Floats) -> str:
    """Say how fast trades come, over the width of the scan that says so most."""
    known = window[: index + 1]
    pauses, ways = pace.pauses(known), steps(np.log(known.price), STEPS)
    width = int(crowd_z(pauses, pace.usual(pauses), ways, known.market, index)[1][index])
    seconds = max(int(window.micros[index] - window.micros[index - width]), 0) / 1e6
    before = max(int(window.micros[index - width] - window.micros[index - width - BASE]), 0) / 1e6
    usual = before / BASE * width
    among = shares(known.market, index, width)
    market = (
        f", and {100 * among[0]:.0f} % of the market's trades after {100 * among[1]:.0f} %" if among else ""
    )
    return (
        f"{width} trades in {seconds:,.3g} s, for which the pace of the {BASE} before needs "
        f"{usual:,.3g} s{market}: "
        f"{row[NAMES.index('crowd_z')]:,.1f} deviations of an even pace"
    )


OF_ZSCORE = {"zscore_price": of_price, "zscore_size": of_size, "ramp": of_ramp, "crowd": of_crowd}


def of_learnt(model: Model, row: Floats, method: str, score: float, threshold: float) -> tuple[str, str]:
    """Return the kind and the sentence of a trade that stands apart by its features together."""
    distance = (np.arcsinh(row) - model.linear.centre) / model.linear.scale
    leading = np.argsort(-np.abs(distance))[:2]
    first, second = (f"{NAMES[each]} {row[each]:,.3g}" for each in leading)
    measure = "isolation score" if method == FOREST else "Hotelling distance"
    sentence = (
        f"the trade stands apart by its features together: {measure} {score:.3f} against "
        f"{threshold:.3f}; most unusual are {first} and {second}"
    )
    return KINDS_OF_FEATURE[NAMES[leading[0]]], sentence


def of_same_side(window: TradeWindow, index: int, streaks: Streaks, row: int) -> str:
    """Say how long a run is, and how likely."""
    side = "BUY" if window.buy[index] else "SELL"
    share = 100 * streaks.chance[row]
    size, first = np.log(window.volume), index - int(streaks.length[row])
    times = math.exp(size[first : index + 1].mean() - size[first - MEAN : first].mean())
    return (
        f"{streaks.length[row] + 1} {side} trades in a row, {times:.2g} times as large as the {MEAN} before, "
        f"have a probability of {10 ** -streaks.score[row]:.2g} where {share:.0f} % of trades take the side "
        "of the one before"
    )


def of_alternating(window: TradeWindow, index: int, streaks: Streaks, row: int) -> str:
    """Say what is repeated, how often, and how likely that is."""
    return (
        f"{streaks.length[row] + 1} trades in a row of {window.volume[index]:,.10g} at "
        f"{window.price[index]:,.10g} on alternating sides have a probability of "
        f"{10 ** -streaks.score[row]:.2g}"
    )


def of_repeated_size(window: TradeWindow, index: int, streaks: Streaks, row: int) -> str:
    """Say which size comes again and again."""
    return (
        f"{streaks.length[row] + 1} trades in a row of {window.volume[index]:,.10g} have a probability of "
        f"{10 ** -streaks.score[row]:.2g}"
    )


def of_still_price(window: TradeWindow, index: int, streaks: Streaks, row: int) -> str:
    """Say at which price the market stands still."""
    share = 100 * streaks.chance[row]
    return (
        f"{streaks.length[row] + 1} trades in a row at {window.price[index]:,.10g} have a probability of "
        f"{10 ** -streaks.score[row]:.2g} where {share:.0f} % of trades repeat a price"
    )


OF_STREAK = {
    "same_side": of_same_side,
    "alternating": of_alternating,
    "repeated_size": of_repeated_size,
    "still_price": of_still_price,
}
