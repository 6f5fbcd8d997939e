"""The compiled sums: each trade is added to the words of its candle.

All numbers are exact. An amount is a number of units of 10^-12 in 128 bits. A sum of amounts takes four
words, a sum of price times volume eight, each word the sum of 32 bits of every summand, so that none
overflows before two thousand million trades. A candle combines the words into Python's own integers.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockstream.market.compiled import compiled
from stockstream.market.trade.schema import BUY, UNKNOWN

Ints = NDArray[np.int64]

# The words of a candle.
COUNT, PRICES, VOLUMES, BOUGHT, SOLD, VALUES = 0, 1, 5, 9, 13, 17
LOW, HIGH, OPEN, CLOSE, OPEN_TIME, CLOSE_TIME = 25, 27, 29, 31, 33, 34
WORDS = 35

MOST = 2**63 - 1
_HALF = 32
_LOW_HALF = 2**32 - 1


class Trades(NamedTuple):
    """Trades as columns.

    Attributes:
        times: microseconds since 1970, shape (n,).
        prices: units of 10^-12, as the low and the high half of 128 bits, shape (n, 2).
        volumes: the same.
        sides: BUY, SELL or UNKNOWN of `schema`, shape (n,).
        updates: whether the trade moves open, high, low and close, shape (n,).
    """

    times: Ints
    prices: Ints
    volumes: Ints
    sides: NDArray[np.int8]
    updates: NDArray[np.bool_]


def cleared(count: int) -> Ints:
    """Return `count` candles without a trade, shape (count, WORDS)."""
    words = np.zeros((count, WORDS), np.int64)
    words[:, OPEN_TIME], words[:, CLOSE_TIME] = MOST, -1
    return words


@compiled
def add(trades: Trades, slots: Ints, words: Ints) -> None:
    """Add each trade to the candle in its slot; a negative slot means none.

    Of two trades with the same time, the one that arrived first counts as earlier.
    """
    for row in range(len(slots)):
        if slots[row] >= 0:
            _sum_up(trades, row, words[slots[row]])


@compiled
def _sum_up(trades: Trades, row: int, words: Ints) -> None:
    price, volume, side = trades.prices[row], trades.volumes[row], trades.sides[row]
    words[COUNT] += 1
    _add_product(words, price, volume)
    _add_amount(words, PRICES, price)
    _add_amount(words, VOLUMES, volume)
    if side != UNKNOWN:
        _add_amount(words, BOUGHT if side == BUY else SOLD, volume)
    if trades.updates[row]:
        _move(words, trades.times[row], price)


@compiled
def _move(words: Ints, time: int, price: Ints) -> None:
    """Move open, high, low and close by a trade; the first one sets them all."""
    is_first = words[CLOSE_TIME] < 0
    if is_first or _is_below(price, words[LOW : LOW + 2]):
        words[LOW : LOW + 2] = price
    if is_first or _is_below(words[HIGH : HIGH + 2], price):
        words[HIGH : HIGH + 2] = price
    if time < words[OPEN_TIME]:
        words[OPEN_TIME] = time
        words[OPEN : OPEN + 2] = price
    if time >= words[CLOSE_TIME]:
        words[CLOSE_TIME] = time
        words[CLOSE : CLOSE + 2] = price


@compiled
def _is_below(one: Ints, other: Ints) -> bool:
    if one[1] != other[1]:
        return bool(one[1] < other[1])
    return bool(np.uint64(one[0]) < np.uint64(other[0]))


@compiled
def _add_amount(words: Ints, at: int, amount: Ints) -> None:
    words[at] += amount[0] & _LOW_HALF
    words[at + 1] += amount[0] >> _HALF & _LOW_HALF
    words[at + 2] += amount[1] & _LOW_HALF
    words[at + 3] += amount[1] >> _HALF


@compiled
def _add_product(words: Ints, price: Ints, volume: Ints) -> None:
    """Add a product, from the products of 32 bits of each; a volume is positive."""
    sign, low, high = 1, price[0], price[1]
    if high < 0:
        sign, low, high = -1, -low, ~high + (low == 0)
    for step in range(4):
        one = _part(low, high, step)
        if one:
            for other in range(4):
                product = one * _part(volume[0], volume[1], other)
                at = VALUES + step + other
                words[at] += sign * np.int64(product & np.uint64(_LOW_HALF))
                words[at + 1] += sign * np.int64(product >> np.uint64(_HALF))


@compiled
def _part(low: int, high: int, step: int) -> "np.uint64":
    """Return 32 bits of a number of 128, the lowest first."""
    half = high if step // 2 else low
    return np.uint64(half >> _HALF * (step % 2) & _LOW_HALF)
