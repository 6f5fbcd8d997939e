"""The arrays that windows are made of, as compiled code and Python share them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Slots = NDArray[np.int32]
Ids = NDArray[np.uint64]

MOST = 2**63 - 1

# What became of a trade, beside being counted or passed over.
LATE, EARLY, WIDE = 1, 2, 4
NOT_SHARED = -2

# Whose a slot is.
PARTITION, SYMBOL, ORIGIN, START, ALIVE, TOUCHED = range(6)
OWNERS = 6


class Rows(NamedTuple):
    """Trades as columns, shape (n,); `ids` of shape (n, 2); `origins` tell source and kind of id.

    A price of zero says that price or volume are too large for a word.
    """

    partitions: Ints
    offsets: Ints
    times: Ints
    symbols: Ints
    origins: Ints
    ids: Ids
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
    ids: Ids
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
