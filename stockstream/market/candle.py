"""A candle: what one minute of trades of one symbol comes to, in exact numbers.

Sums are exact decimals that keep the scale of their summands, as PostgreSQL's NUMERIC does, so that
a mean made from them in SQL equals SQL's own mean of the trades to the last digit. The context below
raises an error where a number would have to be rounded: none ever is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from itertools import compress
from operator import mul
from sys import maxsize

from stockstream.market.windows_columns import Columns, TradeKey

EXACT = Context(prec=200, traps=[Inexact])
NOTHING = Decimal(0)

Edge = tuple[int, int, int, Decimal]


@dataclass(frozen=True)
class Candle:
    """One minute of one symbol; `start` in microseconds since 1970, amounts as exact sums."""

    symbol: str
    start: int
    trade_count: int
    price_sum: Decimal
    low: Decimal
    high: Decimal
    volume: Decimal
    value: Decimal
    open: Decimal
    close: Decimal
    buy_volume: Decimal
    sell_volume: Decimal
    is_final: bool


class Part:
    """What one partition gives to a candle: running sums, edges, and the trades counted.

    The first trade and the last are found by event time; of two at the same microsecond the one at
    the lower (partition, offset) is the earlier.
    """

    def __init__(self, partition: int) -> None:
        """Start without trades."""
        self.partition = partition
        self.first_offset = maxsize
        self.keys: set[TradeKey] = set()
        self.price_sum = self.volume = self.value = self.buy_volume = NOTHING
        self.low = self.high = NOTHING
        self.first: Edge = (0, 0, 0, NOTHING)
        self.last: Edge = (0, 0, 0, NOTHING)

    def add(self, trades: Columns, *, kept: bool = False) -> None:
        """Add trades, at least one, none of them counted before; within `EXACT`.

        Those that are `kept` elsewhere do not count for `first_offset`, where to read back to.
        """
        begins = not self.keys
        first = trades.times.index(min(trades.times))
        last = len(trades) - 1 - trades.times[::-1].index(max(trades.times))
        opening, closing = self._edge(trades, first), self._edge(trades, last)
        self.first = opening if begins else min(self.first, opening)
        self.last = closing if begins else max(self.last, closing)
        self.low = min(trades.prices) if begins else min(self.low, *trades.prices)
        self.high = max(trades.prices) if begins else max(self.high, *trades.prices)
        self.first_offset = self.first_offset if kept else min(self.first_offset, trades.offsets[0])
        self.price_sum = sum(trades.prices, self.price_sum)
        self.volume = sum(trades.volumes, self.volume)
        self.value = sum(map(mul, trades.prices, trades.volumes), self.value)
        self.buy_volume = sum(compress(trades.volumes, trades.buys), self.buy_volume)
        self.keys.update(trades.keys)

    def _edge(self, trades: Columns, place: int) -> Edge:
        return (trades.times[place], self.partition, trades.offsets[place], trades.prices[place])


def candle(symbol: str, start: int, parts: Sequence[Part], *, is_final: bool) -> Candle:
    """Return the candle that parts, at least one, come to; within `EXACT`."""
    volume = sum((part.volume for part in parts), NOTHING)
    buy_volume = sum((part.buy_volume for part in parts), NOTHING)
    return Candle(
        symbol=symbol,
        start=start,
        trade_count=sum(len(part.keys) for part in parts),
        price_sum=sum((part.price_sum for part in parts), NOTHING),
        low=min(part.low for part in parts),
        high=max(part.high for part in parts),
        volume=volume,
        value=sum((part.value for part in parts), NOTHING),
        open=min(part.first for part in parts)[-1],
        close=max(part.last for part in parts)[-1],
        buy_volume=buy_volume,
        sell_volume=volume - buy_volume,
        is_final=is_final,
    )
