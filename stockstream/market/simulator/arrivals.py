"""Times, symbols and sides of trades, which come in clusters because trades trigger trades.

A Hawkes process drawn by its clusters (Hawkes and Oakes, 1974): founders arrive independently, and every
trade has a Poisson number of children, each an exponential delay later. A child trades its parent's symbol
and mostly takes its parent's side, like the pieces of a split order.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.random import Generator

from stockstream.market.simulator.tape import Bools, Floats, Ints

CHILDREN = 0.5  # mean number per trade; below 1, or clusters never end
DELAY = 5.0  # mean delay of a child, in mean gaps between trades
SAME_SIDE = 0.8


@dataclass(frozen=True)
class Arrivals:
    """Columns of trades: seconds from the block's start, index of the symbol, whether the taker buys."""

    at: Floats
    symbol: Ints
    buy: Bools

    def __getitem__(self, rows: slice | Ints) -> Self:
        return type(self)(self.at[rows], self.symbol[rows], self.buy[rows])


def arrive(rng: Generator, number: int, seconds: float, weights: Floats, anchor: int) -> Arrivals:
    """Return exactly `number` trades in `seconds`, ordered by time.

    Args:
        rng: the source of randomness.
        number: the number of trades.
        seconds: the duration of the block.
        weights: each symbol's share of the founders.
        anchor: each `anchor`-th trade falls exactly on the even schedule, so that the mean rate holds at
            every anchor and not only in the long run; it divides `number`.
    """
    gap = seconds / number
    generations = [_founders(rng, max(1, round(number * (1 - CHILDREN))), seconds, weights)]
    born = generations[0].at.size
    while born < number:
        youngest = _children(rng, generations[-1], gap)
        if not youngest.at.size:
            youngest = _founders(rng, number - born, seconds, weights)
        generations.append(youngest)
        born += youngest.at.size
    everyone = _together(generations)[:number]
    # Trades after the end are moved to the start: the previous block has sent as many.
    wrapped = everyone.at % seconds
    order = np.argsort(wrapped)
    return Arrivals(_anchored(wrapped[order], seconds, anchor), everyone.symbol[order], everyone.buy[order])


def _founders(rng: Generator, number: int, seconds: float, weights: Floats) -> Arrivals:
    shares = np.cumsum(weights) / np.sum(weights)
    symbol = np.searchsorted(shares, rng.random(number), side="right")
    return Arrivals(rng.uniform(0, seconds, number), symbol, rng.random(number) < 0.5)  # noqa: PLR2004 - even


def _children(rng: Generator, parents: Arrivals, gap: float) -> Arrivals:
    families = rng.poisson(CHILDREN, parents.at.size)
    parent = parents[np.repeat(np.arange(parents.at.size), families)]
    delay = rng.exponential(DELAY * gap, parent.at.size)
    turned = rng.random(parent.at.size) > SAME_SIDE
    return Arrivals(parent.at + delay, parent.symbol, parent.buy ^ turned)


def _together(generations: list[Arrivals]) -> Arrivals:
    return Arrivals(
        np.concatenate([each.at for each in generations]),
        np.concatenate([each.symbol for each in generations]),
        np.concatenate([each.buy for each in generations]),
    )


def _anchored(at: Floats, seconds: float, anchor: int) -> Floats:
    """Stretch time between anchors, so that each `anchor`-th trade is exactly on schedule."""
    groups = at.reshape(-1, anchor)
    start = groups[:, :1]
    end = np.append(start[1:], [[start[0, 0] + seconds]], axis=0)
    within = (groups - start) / np.maximum(end - start, np.finfo(float).tiny)
    each = seconds / len(groups)
    stretched: Floats = (np.arange(len(groups))[:, None] + within) * each
    return stretched.ravel()
