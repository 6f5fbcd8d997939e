"""Rules on the order of trades: streaks that chance would hardly make.

A streak is a row of trades that all have a property. Its surprise is the sum of -log10 of the
chances that its trades had (Feller, An Introduction to Probability Theory, volume 1, chapter XIII,
for independent trades: q^k for a row of k). The chance is the symbol's own, counted over the trades
just before the streak.

| rule | property of a trade | source |
| --- | --- | --- |
| same_side | its taker stands on the side of the trade before; counted apart for trades that come fast and slow, because pieces of one order follow each other | Lillo and Farmer, 2004 (long memory of order flow) |
| alternating | size and price of the trade before, on the other side: so trades look where somebody trades with himself | Cong, Li, Tang, Yang, 2023 (wash trading) |
| repeated_size | the size of the trade before | the same |
| still_price | the price of the trade before | |
"""  # noqa: E501 - a table's row is one line

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stockstream.market.anomalies import rolling
from stockstream.market.anomalies.features import LOOKBACK, MILLISECOND, WINDOW
from stockstream.market.anomalies.stretch import Bools, Floats, Ints, Stretch

# Longest streak counted, and trades before it that tell its share: both fit into LOOKBACK.
LONGEST = 50
SHARE = 150


@dataclass(frozen=True, eq=False)
class Streaks:
    """The streak that each trade after the first LOOKBACK stands in; columns of equal length.

    Attributes:
        length: trades in it so far, at most LONGEST; 0 for a trade without the property.
        score: its surprise.
        step: how much the trade itself added to the score.
        chance: what the trade itself had.
    """

    length: Ints
    score: Floats
    step: Floats
    chance: Floats


def same_side(stretch: Stretch) -> Streaks:
    """Return the runs of trades on one side: somebody buys, or sells, again and again."""
    return _streaks(_repeats(stretch.buy), _is_slow(stretch))


def alternating(stretch: Stretch) -> Streaks:
    """Return the streaks of trades that repeat the one before, in size and price, on the other side."""
    return _streaks(_repeats(stretch.price) & _repeats(stretch.volume) & ~_repeats(stretch.buy))


def repeated_size(stretch: Stretch) -> Streaks:
    """Return the streaks of trades of one size."""
    return _streaks(_repeats(stretch.volume))


def still_price(stretch: Stretch) -> Streaks:
    """Return the streaks of trades at one price: a feed that hangs repeats it."""
    return _streaks(_repeats(stretch.price))


SEQUENCES: dict[str, Callable[[Stretch], Streaks]] = {
    "same_side": same_side,
    "alternating": alternating,
    "repeated_size": repeated_size,
    "still_price": still_price,
}


def _repeats(column: Floats | Bools) -> Bools:
    repeats = np.zeros(len(column), np.bool_)
    repeats[1:] = column[1:] == column[:-1]
    return repeats


def _is_slow(stretch: Stretch) -> Bools:
    """Return which trades came after more than the usual pause."""
    seconds = np.zeros(len(stretch))
    seconds[1:] = np.maximum(np.diff(stretch.micros), 0) / 1e6
    return rolling.from_median(np.log(MILLISECOND + seconds), WINDOW, WINDOW) > 0


def _streaks(has: Bools, group: Bools | None = None) -> Streaks:
    """Return the streaks of a property; `has` is of every trade, the result of those after LOOKBACK."""
    groups = np.zeros(len(has), np.bool_) if group is None else group
    length, *others = rolling.streaks(has, groups, LOOKBACK, LONGEST, SHARE)
    surprise, step, chance = (each[LOOKBACK:] for each in others)
    return Streaks(length[LOOKBACK:], surprise, step, chance)
