"""The market context of a live watch: all symbols' newest trades, as they are read from the partitions."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stockstream.market.anomalies.features.market_context import PRICES, MarketContext, surprises
from stockstream.market.anomalies.features.trade_window import Floats, TradeWindow

TRADE = np.dtype(
    [("micros", np.int64), ("surprise", np.float64), ("symbol", np.int32), ("partition", np.int32)]
)
Trades = NDArray[np.void]
# Enough to compare even a symbol with one in several thousand of the market's trades.
MOST = 500_000


@dataclass
class MarketBook:
    """Keeps at least the newest `most` trades and at most twice as many, in order of time.

    >>> from stockstream.market.anomalies.features.trade_window import of_rows
    >>> book = MarketBook()
    >>> for partition, times in enumerate(((10, 30), (20,))):
    ...     book.add(partition, of_rows("AB"[partition], [(at, 1.0, 1.0, 1, "", "") for at in times]))
    >>> book.between(10, 25).micros.tolist()
    [10, 20]
    >>> book.drop(0)
    >>> book.between(0, 99).micros.tolist()
    [20]
    """

    most: int = MOST
    _kept: int = 0
    _trades: Trades = field(default_factory=lambda: np.empty(0, TRADE))
    _names: dict[str, int] = field(default_factory=dict)
    _prices: dict[tuple[int, str], Floats] = field(default_factory=dict)

    def add(self, partition: int, trades: TradeWindow) -> None:
        """Add a symbol's next trades in a partition, in their order there."""
        if not len(trades):
            return
        # New trades are almost always the newest, so only the end has to be sorted.
        place = self._place(int(trades.micros.min()), "right")
        tail = np.concatenate([self._trades[place : self._kept], self._rows(partition, trades)])
        place = self._with_room(place, len(tail))
        self._kept = place + len(tail)
        self._trades[place : self._kept] = tail[np.argsort(tail["micros"], kind="stable")]

    def drop(self, partition: int) -> None:
        """Discard a partition's trades."""
        kept = self._trades[: self._kept]
        self._trades = kept[kept["partition"] != partition]
        self._kept = len(self._trades)
        self._prices = {key: last for key, last in self._prices.items() if key[0] != partition}

    def between(self, first: int, last: int) -> MarketContext:
        """Return the market from one time to another; this method is a `Market`."""
        some = self._trades[self._place(first, "left") : self._place(last, "right")]
        return MarketContext(some["micros"], some["surprise"], some["symbol"], self._names)

    def _place(self, moment: int, side: Literal["left", "right"]) -> int:
        return int(np.searchsorted(self._trades["micros"][: self._kept], moment, side=side))

    def _rows(self, partition: int, trades: TradeWindow) -> Trades:
        before = self._prices.get((partition, trades.symbol), np.empty(0))
        prices = np.concatenate([before, trades.price])
        self._prices[partition, trades.symbol] = prices[-(PRICES - 1) :]
        rows = np.empty(len(trades), TRADE)
        rows["micros"], rows["surprise"] = trades.micros, surprises(prices)[len(before) :]
        rows["symbol"] = self._names.setdefault(trades.symbol, len(self._names))
        rows["partition"] = partition
        return rows

    def _with_room(self, place: int, more: int) -> int:
        """Make room for `more` rows at a position, and return its new value: the oldest rows may go."""
        if place + more <= len(self._trades):
            return place
        kept = self._trades[max(place - self.most, 0) : place]
        self._trades = np.empty(2 * (len(kept) + more), TRADE)
        self._trades[: len(kept)] = kept
        return len(kept)
