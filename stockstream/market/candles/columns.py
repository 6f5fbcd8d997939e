"""Trades as the columns that candles are made of."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from stockstream.market.candles.sums import Ints, Trades
from stockstream.market.trade.arrivals import Arrivals, originals
from stockstream.market.trade.columns import SCHEMA, flags, micros, sides, units

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The fields that candles need.
_NAMES = ("timestamp", "symbol", "price", "volume", "trade_type", "updates_last", "corrects")
FIELDS = pa.schema([SCHEMA.field(name) for name in _NAMES])


@dataclass(frozen=True)
class Columns:
    """Trades in the order of arrival, as columns of equal length.

    Attributes:
        trades: times, amounts and sides.
        partitions: the partition of each trade.
        numbers: the index of each trade's symbol in `symbols`.
        bad: how many messages are not trades.
    """

    trades: Trades
    partitions: Ints
    numbers: Ints
    symbols: list[str]
    bad: int = 0

    def __len__(self) -> int:
        """Return the number of trades."""
        return len(self.numbers)


def columns(arrivals: Arrivals) -> Columns:
    """Return the trades of messages that were decoded with `FIELDS`."""
    trades = originals(arrivals.trades)
    symbols = trades["symbol"].combine_chunks().dictionary_encode()
    return Columns(
        Trades(
            micros(trades),
            units(trades["price"]),
            units(trades["volume"]),
            sides(trades["trade_type"]),
            flags(trades["updates_last"]),
        ),
        trades["kafka_partition"].to_numpy(),
        symbols.indices.to_numpy().astype(np.int64),
        symbols.dictionary.to_pylist(),
        bad=len(arrivals.messages) - len(arrivals.trades),
    )


def microseconds(moment: datetime) -> int:
    """Return a time in the years 1970 to 2200 as microseconds since 1970, exactly.

    The float of `timestamp()` is off by less than a microsecond in these years, so its whole seconds
    are right; the microseconds are taken from the datetime itself.

    >>> microseconds(datetime(1970, 1, 1, 0, 1, 0, 1, tzinfo=UTC))
    60000001
    """
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def moment(since_1970: int) -> datetime:
    """Return the time of an exact number of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=since_1970)
