"""Trades as the columns that candles are made of."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stockstream.market.candles.sums import Ints, Trades
from stockstream.market.trade.arrivals import Arrivals
from stockstream.market.trade.columns import SCHEMA, micros, units

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The fields that candles need.
FIELDS = pa.schema([SCHEMA.field(name) for name in ("timestamp", "symbol", "price", "volume", "trade_type")])


@dataclass(frozen=True)
class Columns:
    """Trades in the order of arrival, as columns of equal length.

    Attributes:
        trades: times, amounts and sides.
        partitions: the partition of each trade.
        numbers: the index of each trade's symbol in `symbols`.
        bad: how many messages are in no column: those that are not trades, and those with amounts that do not
            fit into a word, which are left to SQL.
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
    prices, prices_fit = units(arrivals.trades["price"])
    volumes, volumes_fit = units(arrivals.trades["volume"])
    trades, fit = arrivals.trades, prices_fit & volumes_fit
    if not fit.all():
        trades, prices, volumes = trades.filter(fit), prices[fit], volumes[fit]
    symbols = trades["symbol"].combine_chunks().dictionary_encode()
    return Columns(
        Trades(
            micros(trades),
            prices,
            volumes,
            pc.equal(trades["trade_type"], "BUY").to_numpy(),
        ),
        trades["kafka_partition"].to_numpy(),
        symbols.indices.to_numpy().astype(np.int64),
        symbols.dictionary.to_pylist(),
        bad=len(arrivals.messages) - len(trades),
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
