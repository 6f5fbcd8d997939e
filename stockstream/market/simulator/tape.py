"""A block of simulated trades as columns, without an object per trade."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stockstream.market.trade.labels import label
from stockstream.market.trade.schema import Trade

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SOURCE = "synthetic"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Tape:
    """Trades in order of time; all columns have the same length.

    Args:
        symbols: the names that `symbol` indexes.
        kinds: the labels that `label` indexes; the first is None, no anomaly.
        at: seconds since the market opened.
        cents: prices.
        volume: shares.
        buy: whether the taker bought.
        label: the kind of anomaly, 0 for none.
        episode: the number of its episode, from 1; 0 for none.
        run: makes the episodes of this market's run different from those of any other.
    """

    symbols: tuple[str, ...]
    kinds: tuple[str | None, ...]
    at: Floats
    symbol: Ints
    cents: Ints
    volume: Ints
    buy: Bools
    label: Ints
    episode: Ints
    run: str = "0"

    def __len__(self) -> int:
        """Return the number of trades."""
        return self.at.size

    def __getitem__(self, rows: slice) -> Self:
        return replace(
            self,
            at=self.at[rows],
            symbol=self.symbol[rows],
            cents=self.cents[rows],
            volume=self.volume[rows],
            buy=self.buy[rows],
            label=self.label[rows],
            episode=self.episode[rows],
        )

    def anomaly(self, row: int) -> str | None:
        """Return the label of a row, as written in the message."""
        kind = self.kinds[self.label[row]]
        return None if kind is None else label(kind, f"{self.run}-{self.episode[row]}")

    def trade(self, row: int, event_time: int, trade_id: str) -> Trade:
        """Return one row as a Trade.

        Args:
            row: the index of the row.
            event_time: microseconds since 1970 in UTC.
            trade_id: the trade's id.
        """
        return Trade(
            trade_id=trade_id,
            timestamp=EPOCH + timedelta(microseconds=int(event_time)),
            symbol=self.symbols[self.symbol[row]],
            price=Decimal(int(self.cents[row])).scaleb(-2),
            volume=Decimal(int(self.volume[row])),
            trade_type="BUY" if self.buy[row] else "SELL",
            source=SOURCE,
            anomaly=self.anomaly(row),
        )
