"""Rules on a trade's features: how far it deviates from the trades before it."""

import math

import numpy as np

from stockstream.market.anomalies import kinds
from stockstream.market.anomalies.features import pace
from stockstream.market.anomalies.features.arrival_scan import BASE, STEPS, crowd_z, shares
from stockstream.market.anomalies.features.jumps import JUMPS, steps
from stockstream.market.anomalies.features.levels import levels
from stockstream.market.anomalies.features.table import NAMES, RAMP, SIZES, WINDOW
from stockstream.market.anomalies.features.trade_window import Floats, TradeWindow
from stockstream.market.anomalies.rules.rule import FeatureRule, Learnt, Tail

# Without a model there is no slice to measure tails on; eight deviations are rare in heavy tails, too.
PRIOR = 8.0
# Trades trigger trades: a burst of ten deviations is equally rare.
BURST_PRIOR = 10.0
# The cutoff that Iglewicz and Hoaglin (1993) give for ordinary data.
LEAST = 3.5


def price_score(rows: Floats, _learnt: Learnt | None) -> Floats:
    """Return how far the price jumped, up or down."""
    return np.abs(_column(rows, "jump_z"))


def size_score(rows: Floats, learnt: Learnt | None) -> Floats:
    """Return how large the trade is; small trades have negative scores.

    Four hundred trades give a good median but a poor deviation, so a model's deviation is preferred.
    """
    if learnt is None:
        return _column(rows, "size_z")
    scores: Floats = _column(rows, "size_ratio") / learnt.size_deviation
    return scores


def ramp_score(rows: Floats, _learnt: Learnt | None) -> Floats:
    """Return how far the price moved in eight trades, if it still moves in that direction."""
    way, step = _column(rows, "ramp_z"), _column(rows, "return_z")
    return np.where(np.sign(way) == np.sign(step), np.abs(way), 0.0)


def burst_score(rows: Floats, _learnt: Learnt | None) -> Floats:
    """Return how fast trades arrive; slow ones have negative scores."""
    return _column(rows, "crowd_z")


def explain_price(window: TradeWindow, index: int, row: Floats) -> str:
    """Return how far the price jumped."""
    price, former = window.price[index], window.price[index - 1]
    size = _change(former, price)[1:]
    direction = "above" if price > former else "below"
    usual = abs(row[NAMES.index("jump_z")])
    return (
        f"price {price:,.10g} is {size} {direction} the trade before, {usual:,.1f} times "
        f"what the last {JUMPS} trades' prices move in such a pause"
    )


def _change(former: float, price: float) -> str:
    """Return a change with its sign: in percent, or as it is if a price is not above zero."""
    return f"{100 * (price / former - 1):+.2f} %" if min(price, former) > 0 else f"{price - former:+,.10g}"


def explain_size(window: TradeWindow, index: int, row: Floats) -> str:
    """Return how large the trade is."""
    times = math.exp(row[NAMES.index("size_ratio")])
    volume = window.volume[index]
    return f"volume {volume:,.10g} is {times:,.3g} times the median of the last {SIZES} trades"


def explain_ramp(window: TradeWindow, index: int, row: Floats) -> str:
    """Return how far the price moved in a few trades."""
    price, former = window.price[index], window.price[index - RAMP]
    change = _change(former, price)
    usual = abs(row[NAMES.index("ramp_z")])
    return (
        f"price went {change} in {RAMP} trades, to {price:,.10g}, "
        f"{usual:,.1f} times the usual deviation of the last {WINDOW} trades"
    )


def explain_burst(window: TradeWindow, index: int, row: Floats) -> str:
    """Return how fast trades arrive, over the width of the scan with the largest score."""
    known = window[: index + 1]
    pauses, ways = pace.pauses(known), steps(levels(known.price), STEPS)
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


RULES = (
    FeatureRule(
        name="zscore_price",
        kind=kinds.PRICE_SPIKE,
        family="price",
        share=8,
        prior=PRIOR,
        least=LEAST,
        tail=Tail.HEAVY,
        score=price_score,
        explain=explain_price,
    ),
    FeatureRule(
        name="zscore_size",
        kind=kinds.VOLUME_SPIKE,
        family="size",
        share=16,
        prior=PRIOR,
        least=LEAST,
        score=size_score,
        explain=explain_size,
    ),
    FeatureRule(
        name="ramp",
        kind=kinds.PRICE_RAMP,
        family="price",
        share=1,
        prior=PRIOR,
        least=LEAST,
        tail=Tail.HEAVY,
        score=ramp_score,
        explain=explain_ramp,
    ),
    FeatureRule(
        name="crowd",
        kind=kinds.BURST,
        family="pace",
        share=3,
        prior=BURST_PRIOR,
        least=LEAST,
        tail=Tail.STRAIGHT,
        score=burst_score,
        explain=explain_burst,
    ),
)


def _column(rows: Floats, name: str) -> Floats:
    column: Floats = rows[:, NAMES.index(name)]
    return column
