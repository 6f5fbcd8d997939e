"""A trade window of one symbol's tape, as columns: the input of every detector.

The label of a trade is not a column here, so no detector can read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from stockstream.market.trade.schema import SIDES, Trade

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Sides = NDArray[np.int8]
Texts = NDArray[np.object_]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, eq=False)
class TradeWindow:
    """Trades of one symbol in the order in which they are examined; columns of equal length.

    Attributes:
        micros: event time, microseconds since 1970 in UTC.
        price: of one unit.
        volume: above zero.
        side: 1 if the taker bought, -1 if it sold, 0 if that is unknown.
        trade_ids: identify a trade together with `sources` and the symbol.
        market: how many trades of all symbols had happened by then, counted from any start; all zero if only
            this symbol's tape is known. Only its differences are used.
        unrest: how much more than usual the others' prices have just moved, as a ratio of variances; one
            if the market is calm or unknown.

    >>> window = of_rows("AAPL", [(0, 187.0, 100.0, 1, "a", "synthetic"),
    ...                            (5, float("nan"), 100.0, 1, "b", "synthetic")])
    >>> len(window), len(window.then(window)), window.moment(0).isoformat()
    (1, 2, '1970-01-01T00:00:00+00:00')
    """

    symbol: str
    micros: Ints
    price: Floats
    volume: Floats
    side: Sides
    trade_ids: Texts
    sources: Texts
    market: Ints
    unrest: Floats

    def __len__(self) -> int:
        """Return the number of trades."""
        return len(self.micros)

    def __getitem__(self, part: slice | Bools) -> "TradeWindow":
        return self.of(self.symbol, part)

    def of(self, symbol: str, part: slice | Bools | Ints) -> "TradeWindow":
        """Return a part of the window, as a trade window of this symbol."""
        return TradeWindow(
            symbol,
            self.micros[part],
            self.price[part],
            self.volume[part],
            self.side[part],
            self.trade_ids[part],
            self.sources[part],
            self.market[part],
            self.unrest[part],
        )

    def then(self, later: "TradeWindow") -> "TradeWindow":
        """Return this window followed by a later one."""
        return TradeWindow(
            self.symbol,
            np.concatenate([self.micros, later.micros]),
            np.concatenate([self.price, later.price]),
            np.concatenate([self.volume, later.volume]),
            np.concatenate([self.side, later.side]),
            np.concatenate([self.trade_ids, later.trade_ids]),
            np.concatenate([self.sources, later.sources]),
            np.concatenate([self.market, later.market]),
            np.concatenate([self.unrest, later.unrest]),
        )

    def moment(self, index: int) -> datetime:
        """Return the event time of a trade."""
        return EPOCH + timedelta(microseconds=int(self.micros[index]))


Row = tuple[int, float, float, int, str, str]


def of_rows(symbol: str, rows: Sequence[Row]) -> TradeWindow:
    """Return the window of (micros, price, volume, side, trade_id, source) rows.

    A row without a price, or whose volume is not a positive number, cannot be measured and is left out.
    """
    micros, price, volume, side, trade_ids, sources = zip(*rows, strict=True) if rows else ((),) * 6
    window = TradeWindow(
        symbol,
        np.array(micros, np.int64),
        np.array(price, np.float64),
        np.array(volume, np.float64),
        np.array(side, np.int8),
        np.array(trade_ids, np.object_),
        np.array(sources, np.object_),
        np.zeros(len(micros), np.int64),
        np.ones(len(micros)),
    )
    sound = np.isfinite(window.price) & np.isfinite(window.volume)
    return window[sound & (window.volume > 0)]


def of_trades(symbol: str, trades: Sequence[Trade]) -> TradeWindow:
    """Return the window of trades of one symbol."""
    return of_rows(symbol, [_row(trade) for trade in trades])


def _row(trade: Trade) -> Row:
    micros = (trade.timestamp - EPOCH) // MICROSECOND
    side = SIDES[trade.trade_type]
    return micros, float(trade.price), float(trade.volume), side, trade.trade_id, trade.source
