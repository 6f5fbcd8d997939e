"""A candle: the trades of a symbol and minute, summarised in exact numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

import numpy as np

from stockstream.market.candles import sums
from stockstream.market.trade.schema import MAX_DECIMALS

# Sums have more digits than the usual 28.
_EXACT = Context(prec=200)


@dataclass(frozen=True)
class Candle:
    """One minute of one symbol; times in microseconds since 1970.

    `opened` and `closed` are the times of the first trade and the last of those that update the last price;
    without any, they, open, high, low and close are None.
    """

    symbol: str
    start: int
    trade_count: int
    price_sum: Decimal
    low: Decimal | None
    high: Decimal | None
    volume: Decimal
    value: Decimal
    buy_volume: Decimal
    sell_volume: Decimal
    opened: int | None
    open: Decimal | None
    closed: int | None
    close: Decimal | None
    is_final: bool = False


def candle_of(symbol: str, start: int, words: Sequence[int], *, is_final: bool) -> Candle:
    """Return the candle of a minute's sums, which include at least one trade."""

    def price(at: int) -> Decimal | None:
        return _amount((words[at + 1] << 64) + words[at] % 2**64) if is_priced else None

    is_priced = words[sums.CLOSE_TIME] >= 0
    return Candle(
        symbol=symbol,
        start=start,
        trade_count=words[sums.COUNT],
        price_sum=_amount(_put_together(words, sums.PRICES)),
        low=price(sums.LOW),
        high=price(sums.HIGH),
        volume=_amount(_put_together(words, sums.VOLUMES)),
        value=_amount(_put_together(words, sums.VALUES, 8), 2 * MAX_DECIMALS),
        buy_volume=_amount(_put_together(words, sums.BOUGHT)),
        sell_volume=_amount(_put_together(words, sums.SOLD)),
        opened=words[sums.OPEN_TIME] if is_priced else None,
        open=price(sums.OPEN),
        closed=words[sums.CLOSE_TIME] if is_priced else None,
        close=price(sums.CLOSE),
        is_final=is_final,
    )


def words_of(candle: Candle) -> sums.Ints:
    """Return the sums that a candle was made from."""
    words: sums.Ints = sums.cleared(1)[0]
    words[sums.COUNT] = candle.trade_count
    if candle.opened is not None and candle.closed is not None:
        words[[sums.OPEN_TIME, sums.CLOSE_TIME]] = candle.opened, candle.closed
    prices = (candle.low, candle.high, candle.open, candle.close)
    for at, price in zip((sums.LOW, sums.HIGH, sums.OPEN, sums.CLOSE), prices, strict=True):
        if price is not None:
            words[at : at + 2] = np.frombuffer(_units(price).to_bytes(16, "little", signed=True), np.int64)
    _take_apart(words, sums.PRICES, candle.price_sum)
    _take_apart(words, sums.VOLUMES, candle.volume)
    _take_apart(words, sums.BOUGHT, candle.buy_volume)
    _take_apart(words, sums.SOLD, candle.sell_volume)
    _take_apart(words, sums.VALUES, candle.value, 8, 2 * MAX_DECIMALS)
    return words


def _put_together(words: Sequence[int], at: int, count: int = 4) -> int:
    return sum(words[at + step] << (32 * step) for step in range(count))


def _take_apart(
    words: sums.Ints, at: int, amount: Decimal, count: int = 4, decimals: int = MAX_DECIMALS
) -> None:
    units = _units(amount, decimals)
    for step in range(count - 1):
        words[at + step] = (units >> (32 * step)) & 0xFFFF_FFFF
    words[at + count - 1] = units >> (32 * (count - 1))


def _units(amount: Decimal, decimals: int = MAX_DECIMALS) -> int:
    return int(_EXACT.scaleb(amount, decimals))


def _amount(units: int, decimals: int = MAX_DECIMALS) -> Decimal:
    """Return an amount in units of 10^-decimals; exact, whatever the context's precision."""
    return Decimal(f"{units}E-{decimals}")
