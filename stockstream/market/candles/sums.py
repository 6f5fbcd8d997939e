"""The compiled sums: each trade is added to the words of its candle.

All numbers are exact. An amount is a whole number of units of 10^-8 that fits 63 bits; a sum of amounts takes
two words, a sum of price times volume four, each word the sum of 32 bits of every summand, so that none
overflows before two thousand million trades. A candle combines the words into Python's own integers.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockstream.market.compiled import compiled

Ints = NDArray[np.int64]

# The words of a candle.
COUNT, PRICES, VOLUMES, BOUGHT, VALUES = 0, 1, 3, 5, 7
LOW, HIGH, OPEN_TIME, OPEN, CLOSE_TIME, CLOSE = range(11, 17)
WORDS = 17

MOST = 2**63 - 1
_HALF = 32
_LOW_HALF = 2**32 - 1


class Trades(NamedTuple):
    """Trades as columns, shape (n,): microseconds since 1970, amounts in units of 10^-8."""

    times: Ints
    prices: Ints
    volumes: Ints
    buys: NDArray[np.bool_]


def cleared(count: int) -> Ints:
    """Return `count` candles without a trade, shape (count, WORDS)."""
    words = np.zeros((count, WORDS), np.int64)
    words[:, [LOW, OPEN_TIME]] = MOST
    words[:, CLOSE_TIME] = -1
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
    time, price, volume = trades.times[row], trades.prices[row], trades.volumes[row]
    words[COUNT] += 1
    _add_amount(words, PRICES, price)
    _add_amount(words, VOLUMES, volume)
    _add_product(words, price, volume)
    if trades.buys[row]:
        _add_amount(words, BOUGHT, volume)
    words[LOW], words[HIGH] = min(words[LOW], price), max(words[HIGH], price)
    if time < words[OPEN_TIME]:
        words[OPEN_TIME], words[OPEN] = time, price
    if time >= words[CLOSE_TIME]:
        words[CLOSE_TIME], words[CLOSE] = time, price


@compiled
def _add_amount(words: Ints, at: int, amount: int) -> None:
    words[at] += amount & _LOW_HALF
    words[at + 1] += amount >> _HALF


@compiled
def _add_product(words: Ints, one: int, two: int) -> None:
    """Add a product of two numbers below 2^63, from the products of their halves."""
    half, low_half = np.uint64(_HALF), np.uint64(_LOW_HALF)
    one_low, one_high = np.uint64(one) & low_half, np.uint64(one) >> half
    two_low, two_high = np.uint64(two) & low_half, np.uint64(two) >> half
    low, high = one_low * two_low, one_high * two_high
    middle, other = one_low * two_high, one_high * two_low
    words[VALUES] += np.int64(low & low_half)
    words[VALUES + 1] += np.int64((low >> half) + (middle & low_half) + (other & low_half))
    words[VALUES + 2] += np.int64((high & low_half) + (middle >> half) + (other >> half))
    words[VALUES + 3] += np.int64(high >> half)
