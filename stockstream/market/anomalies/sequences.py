"""Rules on the order of trades: streaks that chance would hardly make.

A streak is a row of trades that all have a property. If a share q of a symbol's trades has it and
trades were independent, a streak reaches length k with probability q^k (Feller, An Introduction to
Probability Theory, volume 1, chapter XIII); its score is the surprise, -log10 of that. The share
is the symbol's own, counted over the trades just before the streak, so a busy buyer's market is
not surprised by buyers.
"""

from dataclasses import dataclass

import numpy as np

from stockstream.market.anomalies.features import CONTEXT
from stockstream.market.anomalies.stretch import Bools, Floats, Ints, Stretch

# Longest streak counted, and trades before it that tell its share: both fit into CONTEXT.
LONGEST = 50
SHARE = 150


@dataclass(frozen=True, eq=False)
class Streaks:
    """The streak that each trade after the first CONTEXT stands in; columns of equal length.

    Attributes:
        length: trades in it so far, at most LONGEST; 0 for a trade without the property.
        share: the share of trades with the property before it began.
        score: its surprise, -log10(share^length).
        step: how much the trade itself added to the score.
    """

    length: Ints
    share: Floats
    score: Floats
    step: Floats

    def passes(self, threshold: float) -> Bools:
        """Return which trades take their streak over the threshold; a streak does that once."""
        is_over, was_over = self.score > threshold, self.score - self.step > threshold
        return is_over & ~was_over & (self.length < LONGEST)


def same_side(stretch: Stretch) -> Streaks:
    """Return the runs of trades on one side: somebody buys, or sells, again and again."""
    buys, sells = _streaks(stretch.buy), _streaks(~stretch.buy)
    buy = stretch.buy[CONTEXT:]
    pairs = ((buys.length, sells.length), (buys.share, sells.share), (buys.score, sells.score))
    length, share, score = (np.where(buy, bought, sold) for bought, sold in pairs)
    return Streaks(length, share, score, np.where(buy, buys.step, sells.step))


def alternating(stretch: Stretch) -> Streaks:
    """Return the streaks of trades that repeat the one before, in size and price, on the other side.

    So trades look where somebody trades with himself.
    """
    same = (np.diff(stretch.price) == 0) & (np.diff(stretch.volume) == 0)
    turned = stretch.buy[1:] != stretch.buy[:-1]
    return _streaks(np.concatenate([np.zeros(min(len(stretch), 1), np.bool_), same & turned]))


def _streaks(has: Bools) -> Streaks:
    """Return the streaks of a property; `has` is of every trade, the result of those after CONTEXT."""
    index = np.arange(len(has))
    last_without = np.maximum.accumulate(np.where(has, -1, index)) if len(has) else index
    length = np.minimum(index - last_without, LONGEST)[CONTEXT:]
    start = index[CONTEXT:] - length + 1
    counts = np.concatenate([[0], np.cumsum(has, dtype=np.int64)])
    # One of each kind is added (Laplace), so that what never happened is rare and not impossible.
    share = (counts[start] - counts[start - SHARE] + 1) / (SHARE + 2)
    step = np.where(length > 0, -np.log10(share), 0.0)
    return Streaks(length, share, length * step, step)
