"""A candle: what one window of trades of one symbol comes to, in exact numbers.

Sums are exact decimals that keep the scale of their summands, as PostgreSQL's NUMERIC does, so that
a mean made from them in SQL equals SQL's own mean of the trades to the last digit. The context below
raises an error where a number would have to be rounded: none ever is.

The first trade and the last are found by event time; of two at the same microsecond the one at the lower
(partition, offset) is the earlier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact

from stockstream.market import windows_sums as sums
from stockstream.market.trade import MAX_DECIMALS, Trade

EXACT = Context(prec=200, traps=[Inexact])
NOTHING = Decimal(0)

Edge = tuple[int, int, int, Decimal]


@dataclass(frozen=True)
class Candle:
    """One window of one symbol; `start` in microseconds since 1970, amounts as exact sums."""

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


@dataclass(frozen=True)
class Part:
    """What some trades of a window come to."""

    trade_count: int
    price_sum: Decimal
    low: Decimal
    high: Decimal
    volume: Decimal
    value: Decimal
    buy_volume: Decimal
    first: Edge
    last: Edge


def part_of_words(partition: int, words: Sequence[int]) -> Part:
    """Return the part that the sums of a slot come to, with one trade at least; within `EXACT`."""
    scale = words[sums.PRICE_SCALE]
    return Part(
        words[sums.COUNT],
        _amount(_put_together(words, sums.PRICES, 2), scale),
        _amount(words[sums.LOW], scale),
        _amount(words[sums.HIGH], scale),
        _amount(_put_together(words, sums.VOLUMES, 2), words[sums.VOLUME_SCALE]),
        _exact(_put_together(words, sums.VALUES, 4), 2 * MAX_DECIMALS, words[sums.VALUE_SCALE]),
        _amount(_put_together(words, sums.BOUGHT, 2), words[sums.BOUGHT_SCALE]),
        (words[sums.OPEN_TIME], partition, words[sums.OPEN_OFFSET], _amount(words[sums.OPEN], scale)),
        (words[sums.CLOSE_TIME], partition, words[sums.CLOSE_OFFSET], _amount(words[sums.CLOSE], scale)),
    )


def part_of_trade(place: tuple[int, int, int], trade: Trade) -> Part:
    """Return the part that one trade is, at its (event time, partition, offset); within `EXACT`."""
    edge = (*place, trade.price)
    bought = trade.volume if trade.trade_type == "BUY" else NOTHING
    value = trade.price * trade.volume
    return Part(1, trade.price, trade.price, trade.price, trade.volume, value, bought, edge, edge)


def candle(symbol: str, start: int, parts: Sequence[Part], *, is_final: bool) -> Candle:
    """Return the candle that parts, at least one, come to; within `EXACT`."""
    volume = sum((part.volume for part in parts), NOTHING)
    buy_volume = sum((part.buy_volume for part in parts), NOTHING)
    return Candle(
        symbol=symbol,
        start=start,
        trade_count=sum(part.trade_count for part in parts),
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


def _put_together(words: Sequence[int], at: int, count: int) -> int:
    return sum(words[at + step] << (32 * step) for step in range(count))


def _amount(units: int, scale: int) -> Decimal:
    return _exact(units, MAX_DECIMALS, scale)


def _exact(units: int, decimals: int, scale: int) -> Decimal:
    """Return so many units of 10^-decimals, of which none below 10^-scale is there."""
    return Decimal(units // 10 ** (decimals - scale)).scaleb(-scale)
