"""The sides that trades of unknown side probably had: the rule of Lee and Ready (1991).

A trade above the midpoint of the quote before it was bought by its taker, one below it sold. At the midpoint,
or without a quote, the tick decides: a trade is compared with the last different price before it.

C. Lee and M. Ready, "Inferring trade direction from intraday data", Journal of Finance 46 (1991). Their delay
of five seconds between quote and trade belonged to floors where quotes were reported faster than trades;
today the quote before the trade is taken.

>>> rule = SideInference({"A": Midpoints(np.array([0, 50]), np.array([10.0, 12.0]))})
>>> at, prices = np.array([10, 20, 30, 60, 70]), np.array([10.5, 9.0, 10.0, 12.0, 12.0])
>>> rule.sides(["A"] * 5, at, prices).tolist()
[1, -1, 1, 1, 1]
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockstream.market.trade.schema import UNKNOWN

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Midpoints(NamedTuple):
    """The midpoints of a symbol's quotes, in order of time: microseconds since 1970, and prices."""

    at: Ints
    prices: Floats


class SideInference:
    """Infers the sides of trades, which it sees in the order of their file."""

    def __init__(self, quotes: Mapping[str, Midpoints]) -> None:
        """Start before the first trade; without quotes, the tick alone decides."""
        self._quotes = quotes
        # The last price of each symbol, and the sign of its last change, which is that of a side.
        self._last: dict[str, tuple[float, int]] = {}

    def sides(self, symbols: Sequence[str], at: Ints, prices: Floats) -> Ints:
        """Return BUY, SELL, or UNKNOWN of `schema`, as long as a symbol has no change.

        Args:
            symbols: the symbol of each trade.
            at: microseconds since 1970.
            prices: their prices.
        """
        names, numbers = np.unique(np.array(symbols, np.object_).astype(str), return_inverse=True)
        found = np.full(len(prices), UNKNOWN)
        for number, name in enumerate(names.tolist()):
            rows = np.flatnonzero(numbers == number)
            ticks = self._ticks(name, prices[rows])
            against = self._against_quotes(name, at[rows], prices[rows])
            found[rows] = np.where(against, against, ticks)
        return found

    def _ticks(self, name: str, prices: Floats) -> Ints:
        last, sign = self._last.get(name, (float(prices[0]), UNKNOWN))
        changes = np.sign(np.diff(prices, prepend=last)).astype(np.int64)
        # Where nothing changed, the change before counts.
        changed = np.maximum.accumulate(np.where(changes, np.arange(len(changes)), -1))
        ticks = np.where(changed < 0, sign, changes[changed])
        self._last[name] = float(prices[-1]), int(ticks[-1])
        return ticks

    def _against_quotes(self, name: str, at: Ints, prices: Floats) -> Ints:
        quotes = self._quotes.get(name)
        if quotes is None:
            return np.zeros(len(prices), np.int64)
        before = np.searchsorted(quotes.at, at, "left") - 1
        return np.where(before < 0, 0, np.sign(prices - quotes.prices[before])).astype(np.int64)
