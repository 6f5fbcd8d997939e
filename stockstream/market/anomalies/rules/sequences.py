"""Rules on the order of trades: streaks that are unlikely by chance.

A streak is a sequence of trades that all have a property. Its surprise is the sum of -log10 of the
probabilities of its trades (Feller, An Introduction to Probability Theory, volume 1, chapter XIII,
for independent trades: q^k for a sequence of k). The probability is the symbol's own, counted over the trades
just before the streak.

| rule | property of a trade | source |
| --- | --- | --- |
| same_side | its taker is on the side of the trade before; counted separately for trades that arrive fast, at the usual pace and slowly, because pieces of one order follow each other. The size of its trades counts too: a likelihood ratio of sizes that are exponentially tilted, the mean of three tilts (Robbins, 1970) | Lillo and Farmer, 2004 (long memory of order flow) |
| alternating | size and price of the trade before, on the other side: this is how trades look if somebody trades with himself | Cong, Li, Tang, Yang, 2023 (wash trading) |
| repeated_size | the size of the trade before, by the share of this particular size | the same |
| still_price | the price of the trade before | |
"""  # noqa: E501 - a table's row is one line

import math

import numpy as np

from stockstream.market.anomalies import kinds
from stockstream.market.anomalies.features import pace, rolling
from stockstream.market.anomalies.features.table import LOOKBACK
from stockstream.market.anomalies.features.trade_window import Bools, Floats, Ints, Sides, TradeWindow
from stockstream.market.anomalies.rules import runs
from stockstream.market.anomalies.rules.rule import SequenceRule, Streaks

# Longest streak counted, and the number of trades before it that give its share: both fit into LOOKBACK.
LONGEST = 50
SHARE = 150
# Sides need more: each of the three groups has its own probability. The edges are logarithms of a pause
# over the usual one.
SIDES, EDGES = 260, np.array([-1.0, 0.0])
# Sizes are tilted by these powers; the first leaves them unchanged. No size counts as more than
# LARGEST medians, or one large trade would make a run.
TILTS, LARGEST = (0.0, 0.5, 1.0), 5.0
MEDIAN, MEAN = 100, 200
# Without a model: streaks with a probability of one in a million.
PRIOR = 6.0


def same_side(window: TradeWindow) -> Streaks:
    """Return the runs of trades on one side: somebody keeps buying, or selling."""
    group = np.searchsorted(EDGES, pace.relative(window), side="right")
    repeats, tilts = _repeats(window.side) & (window.side != 0), _tilts(window.volume)
    return _after_lookback(*runs.one_sided(repeats, group, len(EDGES) + 1, tilts, LOOKBACK, LONGEST, SIDES))


def alternating(window: TradeWindow) -> Streaks:
    """Return the streaks of trades that repeat the one before, in size and price, on the other side."""
    turns = np.zeros(len(window), np.bool_)
    turns[1:] = window.side[1:] * window.side[:-1] < 0
    return _streaks(_repeats(window.price) & _repeats(window.volume) & turns)


def repeated_size(window: TradeWindow) -> Streaks:
    """Return the streaks of trades of one size."""
    return _after_lookback(*runs.repeated(window.volume, LOOKBACK, LONGEST, SHARE))


def still_price(window: TradeWindow) -> Streaks:
    """Return the streaks of trades at one price: a stuck feed repeats it."""
    return _streaks(_repeats(window.price))


def explain_same_side(window: TradeWindow, index: int, streaks: Streaks, row: int) -> str:
    """Return how long a run is, and how likely."""
    side = "BUY" if window.side[index] > 0 else "SELL"
    share = 100 * streaks.chance[row]
    size, first = np.log(window.volume), index - int(streaks.length[row])
    times = math.exp(size[first : index + 1].mean() - size[first - MEAN : first].mean())
    return (
        f"{streaks.length[row] + 1} {side} trades in a row, {times:.2g} times as large as the {MEAN} before, "
        f"have a probability of {10 ** -streaks.score[row]:.2g} where {share:.0f} % of trades take the side "
        "of the one before"
    )


def explain_alternating(window: TradeWindow, index: int, streaks: Streaks, row: int) -> str:
    """Return what is repeated, how often, and how likely that is."""
    return (
        f"{streaks.length[row] + 1} trades in a row of {window.volume[index]:,.10g} at "
        f"{window.price[index]:,.10g} on alternating sides have a probability of "
        f"{10 ** -streaks.score[row]:.2g}"
    )


def explain_repeated_size(window: TradeWindow, index: int, streaks: Streaks, row: int) -> str:
    """Return which size is repeated."""
    return (
        f"{streaks.length[row] + 1} trades in a row of {window.volume[index]:,.10g} have a probability of "
        f"{10 ** -streaks.score[row]:.2g}"
    )


def explain_still_price(window: TradeWindow, index: int, streaks: Streaks, row: int) -> str:
    """Return the price at which the market stands still."""
    share = 100 * streaks.chance[row]
    return (
        f"{streaks.length[row] + 1} trades in a row at {window.price[index]:,.10g} have a probability of "
        f"{10 ** -streaks.score[row]:.2g} where {share:.0f} % of trades repeat a price"
    )


RULES = (
    SequenceRule(
        name="same_side",
        kind=kinds.ONE_SIDED_RUN,
        family="side",
        share=5,
        prior=PRIOR,
        least=None,
        streaks=same_side,
        explain=explain_same_side,
    ),
    SequenceRule(
        name="alternating",
        kind=kinds.WASH_TRADES,
        family="repetition",
        share=0.5,
        prior=PRIOR,
        least=None,
        streaks=alternating,
        explain=explain_alternating,
    ),
    SequenceRule(
        name="repeated_size",
        kind=kinds.REPEATED_SIZE,
        family="repetition",
        share=0.1,
        prior=PRIOR,
        least=None,
        streaks=repeated_size,
        explain=explain_repeated_size,
    ),
    SequenceRule(
        name="still_price",
        kind=kinds.STILL_PRICE,
        family="still",
        share=1,
        prior=PRIOR,
        least=None,
        streaks=still_price,
        explain=explain_still_price,
    ),
)


def _repeats(column: Floats | Sides) -> Bools:
    repeats = np.zeros(len(column), np.bool_)
    repeats[1:] = column[1:] == column[:-1]
    return repeats


def _tilts(volume: Floats) -> Floats:
    """Return log10 of the likelihood ratio of each size under each tilt; shape (tilts, n)."""
    median = np.exp(np.log(volume) - rolling.from_median(np.log(volume), MEDIAN, MEDIAN))
    size = np.minimum(volume, LARGEST * median)
    ratios = np.zeros((len(TILTS), len(volume)))
    for row, tilt in zip(ratios, TILTS, strict=True):
        powers = size**tilt
        usual = rolling.total(powers, MEDIAN + MEAN, MEAN)[:-1] / MEAN
        row[MEDIAN + MEAN :] = np.log10(powers[MEDIAN + MEAN :] / usual[MEDIAN + MEAN :])
    return ratios


def _streaks(has: Bools) -> Streaks:
    return _after_lookback(*runs.streaks(has, LOOKBACK, LONGEST, SHARE))


def _after_lookback(length: Ints, score: Floats, chance: Floats, sizes: Floats | None = None) -> Streaks:
    """Return the columns of the trades after the first LOOKBACK."""
    own = np.zeros(len(score)) if sizes is None else sizes
    return Streaks(length[LOOKBACK:], score[LOOKBACK:], chance[LOOKBACK:], own[LOOKBACK:])
