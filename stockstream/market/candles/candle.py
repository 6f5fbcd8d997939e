"""A candle: the trades of a symbol and minute, summarised in exact numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from stockstream.market.candles import sums
from stockstream.market.trade.schema import MAX_DECIMALS

# Sums have more digits than the usual 28.
_EXACT = Context(prec=200)


@dataclass(frozen=True)
class Candle:
    """One minute of one symbol; times in microseconds since 1970.

    `opened` and `closed` are the times of the first trade and the last.
    """

    symbol: str
    start: int
    trade_count: int
    price_sum: Decimal
    low: Decimal
    high: Decimal
    volume: Decimal
    value: Decimal
    buy_volume: Decimal
    opened: int
    open: Decimal
    closed: int
    close: Decimal
    is_final: bool = False


def candle_of(symbol: str, start: int, words: Sequence[int], *, is_final: bool) -> Candle:
    """Return the candle of a minute's sums, which include at least one trade."""
    return Candle(
        symbol=symbol,
        start=start,
        trade_count=words[sums.COUNT],
        price_sum=_amount(_put_together(words, sums.PRICES, 2)),
        low=_amount(words[sums.LOW]),
        high=_amount(words[sums.HIGH]),
        volume=_amount(_put_together(words, sums.VOLUMES, 2)),
        value=_amount(_put_together(words, sums.VALUES, 4), 2 * MAX_DECIMALS),
        buy_volume=_amount(_put_together(words, sums.BOUGHT, 2)),
        opened=words[sums.OPEN_TIME],
        open=_amount(words[sums.OPEN]),
        closed=words[sums.CLOSE_TIME],
        close=_amount(words[sums.CLOSE]),
        is_final=is_final,
    )


def words_of(candle: Candle) -> sums.Ints | None:
    """Return the sums that a candle was made from, or None if one of its amounts does not fit into a word."""
    words: sums.Ints = sums.cleared(1)[0]
    units = [_units(each) for each in (candle.low, candle.high, candle.open, candle.close)]
    if max(units) > sums.MOST:
        return None
    words[[sums.LOW, sums.HIGH, sums.OPEN, sums.CLOSE]] = units
    words[[sums.COUNT, sums.OPEN_TIME, sums.CLOSE_TIME]] = candle.trade_count, candle.opened, candle.closed
    _take_apart(words, sums.PRICES, candle.price_sum, 2)
    _take_apart(words, sums.VOLUMES, candle.volume, 2)
    _take_apart(words, sums.BOUGHT, candle.buy_volume, 2)
    _take_apart(words, sums.VALUES, candle.value, 4, 2 * MAX_DECIMALS)
    return words


def _put_together(words: Sequence[int], at: int, count: int) -> int:
    return sum(words[at + step] << (32 * step) for step in range(count))


def _take_apart(words: sums.Ints, at: int, amount: Decimal, count: int, decimals: int = MAX_DECIMALS) -> None:
    units = _units(amount, decimals)
    for step in range(count - 1):
        words[at + step] = (units >> (32 * step)) & 0xFFFF_FFFF
    words[at + count - 1] = units >> (32 * (count - 1))


def _units(amount: Decimal, decimals: int = MAX_DECIMALS) -> int:
    return int(_EXACT.scaleb(amount, decimals))


def _amount(units: int, decimals: int = MAX_DECIMALS) -> Decimal:
    """Return an amount in units of 10^-decimals; exact, whatever the context's precision."""
    return Decimal(f"{units}E-{decimals}")
