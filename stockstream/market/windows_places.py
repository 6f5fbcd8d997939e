"""The compiled search: the slot of each trade, and whether its id is known there.

Slots and ids are found through open addressing, with linear probing: an index holds the number of what lies
there, or less than zero.
"""

import numpy as np

from stockstream.market.compiled import compiled
from stockstream.market.windows_arrays import (
    ALIVE,
    EARLY,
    LATE,
    NOT_SHARED,
    ORIGIN,
    PARTITION,
    START,
    SYMBOL,
    TOUCHED,
    WIDE,
    Bounds,
    Bytes,
    Held,
    Rows,
    Slots,
)
from stockstream.market.windows_ids import KINDS

_HALF = np.uint64(32)
_ONE, _TWO, _THREE = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(0x165667B19E3779F9),
)
_SHIFT = np.uint64(29)


@compiled
def place(rows: Rows, bounds: Bounds, held: Held, fates: Bytes, slots: Slots) -> None:
    """Find each trade's slot, unless it was counted before or is late; `fates` and `slots` say which."""
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
        if rows.prices[row] == 0:
            fates[row] |= WIDE


@compiled
def _is_alive(held: Held, entry: int) -> bool:
    is_alive: bool = held.owners[held.slots[entry], ALIVE] == 1
    return is_alive


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
    return slot


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
def _id_place(one: np.uint64, two: np.uint64, symbol: int, origin: int, size: int) -> int:
    return _among(_hash(one, two, np.uint64(symbol * KINDS + origin)), size)


@compiled
def _slot_place(partition: int, symbol: int, origin: int, start: int, size: int) -> int:
    return _among(_hash(np.uint64(symbol), np.uint64(origin * 65_536 + partition), np.uint64(start)), size)


@compiled
def _hash(one: np.uint64, two: np.uint64, three: np.uint64) -> np.uint64:
    mixed = (one ^ (one >> _SHIFT)) * _ONE
    mixed = (mixed ^ two ^ (mixed >> _SHIFT)) * _TWO
    mixed = (mixed ^ three ^ (mixed >> _SHIFT)) * _THREE
    return mixed ^ (mixed >> _SHIFT)


@compiled
def _among(hashed: np.uint64, size: int) -> int:
    """Return a place below `size`, which is below 2^32, by the high bits of a hash (Lemire, no division)."""
    return np.int64(((hashed >> _HALF) * np.uint64(size)) >> _HALF)  # type: ignore[return-value]
