"""The compiled part of windows: each trade once, into the sums of its symbol's window.

All numbers are exact. An amount is whole units of 10^-8 that fit 63 bits; a sum of amounts is kept in two
words, a sum of price times volume in four, each word the sum of 32 bits of every summand, so that none
overflows before two thousand million trades. A candle puts the words together in Python's own integers.

A trade's id is 128 bits: its own bytes where those are at most 15, the bits of a UUID, or the digest of a
longer one. So ids are compared whole, at 16 bytes each, however they are spelled.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockstream.market.compiled import compiled

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Slots = NDArray[np.int32]

WIDTH = 64  # bytes of the longest name

# How an id came to be 128 bits: ids of two kinds are never the same.
SHORT, UUID, LONG, KINDS = range(4)
_MOST_SHORT, _IN_FIRST = 15, 7
_UUID_LENGTH, _HALF_UUID = 36, 16
_DASHES = np.isin(np.arange(_UUID_LENGTH), [8, 13, 18, 23])
_NO_DIGIT = 255
_DIGITS = np.full(256, _NO_DIGIT, np.uint8)
_DIGITS[list(b"0123456789abcdef")] = np.arange(16)

# What became of a trade, beside being counted or passed over.
LATE, EARLY, WIDE = 1, 2, 4
NOT_SHARED = -2

# The words of a slot.
COUNT, FIRST_OFFSET, PRICES, VOLUMES, BOUGHT, VALUES = 0, 1, 2, 4, 6, 8
LOW, HIGH = 12, 13
OPEN_TIME, OPEN_OFFSET, OPEN, CLOSE_TIME, CLOSE_OFFSET, CLOSE = 14, 15, 16, 17, 18, 19
PRICE_SCALE, VOLUME_SCALE, VALUE_SCALE, BOUGHT_SCALE = 20, 21, 22, 23
WORDS = 24
MOST = 2**63 - 1

# Whose a slot is.
PARTITION, SYMBOL, ORIGIN, START, ALIVE, TOUCHED = range(6)
OWNERS = 6

_HALF = 32
_LOW_HALF = 2**32 - 1
_SCALE = 8
_ONE, _TWO, _THREE = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(0x165667B19E3779F9),
)
# Most amounts have two decimals at most: a division tells.
_NONE, _TEN, _CENTS = np.uint64(0), np.uint64(10), np.uint64(10**6)
_SHIFT, _PRIME, _BASIS = np.uint64(29), np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)


class Rows(NamedTuple):
    """Trades as columns, shape (n,); `ids` of shape (n, 2); `origins` tell source and kind of id.

    A price of zero says that price or volume are too large for a word.
    """

    partitions: Ints
    offsets: Ints
    times: Ints
    symbols: Ints
    origins: Ints
    ids: NDArray[np.uint64]
    prices: Ints
    volumes: Ints
    buys: Flags


class Held(NamedTuple):
    """What is held: slots with their sums, and the ids counted in each.

    Args:
        owners: whose each slot is, shape (slots, OWNERS).
        words: sums, shape (slots, WORDS).
        by_owner: the slots by a hash of their owner.
        ids: shape (ids, 2), in the order of counting.
        slots: the slot that each id was counted in.
        by_id: the ids by a hash of id, symbol and source.
        used: how many slots and ids there are.
    """

    owners: Ints
    words: Ints
    by_owner: Slots
    ids: NDArray[np.uint64]
    slots: Slots
    by_id: Slots
    used: Ints


class Bounds(NamedTuple):
    """What tells early, late and read-before trades.

    Args:
        watermarks: of each partition, moved on by the trades.
        next_offsets: of each partition: what lies below was read before.
        shared: of each symbol, the time that had passed it, if several partitions carry it.
        times: now; how far ahead of it a time is believed; the width of a window; the allowed lateness;
            and 1 where the trades are kept elsewhere and come back after a restart, else 0.
    """

    watermarks: Ints
    next_offsets: Ints
    shared: Ints
    times: Ints


@compiled
def add(rows: Rows, bounds: Bounds, held: Held, fates: Bytes, slots: Slots) -> None:
    """Count each trade in its window, unless it was counted or is late; `fates` and `slots` say which."""
    now, skew, width, lateness, are_kept = bounds.times
    for row in range(len(rows.times)):
        partition, time, symbol = rows.partitions[row], rows.times[row], rows.symbols[row]
        start = time - time % width
        is_fresh = not are_kept and rows.offsets[row] >= bounds.next_offsets[partition]
        is_early = is_fresh and time > now + skew
        passed = bounds.watermarks[partition]
        if is_fresh and not is_early and min(time, now) > passed:
            bounds.watermarks[partition] = min(time, now)
        if bounds.shared[symbol] != NOT_SHARED:
            passed = bounds.shared[symbol]
        is_gone = not is_early and passed >= start + width + lateness
        if is_gone and not is_fresh:
            continue
        at = _find_id(rows, row, held)
        if held.by_id[at] >= 0 and _is_alive(held, held.by_id[at]):
            continue
        if is_gone:
            fates[row] = LATE
            continue
        slot = _slot(rows, row, start, held)
        _keep_id(rows, row, held, at, slot)
        slots[row] = slot
        held.owners[slot, TOUCHED] = 1
        if is_early:
            fates[row] = EARLY
        elif not are_kept and rows.offsets[row] < held.words[slot, FIRST_OFFSET]:
            held.words[slot, FIRST_OFFSET] = rows.offsets[row]
        if rows.prices[row] == 0:
            fates[row] |= WIDE
        else:
            _sum_up(rows, row, held.words[slot])


@compiled
def _is_alive(held: Held, entry: int) -> bool:
    is_alive: bool = held.owners[held.slots[entry], ALIVE] == 1
    return is_alive


@compiled
def _hash(one: np.uint64, two: np.uint64, three: np.uint64) -> np.uint64:
    mixed = (one ^ (one >> _SHIFT)) * _ONE
    mixed = (mixed ^ two ^ (mixed >> _SHIFT)) * _TWO
    mixed = (mixed ^ three ^ (mixed >> _SHIFT)) * _THREE
    return mixed ^ (mixed >> _SHIFT)


@compiled
def _among(hashed: np.uint64, size: int) -> int:
    """Return a place below `size`, which is below 2^32, by the high bits of a hash (Lemire, no division)."""
    half = np.uint64(_HALF)
    return np.int64(((hashed >> half) * np.uint64(size)) >> half)  # type: ignore[return-value]


@compiled
def _id_place(one: np.uint64, two: np.uint64, symbol: int, origin: int, size: int) -> int:
    return _among(_hash(one, two, np.uint64(symbol * KINDS + origin)), size)


@compiled
def _find_id(rows: Rows, row: int, held: Held) -> int:
    """Return the place in `by_id` of a trade's id, or the empty one where it belongs."""
    one, two = rows.ids[row, 0], rows.ids[row, 1]
    symbol, origin = rows.symbols[row], rows.origins[row]
    at = _id_place(one, two, symbol, origin, len(held.by_id))
    while held.by_id[at] >= 0:
        entry = held.by_id[at]
        if held.ids[entry, 0] == one and held.ids[entry, 1] == two:
            slot = held.slots[entry]
            if held.owners[slot, SYMBOL] == symbol and held.owners[slot, ORIGIN] == origin:
                break
        at = at + 1 if at + 1 < len(held.by_id) else 0
    return at


@compiled
def _keep_id(rows: Rows, row: int, held: Held, at: int, slot: int) -> None:
    """Note that a trade was counted in a slot; an id that was counted in a forgotten one moves over."""
    entry = held.by_id[at]
    if entry < 0:
        entry = held.used[1]
        held.used[1] += 1
        held.by_id[at] = entry
        held.ids[entry, 0], held.ids[entry, 1] = rows.ids[row, 0], rows.ids[row, 1]
    held.slots[entry] = slot


@compiled
def _slot_place(partition: int, symbol: int, origin: int, start: int, size: int) -> int:
    return _among(_hash(np.uint64(symbol), np.uint64(origin * 65_536 + partition), np.uint64(start)), size)


@compiled
def _slot(rows: Rows, row: int, start: int, held: Held) -> int:
    """Return the slot of a trade, a new one if there is none."""
    partition, symbol, origin = rows.partitions[row], rows.symbols[row], rows.origins[row]
    at = _slot_place(partition, symbol, origin, start, len(held.by_owner))
    while held.by_owner[at] >= 0:
        slot: int = held.by_owner[at]
        owner = held.owners[slot]
        if (
            owner[START] == start
            and owner[SYMBOL] == symbol
            and owner[PARTITION] == partition
            and owner[ORIGIN] == origin
            and owner[ALIVE] == 1
        ):
            return slot
        at = at + 1 if at + 1 < len(held.by_owner) else 0
    slot = held.used[0]
    held.used[0] += 1
    held.by_owner[at] = slot
    owner = held.owners[slot]
    owner[PARTITION], owner[SYMBOL], owner[ORIGIN], owner[START] = partition, symbol, origin, start
    owner[ALIVE], owner[TOUCHED] = 1, 1
    held.words[slot] = 0
    held.words[slot, FIRST_OFFSET] = held.words[slot, LOW] = MOST
    held.words[slot, OPEN_TIME] = MOST
    held.words[slot, CLOSE_TIME] = -1
    return slot


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


@compiled
def index_owners(held: Held) -> None:
    """Fill an empty `by_owner`."""
    for slot in range(held.used[0]):
        owner = held.owners[slot]
        at = _slot_place(owner[PARTITION], owner[SYMBOL], owner[ORIGIN], owner[START], len(held.by_owner))
        while held.by_owner[at] >= 0:
            at = at + 1 if at + 1 < len(held.by_owner) else 0
        held.by_owner[at] = slot


@compiled
def index_ids(held: Held) -> None:
    """Fill an empty `by_id`."""
    for entry in range(held.used[1]):
        owner = held.owners[held.slots[entry]]
        at = _id_place(held.ids[entry, 0], held.ids[entry, 1], owner[SYMBOL], owner[ORIGIN], len(held.by_id))
        while held.by_id[at] >= 0:
            at = at + 1 if at + 1 < len(held.by_id) else 0
        held.by_id[at] = entry


@compiled
def sweep(held: Held, moved: Slots) -> None:
    """Let go of slots that are not alive, and of their ids; both indexes are to be filled anew.

    `moved` takes the new number of each slot, below zero if it is gone.
    """
    kept = 0
    for slot in range(held.used[0]):
        moved[slot] = -1
        if held.owners[slot, ALIVE] == 1:
            moved[slot] = kept
            held.owners[kept], held.words[kept] = held.owners[slot], held.words[slot]
            kept += 1
    held.used[0], kept = kept, 0
    for entry in range(held.used[1]):
        if moved[held.slots[entry]] >= 0:
            held.ids[kept, 0], held.ids[kept, 1] = held.ids[entry, 0], held.ids[entry, 1]
            held.slots[kept] = moved[held.slots[entry]]
            kept += 1
    held.used[1] = kept


@compiled
def pack_ids(text: Bytes, places: Ints, ids: NDArray[np.uint64], kinds: Ints) -> None:
    """Make 128 bits of each id in `text`; where that takes a digest, `kinds` says `LONG`."""
    for row in range(len(places)):
        begin, end = places[row]
        kinds[row] = LONG
        if end - begin <= _MOST_SHORT:
            kinds[row] = SHORT
            _pack_short(text, begin, end, ids[row])
        elif end - begin == _UUID_LENGTH and _pack_uuid(text, begin, ids[row]):
            kinds[row] = UUID


@compiled
def _pack_short(text: Bytes, begin: int, end: int, packed: NDArray[np.uint64]) -> None:
    packed[0], packed[1] = np.uint64(end - begin), np.uint64(0)
    for place in range(begin, end):
        word = 0 if place - begin < _IN_FIRST else 1
        packed[word] = (packed[word] << np.uint64(8)) | np.uint64(text[place])


@compiled
def _pack_uuid(text: Bytes, begin: int, packed: NDArray[np.uint64]) -> bool:
    packed[0], packed[1], digits = np.uint64(0), np.uint64(0), 0
    for step in range(_UUID_LENGTH):
        if _DASHES[step]:
            if text[begin + step] != ord("-"):
                return False
            continue
        digit = _DIGITS[text[begin + step]]
        if digit == _NO_DIGIT:
            return False
        word = 0 if digits < _HALF_UUID else 1
        packed[word] = (packed[word] << np.uint64(4)) | np.uint64(digit)
        digits += 1
    return True


@compiled
def new_pairs(partitions: Ints, symbols: Ints, met: Flags) -> Ints:
    """Return the first row of each partition and symbol that `met` does not have, and note them there."""
    found = np.empty(len(partitions), np.int64)
    count = 0
    for row in range(len(partitions)):
        if not met[partitions[row], symbols[row]]:
            met[partitions[row], symbols[row]] = True
            found[count] = row
            count += 1
    return found[:count].copy()


@compiled
def _name_place(text: Bytes, begin: int, end: int, size: int) -> int:
    mixed = _BASIS
    for place in range(begin, end):
        mixed = (mixed ^ np.uint64(text[place])) * _PRIME
    return _among(mixed * _ONE, size)


@compiled
def look_up(text: Bytes, places: Ints, spelled: Bytes, lengths: Ints, index: Ints) -> Ints:
    """Return the number of each name in `text`, below zero where it is none of those spelled."""
    found = np.full(len(places), -1, np.int64)
    for row in range(len(places)):
        begin, end = places[row]
        at = _name_place(text, begin, end, len(index))
        while index[at] >= 0:
            if _is_name(text, begin, end, spelled[index[at]], lengths[index[at]]):
                found[row] = index[at]
                break
            at = at + 1 if at + 1 < len(index) else 0
    return found


@compiled
def _is_name(text: Bytes, begin: int, end: int, name: Bytes, length: int) -> bool:
    if end - begin != length:
        return False
    for step in range(length):  # noqa: SIM110 - compiled, and a generator cannot be
        if text[begin + step] != name[step]:
            return False
    return True


@compiled
def remember(number: int, spelled: Bytes, lengths: Ints, index: Ints) -> None:
    """Put a name into the index."""
    at = _name_place(spelled[number], 0, lengths[number], len(index))
    while index[at] >= 0:
        at = at + 1 if at + 1 < len(index) else 0
    index[at] = number
