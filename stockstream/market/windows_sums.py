"""The compiled sums: each trade once, into the words of its slot.

All numbers are exact. An amount is whole units of 10^-8 that fit 63 bits; a sum of amounts is kept in two
words, a sum of price times volume in four, each word the sum of 32 bits of every summand, so that none
overflows before two thousand million trades. A candle puts the words together in Python's own integers.
"""

import numpy as np

from stockstream.market.compiled import compiled
from stockstream.market.windows_arrays import EARLY, MOST, WIDE, Bounds, Bytes, Ints, Rows, Slots

# The words of a slot.
COUNT, FIRST_OFFSET, PRICES, VOLUMES, BOUGHT, VALUES = 0, 1, 2, 4, 6, 8
LOW, HIGH = 12, 13
OPEN_TIME, OPEN_OFFSET, OPEN, CLOSE_TIME, CLOSE_OFFSET, CLOSE = 14, 15, 16, 17, 18, 19
PRICE_SCALE, VOLUME_SCALE, VALUE_SCALE, BOUGHT_SCALE = 20, 21, 22, 23
WORDS = 24

_HALF = 32
_LOW_HALF = 2**32 - 1
_SCALE = 8
# Most amounts have two decimals at most: a division tells.
_NONE, _TEN, _CENTS = np.uint64(0), np.uint64(10), np.uint64(10**6)


def clear(words: Ints) -> None:
    """Make slots, shape (slots, WORDS), those that have no trade yet."""
    words[:] = 0
    words[:, [FIRST_OFFSET, LOW, OPEN_TIME]] = MOST
    words[:, CLOSE_TIME] = -1


@compiled
def add(rows: Rows, bounds: Bounds, fates: Bytes, slots: Slots, words: Ints) -> None:
    """Add each trade that has a slot, except amounts that fit no word.

    Trades that are kept elsewhere, as early ones are, need not be read again: no first offset tells of them.
    """
    are_kept = bounds.times[-1]
    for row in range(len(slots)):
        slot = slots[row]
        if slot < 0:
            continue
        if not (are_kept or fates[row] & EARLY):
            words[slot, FIRST_OFFSET] = min(words[slot, FIRST_OFFSET], rows.offsets[row])
        if not fates[row] & WIDE:
            _sum_up(rows, row, words[slot])


@compiled
def _sum_up(rows: Rows, row: int, words: Ints) -> None:
    time, offset, price, volume = rows.times[row], rows.offsets[row], rows.prices[row], rows.volumes[row]
    words[COUNT] += 1
    _add_amount(words, PRICES, price)
    _add_amount(words, VOLUMES, volume)
    _add_product(words, price, volume)
    price_scale, volume_scale = _scale(price), _scale(volume)
    words[PRICE_SCALE] = max(words[PRICE_SCALE], price_scale)
    words[VOLUME_SCALE] = max(words[VOLUME_SCALE], volume_scale)
    words[VALUE_SCALE] = max(words[VALUE_SCALE], price_scale + volume_scale)
    if rows.buys[row]:
        _add_amount(words, BOUGHT, volume)
        words[BOUGHT_SCALE] = max(words[BOUGHT_SCALE], volume_scale)
    words[LOW], words[HIGH] = min(words[LOW], price), max(words[HIGH], price)
    if time < words[OPEN_TIME] or (time == words[OPEN_TIME] and offset < words[OPEN_OFFSET]):
        words[OPEN_TIME], words[OPEN_OFFSET], words[OPEN] = time, offset, price
    if time > words[CLOSE_TIME] or (time == words[CLOSE_TIME] and offset > words[CLOSE_OFFSET]):
        words[CLOSE_TIME], words[CLOSE_OFFSET], words[CLOSE] = time, offset, price


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


@compiled
def _scale(units: int) -> int:
    """Return how many decimals an amount has that are no idle zeros."""
    rest, scale = np.uint64(units), _SCALE
    if rest % _CENTS == _NONE:
        rest, scale = rest // _CENTS, _SCALE - 6
    while scale > 0 and rest % _TEN == _NONE:
        rest //= _TEN
        scale -= 1
    return scale
