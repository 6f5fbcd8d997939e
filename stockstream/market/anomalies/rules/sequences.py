"""Rules on the order of trades: streaks that chance would hardly make.

A streak is a row of trades that all have a property. Its surprise is the sum of -log10 of the
chances that its trades had (Feller, An Introduction to Probability Theory, volume 1, chapter XIII,
for independent trades: q^k for a row of k). The chance is the symbol's own, counted over the trades
just before the streak.

| rule | property of a trade | source |
| --- | --- | --- |
| same_side | its taker stands on the side of the trade before; counted apart for trades that come fast, at the usual pace and slow, because pieces of one order follow each other. How large its trades are counts too: a likelihood ratio of sizes that are exponentially tilted, the mean of three tilts (Robbins, 1970) | Lillo and Farmer, 2004 (long memory of order flow) |
| alternating | size and price of the trade before, on the other side: so trades look where somebody trades with himself | Cong, Li, Tang, Yang, 2023 (wash trading) |
| repeated_size | the size of the trade before, by the share that just this size has | the same |
| still_price | the price of the trade before | |
"""  # noqa: E501 - a table's row is one line

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stockstream.market.anomalies.features import pace, rolling
from stockstream.market.anomalies.features.table import LOOKBACK
from stockstream.market.anomalies.features.trade_window import Bools, Floats, Ints, TradeWindow
from stockstream.market.anomalies.rules import runs

# Longest streak counted, and trades before it that tell its share: both fit into LOOKBACK.
LONGEST = 50
SHARE = 150
# Sides need more: each of the three groups has a chance of its own. The edges are logarithms of a pause
# over the usual one.
SIDES, EDGES = 260, np.array([-1.0, 0.0])
# Sizes are tilted by these powers; the first leaves them as they are. No size counts for more than so
# many medians, or one large trade would make a run.
TILTS, LARGEST = (0.0, 0.5, 1.0), 5.0
MEDIAN, MEAN = 100, 200


@dataclass(frozen=True, eq=False)
class Streaks:
    """The streak that each trade after the first LOOKBACK stands in; columns of equal length.

    Attributes:
        length: trades in it so far, at most LONGEST; 0 for a trade without the property.
        score: its surprise.
        chance: what the trade itself had.
        sizes: how much of the score is that of the sizes; nought where they do not count.
    """

    length: Ints
    score: Floats
    chance: Floats
    sizes: Floats


def same_side(window: TradeWindow) -> Streaks:
    """Return the runs of trades on one side: somebody buys, or sells, again and again."""
    group = np.searchsorted(EDGES, pace.relative(window), side="right")
    repeats, tilts = _repeats(window.buy), _tilts(window.volume)
    return _after_lookback(*runs.one_sided(repeats, group, len(EDGES) + 1, tilts, LOOKBACK, LONGEST, SIDES))


def alternating(window: TradeWindow) -> Streaks:
    """Return the streaks of trades that repeat the one before, in size and price, on the other side."""
    return _streaks(_repeats(window.price) & _repeats(window.volume) & ~_repeats(window.buy))


def repeated_size(window: TradeWindow) -> Streaks:
    """Return the streaks of trades of one size."""
    return _after_lookback(*runs.repeated(window.volume, LOOKBACK, LONGEST, SHARE))


def still_price(window: TradeWindow) -> Streaks:
    """Return the streaks of trades at one price: a feed that hangs repeats it."""
    return _streaks(_repeats(window.price))


SEQUENCES: dict[str, Callable[[TradeWindow], Streaks]] = {
    "same_side": same_side,
    "alternating": alternating,
    "repeated_size": repeated_size,
    "still_price": still_price,
}


def _repeats(column: Floats | Bools) -> Bools:
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
